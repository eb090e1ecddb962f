import type { ComponentChildren } from "preact";
import { clockTime } from "../text/format";
import { t } from "../text/i18n";
import type { KeptItems } from "./kept-list";
import type { Topic } from "./outbox";
import { JobState } from "./step";
import { outbox } from "./tasks";

/** What waits to be sent of a page's own kind. */
export function Outgoing({ topics }: { topics: readonly Topic[] }) {
  const jobs = outbox.jobs.value.filter((job) => job.kind === "letter" && topics.includes(job.topic) && job.state !== "held");
  if (jobs.length === 0) return null;
  return (
    <ul class="cards">
      {jobs.map((job) => (
        <li key={job.id} class="card">
          <strong class="clip">{job.title}</strong>
          <JobState job={job} />
        </li>
      ))}
    </ul>
  );
}

/** A list that may be an old one, with the way to try again. */
export function KeptShow<T>({ of, children }: { of: KeptItems<T>; children: (items: readonly T[]) => ComponentChildren }) {
  if (of.error !== null) {
    return (
      <div class="failed" role="alert">
        <p>{of.error}</p>
        <button class="button" onClick={of.reload}>
          {t("action.again")}
        </button>
      </div>
    );
  }
  if (of.items === null) return <p class="waiting">{t("state.loading")}</p>;
  return (
    <>
      {of.since === null ? null : <p class="note">{t("worker.list_kept", { at: clockTime(of.since) })}</p>}
      {children(of.items)}
    </>
  );
}
