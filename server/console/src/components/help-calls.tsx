import { useUnread } from "../live/inbox";
import { inLanguage, t } from "../text/i18n";
import "../styles/help-calls.css";

/** Somebody at a case needs help: across the top of every page of the control room until it was read. */
export function HelpCalls() {
  const { notices, read } = useUnread((notice) => notice.kind === "help");
  return (
    <div role="alert" class={notices.length === 0 ? "unseen" : "help-calls"}>
      {notices.map((notice) => (
        <p key={notice.id}>
          <strong>⚑ {inLanguage(notice)}</strong>
          <a class="button small" href={`/cases/${notice.case_id}`}>
            {t("inbox.open_case")}
          </a>
          <button class="button small" onClick={() => void read(notice)}>
            {t("inbox.read")}
          </button>
        </p>
      ))}
    </div>
  );
}
