import { useLayoutEffect } from "preact/hooks";
import { bindKeys } from "../live/keys";
import { dismissNotice, notices, undoLast, type Notice } from "../live/notices";
import { t } from "../text/i18n";

/** What was just done, with the way back; announced to screen readers. */
export function Notices() {
  useLayoutEffect(() => bindKeys({ u: () => void undoLast() }), []);
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map((notice) => (
        <NoticeLine key={notice.id} notice={notice} />
      ))}
    </div>
  );
}

function NoticeLine({ notice }: { notice: Notice }) {
  return (
    <div class={`notice notice-${notice.tone}`}>
      <span>{notice.text}</span>
      {notice.undo ? (
        <button class="button small" onClick={() => void undoLast()}>
          {t("action.undo")} <kbd>U</kbd>
        </button>
      ) : (
        <button class="button small quiet" onClick={() => dismissNotice(notice.id)}>
          {t("action.hide")}
        </button>
      )}
    </div>
  );
}
