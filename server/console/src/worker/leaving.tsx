import { useEffect, useRef, useState } from "preact/hooks";
import { attempt } from "../live/notices";
import { leave } from "../live/session";
import { t } from "../text/i18n";
import { outbox } from "./tasks";

/** Sign out once everything is sent; sooner only on a second press that says what becomes of the rest. */
export function Leaving() {
  const [asked, setAsked] = useState(false);
  const jobs = outbox.jobs.value;
  const waiting = jobs.length;
  const lost = outbox.unkept().length;
  useEffect(() => {
    if (asked && waiting === 0) void attempt(leave);
  }, [asked, waiting]);
  const told = useRef<HTMLDivElement>(null);
  // It opens below a page that may be long, and that grows while things are tried again.
  useEffect(() => told.current?.scrollIntoView({ block: "nearest" }), [asked, jobs]);
  const ask = () => {
    // Whoever leaves takes nothing back any more, and an alarm must not wait for their next shift.
    outbox.release();
    outbox.flush();
    setAsked(true);
  };
  if (!asked || waiting === 0) {
    return (
      <button class="button small quiet" onClick={ask}>
        {t("action.leave")}
      </button>
    );
  }
  return (
    <div class="leaving" role="alert" ref={told}>
      <p>{t("worker.leave_waiting", { n: waiting })}</p>
      <p>{lost > 0 ? t("worker.leave_lost", { n: lost }) : t("worker.leave_kept")}</p>
      <button class="button small" onClick={() => setAsked(false)}>
        {t("worker.leave_not")}
      </button>
      <button class="button small quiet" onClick={() => void attempt(leave)}>
        {t(lost > 0 ? "worker.leave_losing" : "worker.leave_now")}
      </button>
    </div>
  );
}
