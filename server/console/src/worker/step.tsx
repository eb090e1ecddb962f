import { useState } from "preact/hooks";
import { Unreadable } from "../api/client";
import type { CaseAction, CaseDetail } from "../api/models";
import { explain } from "../live/notices";
import { navigate } from "../router";
import { percent } from "../text/format";
import { t } from "../text/i18n";
import type { Job } from "./outbox";
import { TakeAgain } from "./photos";
import { currentPlace } from "./place";
import { jobName, nextStep, outbox, take } from "./tasks";

/** The one big button: the next step of the case, or what became of the last one. */
export function NextStep({ item }: { item: CaseDetail }) {
  const [locating, setLocating] = useState(false);
  const job = outbox.jobOf(item.id);
  if (job !== undefined) return <JobState job={job} />;
  const action = nextStep(item);
  if (action === null) return <p class="note">{t(`worker.turn.${item.state === "verifying" ? "verifying" : "others"}`)}</p>;
  const go = async () => {
    if (action === "feedback") {
      navigate(`/worker/cases/${item.id}`);
      return;
    }
    setLocating(true);
    const place = action === "arrive" ? await currentPlace() : undefined;
    setLocating(false);
    await take(item, action, { place });
  };
  return (
    <button class="button primary big" disabled={locating} onClick={() => void go()}>
      {t(locating ? "worker.locating" : `step.${stepName(action)}`)}
    </button>
  );
}

function stepName(action: CaseAction): "accept" | "arrive" | "feedback" {
  return action === "accept" || action === "arrive" ? action : "feedback";
}

/** A step that is on its way, waits for the network, or was refused. */
export function JobState({ job }: { job: Job }) {
  const action = jobName(job);
  if (job.state === "held") return null;
  if (job.state === "failed") {
    return (
      <div class="failed" role="alert">
        <p>{t("worker.refused", { action, why: explain(job.error) })}</p>
        <div class="buttons">
          {job.error instanceof Unreadable ? <TakeAgain onTaken={(photo) => void outbox.replacePhoto(job.id, photo)} /> : null}
          <button class={job.error instanceof Unreadable ? "button" : "button primary"} onClick={() => outbox.retry(job.id)}>
            {t("action.again")}
          </button>
          <button class="button" onClick={() => void outbox.drop(job.id)}>
            {t("worker.drop")}
          </button>
        </div>
      </div>
    );
  }
  const uploading = job.photos.length > 0 && job.stored.length < job.photos.length;
  return (
    <div class="sending" role="status">
      <p>
        {job.state === "waiting" ? t(outbox.durable.value ? "worker.queued" : "worker.queued_here", { action }) : t("worker.sending", { action })}
        {uploading ? ` ${percent(job.share)}` : null}
      </p>
      {job.photos.length > 0 ? <progress max={1} value={job.share} aria-label={t("worker.upload")} /> : null}
      {job.state === "waiting" ? (
        <button class="button" onClick={() => outbox.retry(job.id)}>
          {t("worker.send_now")}
        </button>
      ) : null}
    </div>
  );
}
