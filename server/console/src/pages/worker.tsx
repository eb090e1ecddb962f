/** What do I do next? */

import type { CaseDetail } from "../api/models";
import { Limit } from "../components/clocks";
import { Empty } from "../components/empty";
import { Grade } from "../components/grade";
import { AlsoAt } from "../components/sightings";
import { t } from "../text/i18n";
import { Tour } from "../components/tour";
import { caseTitle } from "../text/title";
import { useWaitingDraft } from "../worker/draft";
import { WorkerFrame } from "../worker/frame";
import { Inbox } from "../worker/inbox";
import type { Job } from "../worker/outbox";
import { JobState, NextStep } from "../worker/step";
import { outbox, tasks } from "../worker/tasks";
import { WORKER_TOUR } from "../worker/tour";
import { Way } from "../worker/way";

/** While somebody is on the way, the way is worth a tap. */
const GOING: readonly string[] = ["dispatched", "accepted"];

export default function WorkerPage() {
  return (
    <WorkerFrame>
      <h1 class="unseen">{t("worker.tasks")}</h1>
      <Tour name="worker" steps={WORKER_TOUR} />
      <Inbox>
        <Strays />
        <Tasks />
      </Inbox>
    </WorkerFrame>
  );
}

/** What waits and belongs to no task below: letters, calls for help, steps of cases that somebody else has now. */
function Strays() {
  const shown = (job: Job) => job.state !== "held" && !tasks.value?.some((item) => item.id === job.id);
  const strays = outbox.jobs.value.filter(shown);
  if (strays.length === 0) return null;
  return (
    <ul class="cards">
      {strays.map((job) => (
        <li key={job.id} class="card">
          <strong>{job.title}</strong>
          <JobState job={job} />
        </li>
      ))}
    </ul>
  );
}

function Tasks() {
  const mine = tasks.value ?? [];
  if (mine.length === 0) return <Empty title={t("worker.empty")}>{t("worker.empty_next")}</Empty>;
  return (
    <ul class="cards">
      {mine.map((item) => (
        <li key={item.id} class="card">
          <TaskCard item={item} />
        </li>
      ))}
    </ul>
  );
}

function TaskCard({ item }: { item: CaseDetail }) {
  const picture = item.primary_alarm?.evidence.find((file) => file.kind === "snapshot" && file.available);
  return (
    <>
      <a class="card-open" href={`/worker/cases/${item.id}`}>
        {picture === undefined ? null : <img src={picture.url} alt={caseTitle(item)} />}
        <span class="card-line">
          <Grade severity={item.severity} />
          <strong>{caseTitle(item)}</strong>
        </span>
        <span class="card-line quiet-text">
          {[item.grid?.name, t(`case_state.${item.state}`)].filter(Boolean).join(" · ")}
          <span class="grow" />
          <Limit item={item} />
        </span>
      </a>
      <AlsoAt item={item} />
      <DraftLeft item={item} />
      <NextStep item={item} />
      {GOING.includes(item.state) ? <Way item={item} /> : null}
    </>
  );
}

/** Whoever went back from the form may take it for sent. */
function DraftLeft({ item }: { item: CaseDetail }) {
  const photos = useWaitingDraft(item.id);
  if (photos === null || (item.state !== "on_scene" && item.state !== "rework")) return null;
  return <p class="note">{t("worker.draft_left", { n: photos })}</p>;
}
