import type { ComponentChildren } from "preact";
import type { Told } from "../api/rounds";
import { isUrgent, type Unread, useUnread } from "../live/inbox";
import { dayTime } from "../text/format";
import { inLanguage, t } from "../text/i18n";
import { tasks } from "./tasks";

/** What the list of tasks says by itself. */
const SAID: readonly string[] = ["dispatched", "rework", "reassigned", "late"];
const MOST = 5;

/**
 * What the worker was told and has not read, a row for each case: a colleague needs help before the tasks, and below them
 * that an inspection is due or more time was granted.
 */
export function Inbox({ children }: { children: ComponentChildren }) {
  const { folds, read } = useUnread((notice) => !SAID.includes(notice.kind));
  const urgent = folds.filter(isUrgent);
  const others = folds.filter((fold) => !isUrgent(fold)).slice(0, MOST);
  return (
    <>
      <Notices folds={urgent} read={read} />
      {children}
      <Notices folds={others} read={read} />
    </>
  );
}

function Notices({ folds, read }: Unread) {
  if (folds.length === 0) return null;
  return (
    <section class="inbox" aria-label={t("inbox.title")}>
      <ul class="cards">
        {folds.map((fold) => (
          <li key={fold.newest.id} class={isUrgent(fold) ? "card urgent" : "card"}>
            <p>
              <strong>{inLanguage(fold.newest)}</strong>{" "}
              <time class="quiet-text" dateTime={fold.newest.at}>
                {dayTime(fold.newest.at)}
              </time>
            </p>
            {fold.all.length > 1 ? <Earlier notices={fold.all.slice(1)} /> : null}
            <div class="buttons">
              <button class="button" onClick={() => void read(fold)}>
                {t("inbox.read")}
              </button>
              <Where notice={fold.newest} />
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Earlier({ notices }: { notices: readonly Told[] }) {
  return (
    <details>
      <summary>{t("inbox.earlier", { n: notices.length })}</summary>
      <ul class="plain-list">
        {notices.map((notice) => (
          <li key={notice.id} class="quiet-text">
            {inLanguage(notice)} <time dateTime={notice.at}>{dayTime(notice.at)}</time>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** The page that the notice is about, when this phone has one. */
function Where({ notice }: { notice: Told }) {
  const mine = tasks.value?.some((item) => item.id === notice.case_id);
  const to = mine ? `/worker/cases/${notice.case_id}` : notice.kind.startsWith("inspection") ? "/worker/rounds" : null;
  return to === null ? null : (
    <a class="button" href={to}>
      {t("inbox.open")}
    </a>
  );
}
