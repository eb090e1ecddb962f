/** 巡查: what I have to look at, the most urgent first. */

import * as api from "../api/rounds";
import type { Inspection } from "../api/rounds";
import { Empty } from "../components/empty";
import { now } from "../live/clock";
import { date } from "../text/format";
import { t, word } from "../text/i18n";
import { WorkerFrame } from "../worker/frame";
import { useKeptList } from "../worker/kept-list";
import { KeptShow, Outgoing } from "../worker/letters";
import { outbox } from "../worker/tasks";
import "../styles/rounds.css";

const WEEK_MS = 7 * 86_400_000;

export default function RoundsPage() {
  const found = useKeptList<Inspection>("inspections", api.inspections);
  return (
    <WorkerFrame>
      <h1>{t("rounds.title")}</h1>
      <Outgoing topics={["inspection"]} />
      <KeptShow of={found}>
        {(items) => (items.length === 0 ? <Empty title={t("rounds.empty")}>{t("rounds.empty_next")}</Empty> : <Due items={items} />)}
      </KeptShow>
    </WorkerFrame>
  );
}

function Due({ items }: { items: readonly Inspection[] }) {
  const due = (each: Inspection) => Date.parse(each.due_at) - now.value;
  const groups = [
    ["late", items.filter((each) => due(each) < 0)],
    ["soon", items.filter((each) => due(each) >= 0 && due(each) < WEEK_MS)],
    ["later", items.filter((each) => due(each) >= WEEK_MS)],
  ] as const;
  return (
    <>
      {groups.map(([name, group]) =>
        group.length === 0 ? null : (
          <section key={name} class="due" aria-label={t(`rounds.${name}`)}>
            <h2>
              {t(`rounds.${name}`)} <span class="quiet-text">{group.length}</span>
            </h2>
            <ul class="cards">
              {group.map((each) => (
                <li key={each.id}>
                  <Row inspection={each} late={name === "late"} />
                </li>
              ))}
            </ul>
          </section>
        ),
      )}
    </>
  );
}

function Row({ inspection, late }: { inspection: Inspection; late: boolean }) {
  const sent = outbox.jobs.value.some((job) => job.kind === "letter" && job.path === `/inspections/${inspection.id}/reports`);
  return (
    <a class="card due-row" href={`/worker/rounds/${inspection.id}`}>
      <span class="card-line">
        <strong>{inspection.title}</strong>
        <span class="grow" />
        <span class={late ? "clock over" : "clock"}>{t(late ? "rounds.was_due" : "rounds.due", { at: date(inspection.due_at) })}</span>
      </span>
      <span class="quiet-text">
        {[
          word("inspection_kind", inspection.kind),
          t("rounds.every", { n: inspection.every_days }),
          sent ? t("rounds.sent") : inspection.last_done_at === null ? t("rounds.never") : t("rounds.last", { at: date(inspection.last_done_at) }),
        ].join(" · ")}
      </span>
    </a>
  );
}
