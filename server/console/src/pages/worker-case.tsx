import { useEffect, useState } from "preact/hooks";
import type { PageProps } from "../app";
import type { CaseAction, CaseDetail } from "../api/models";
import { Limit } from "../components/clocks";
import { Empty } from "../components/empty";
import { Evidence } from "../components/evidence";
import { Grade } from "../components/grade";
import { Words } from "../components/words";
import { Reports } from "../components/reports";
import { AlsoAt, Scenes } from "../components/sightings";
import { Timeline } from "../components/timeline";
import { Until } from "../components/until";
import { overview } from "../live/live";
import { explain } from "../live/notices";
import { sightingsOf } from "../live/sightings";
import { clockTime, dayTime } from "../text/format";
import { t } from "../text/i18n";
import { caseTitle } from "../text/title";
import { FeedbackForm } from "../worker/feedback-form";
import { WorkerFrame } from "../worker/frame";
import { JobState, NextStep } from "../worker/step";
import { nextStep, outbox, refresh, take, tasks } from "../worker/tasks";
import { Way } from "../worker/way";

export default function WorkerCasePage({ params }: PageProps) {
  return (
    <WorkerFrame>
      <Task id={params["id"] ?? ""} />
    </WorkerFrame>
  );
}

const ASKING = ["ask_extend", "ask_suspend"] as const;
const OTHERWISE = [...ASKING, "return"] as const;
type WayOut = (typeof OTHERWISE)[number];

function Task({ id }: { id: string }) {
  const item = tasks.value?.find((other) => other.id === id);
  const job = outbox.jobOf(id);
  const [gone, setGone] = useState<string | null>(null);
  useEffect(() => {
    if (item === undefined) refresh(id).catch((error: unknown) => setGone(explain(error)));
  }, [id]);
  return (
    <>
      <a class="back" href="/worker">
        ‹ {t("worker.back")}
      </a>
      {item === undefined ? <Empty title={gone ?? t("worker.not_mine")}>{t("worker.not_mine_next")}</Empty> : <TaskFile item={item} />}
      {item === undefined && job !== undefined ? <JobState job={job} /> : null}
    </>
  );
}

function TaskFile({ item }: { item: CaseDetail }) {
  const feedbackNow = nextStep(item) === "feedback" && outbox.jobOf(item.id) === undefined;
  return (
    <article class="card">
      <h1 class="card-line">
        <Grade severity={item.severity} /> {caseTitle(item)}
      </h1>
      <p class="card-line quiet-text">
        {[item.number, item.grid?.name, t(`case_state.${item.state}`)].filter(Boolean).join(" · ")}
        <span class="grow" />
        <Limit item={item} />
      </p>
      <AlsoAt item={item} />
      {item.alarms.length === 0 ? <Reports item={item} /> : null}
      <Said item={item} />
      {feedbackNow ? <FeedbackForm item={item} /> : <NextStep item={item} />}
      <div class="buttons">
        <Way item={item} />
        {item.allowed.includes("help") ? (
          <a class="button" href="/worker/help">
            ⚑ {t("case_action.help")}
          </a>
        ) : null}
      </div>
      <Called item={item} />
      <Scenes alarms={sightingsOf(item)} />
      <After item={item} />
      <Asked item={item} />
      <Otherwise item={item} />
      <h2>{t("case.timeline")}</h2>
      <Timeline item={item} />
    </article>
  );
}

/** A call for help that is on its way, or was made. */
function Called({ item }: { item: CaseDetail }) {
  const job = outbox.jobOf(`${item.id}/help`);
  if (job !== undefined) return <JobState job={job} />;
  const last = item.history.findLast((entry) => entry.action === "help");
  return last === undefined ? null : <p class="note">{t("call.made", { at: clockTime(last.at) })}</p>;
}

/** Why it came back, in the checker's own words. */
function Said({ item }: { item: CaseDetail }) {
  const last = item.history.findLast((entry) => entry.action === "rework");
  if (item.state !== "rework" || !last?.note) return null;
  return <p class="quote">{t("worker.rework", { note: last.note })}</p>;
}

function After({ item }: { item: CaseDetail }) {
  const files = item.evidence.filter((file) => file.stage === "after");
  return files.length === 0 ? null : <Evidence files={files} empty="" />;
}

/** A request for more time that is on its way, or waits for the supervisor. */
function Asked({ item }: { item: CaseDetail }) {
  const job = ASKING.map((action) => outbox.jobOf(`${item.id}/${action}`)).find((each) => each !== undefined);
  if (job !== undefined) return <JobState job={job} />;
  if (item.asked === null) return null;
  const { action, until } = item.asked;
  return <p class="note">{t("worker.asked", { action: t(`case_action.${action}`), at: dayTime(until) })}</p>;
}

/** What else there is than going on: more time, or out of a case that one cannot take, with the reason. */
function Otherwise({ item }: { item: CaseDetail }) {
  const [open, setOpen] = useState<WayOut | null>(null);
  if (outbox.jobOf(item.id) !== undefined) return null;
  // Times are by the site's clock; without the dispatcher nobody knows which that is.
  const known = overview.value === null ? (["return"] as const) : OTHERWISE;
  const ways = known.filter((way) => item.allowed.includes(way) && outbox.jobOf(`${item.id}/${way}`) === undefined);
  const go = (action: CaseAction, fields: Record<string, unknown>) => {
    setOpen(null);
    void take(item, action, { fields });
  };
  const Wanted = open === "return" ? Words : Until;
  return (
    <>
      {ways.map((way) => (
        <button key={way} class="button quiet" aria-expanded={open === way} onClick={() => setOpen(open === way ? null : way)}>
          {t(`worker.${way}`)}
        </button>
      ))}
      {open !== null && ways.includes(open) ? <Wanted key={open} item={item} action={open} busy={false} onGo={go} /> : null}
    </>
  );
}
