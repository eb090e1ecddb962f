import { callsRoom, useUnread } from "../live/inbox";
import { inLanguage, t } from "../text/i18n";
import "../styles/help-calls.css";

/** Somebody at a case needs help, or what is red was seen in one more place: across the top of every page of the control room until it was read. */
export function HelpCalls() {
  const { folds, read } = useUnread(callsRoom);
  return (
    <div role="alert" class={folds.length === 0 ? "unseen" : "help-calls"}>
      {folds.map(({ newest, all }) => (
        <p key={newest.id}>
          <strong>
            {newest.kind === "help" ? "⚑" : "●"} {inLanguage(newest)}
            {all.length > 1 ? ` ${t("inbox.times", { n: all.length })}` : null}
          </strong>
          <a class="button small" href={`/cases/${newest.case_id}`}>
            {t("inbox.open_case")}
          </a>
          <button class="button small" onClick={() => void read({ newest, all })}>
            {t("inbox.read")}
          </button>
        </p>
      ))}
    </div>
  );
}
