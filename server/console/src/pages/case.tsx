/** What happened, who has it, what is next? */

import { useEffect } from "preact/hooks";
import type { PageProps } from "../app";
import * as api from "../api/endpoints";
import type { CaseDetail } from "../api/models";
import { Age, Limit, OtherClock } from "../components/clocks";
import { Exhibits } from "../components/exhibits";
import { Evidence } from "../components/evidence";
import { Explain } from "../components/explain";
import { Grade } from "../components/grade";
import { Show, useLoad } from "../components/load";
import { Moves } from "../components/moves";
import { Progress } from "../components/progress";
import { Scene } from "../components/scene";
import { Shell } from "../components/shell";
import { Timeline } from "../components/timeline";
import { Told } from "../components/told";
import { follow } from "../live/live";
import { dayTime } from "../text/format";
import { t } from "../text/i18n";
import { caseTitle } from "../text/title";
import "../styles/print.css";

export default function CasePage({ params }: PageProps) {
  return (
    <Shell wide>
      <Loaded id={params["id"] ?? ""} />
    </Shell>
  );
}

function Loaded({ id }: { id: string }) {
  const found = useLoad(() => api.caseDetail(id), id);
  const alarms = found.value?.alarms.join(" ") ?? "";
  useEffect(
    () =>
      follow((message) => {
        const ours = message.case?.id === id || (message.alarm && alarms.includes(message.alarm.id));
        if (ours) found.reload();
      }, found.reload),
    [id, alarms],
  );
  return <Show of={found}>{(item) => <CaseFile item={item} reload={found.reload} />}</Show>;
}

function CaseFile({ item, reload }: { item: CaseDetail; reload: () => void }) {
  return (
    <article class="case-file">
      <CaseHead item={item} />
      <div class="case-columns">
        <section class="pane">
          <BeforeAfter item={item} />
          {item.primary_alarm === null ? null : <Explain alarm={item.primary_alarm} />}
        </section>
        <aside class="pane side">
          <h2>{t("case.next")}</h2>
          <Moves key={item.version} item={item} onDone={reload} />
          <h2>{t("case.timeline")}</h2>
          <Timeline item={item} />
          <h2>{t("case.told")}</h2>
          <Told item={item} />
        </aside>
      </div>
      <Exhibits item={item} />
    </article>
  );
}

function CaseHead({ item }: { item: CaseDetail }) {
  return (
    <header class="case-head">
      <h1>
        <Grade severity={item.severity} /> {caseTitle(item)}
      </h1>
      <p class="where">
        {item.number}
        {item.camera === null ? null : <> · {item.camera.name}</>}
        {item.grid === null ? null : <> · {item.grid.name}</>}
        {" · "}
        {item.handler === null ? t("case.nobody") : t("case.with", { name: item.handler.name })}
      </p>
      <p class="clocks">
        <Limit item={item} /> <OtherClock item={item} />
        <span>
          {t("case.opened", { at: dayTime(item.opened_at) })} · <Age since={item.opened_at} />
        </span>
      </p>
      <Standing item={item} />
      <Progress state={item.state} />
      <p class="buttons">
        <button class="button small" onClick={() => window.print()}>
          {t("case.print")}
        </button>
      </p>
    </header>
  );
}

/** What is out of the ordinary about it, a line each. */
function Standing({ item }: { item: CaseDetail }) {
  const lines: string[] = [];
  if (item.supervised) lines.push(t("case.supervised"));
  if (item.asked !== null) {
    const action = t(`case_action.${item.asked.action}`);
    lines.push(t("case.asked", { action, until: dayTime(item.asked.until), reason: item.asked.reason }));
  }
  for (const each of item.whistles) {
    const at = each.reported_at;
    const name = each.name;
    lines.push(
      at === null
        ? t("case.called", { name, at: dayTime(each.due_at) })
        : t("case.came", { name, at: dayTime(at) }),
    );
  }
  if (item.merged_into !== null) lines.push(t("case.merged_into", { number: item.merged_into.replace(/^c-/, "") }));
  if (item.tier !== null) lines.push(t("case.tier", { tier: t(`tier.${item.tier}`) }));
  if (item.score !== null) lines.push(t("case.score", { n: item.score }));
  return lines.length === 0 ? null : <p class="note">{lines.join(" · ")}</p>;
}

function BeforeAfter({ item }: { item: CaseDetail }) {
  const after = item.evidence.filter((file) => file.stage === "after");
  // The alarm's own picture carries the boxes; what is shown there is not repeated below.
  const shown = new Set(item.primary_alarm?.evidence.map((file) => file.sha256));
  const before = item.evidence.filter((file) => file.stage === "before" && !shown.has(file.sha256));
  return (
    <div class="before-after">
      <section>
        <h2>{t("case.before")}</h2>
        {item.primary_alarm === null ? null : <Scene alarm={item.primary_alarm} />}
        {before.length > 0 || item.primary_alarm === null ? (
          <Evidence files={before} empty={t("case.no_before")} />
        ) : null}
      </section>
      <section>
        <h2>{t("case.after_title")}</h2>
        <Evidence files={after} empty={t("case.no_after")} />
      </section>
    </div>
  );
}
