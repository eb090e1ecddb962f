import { useEffect } from "preact/hooks";
import { askBeforeLeaving } from "../router";
import { t } from "../text/i18n";

/** As long as something was changed and not sent: closing the page, and leaving it by a link or the way back, asks first. */
export function useLeaveWarning(changed: boolean): void {
  useEffect(() => {
    if (!changed) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", warn);
    const stop = askBeforeLeaving(() => confirm(t("state.unsent")));
    return () => {
      removeEventListener("beforeunload", warn);
      stop();
    };
  }, [changed]);
}
