import type { ComponentChildren } from "preact";
import type { Told } from "../api/rounds";
import { type Unread, useUnread } from "../live/inbox";
import { dayTime } from "../text/format";
import { inLanguage, t } from "../text/i18n";
import { tasks } from "./tasks";

/** What the list of tasks says by itself. */
const SAID: readonly string[] = ["dispatched", "rework", "reassigned", "late"];
const MOST = 5;

/**
 * What the worker was told and has not read: a colleague needs help before the tasks, and below them that an inspection
 * is due or more time was granted.
 */
export function Inbox({ children }: { children: ComponentChildren }) {
  const { notices, read } = useUnread((notice) => !SAID.includes(notice.kind));
  const urgent = notices.filter((notice) => notice.severity === "red");
  const others = notices.filter((notice) => notice.severity !== "red").slice(0, MOST);
  return (
    <>
      <Notices notices={urgent} read={read} />
      {children}
      <Notices notices={others} read={read} />
    </>
  );
}

function Notices({ notices, read }: Unread) {
  if (notices.length === 0) return null;
  return (
    <section class="inbox" aria-label={t("inbox.title")}>
      <ul class="cards">
        {notices.map((notice) => (
          <li key={notice.id} class={notice.severity === "red" ? "card urgent" : "card"}>
            <p>
              <strong>{inLanguage(notice)}</strong>{" "}
              <time class="quiet-text" dateTime={notice.at}>
                {dayTime(notice.at)}
              </time>
            </p>
            <div class="buttons">
              <button class="button" onClick={() => void read(notice)}>
                {t("inbox.read")}
              </button>
              <Where notice={notice} />
            </div>
          </li>
        ))}
      </ul>
    </section>
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
