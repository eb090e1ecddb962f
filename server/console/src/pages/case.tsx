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
import { Gone, NobodyGoes } from "../components/handler";
import { LetIn } from "../components/let-in";
import { Show, useLoad } from "../components/load";
import { DECIDING, Moves } from "../components/moves";
import { Progress } from "../components/progress";
import { Shell } from "../components/shell";
import { Scenes } from "../components/sightings";
import { Remarks, Standing } from "../components/standing";
import { Timeline } from "../components/timeline";
import { Told } from "../components/told";
import { follow } from "../live/live";
import { sightingsOf } from "../live/sightings";
import { dayTime } from "../text/format";
import { t } from "../text/i18n";
import { caseTitle } from "../text/title";
import "../styles/case.css";
import "../styles/panel.css";
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
        <section class="pane" aria-label={t("case.what")}>
          <Pictures item={item} />
          {item.primary_alarm === null ? null : <LetIn alarm={item.primary_alarm} />}
          {item.primary_alarm === null ? null : <Explain alarm={item.primary_alarm} />}
        </section>
        <aside class="pane side" aria-label={t("case.beside")}>
          <Standing key={`standing ${item.version}`} item={item} reload={reload} />
          <section class="next">
            <h2>{t("case.next")}</h2>
            <NobodyGoes item={item} />
            <Moves key={item.version} item={item} without={item.asked === null ? [] : DECIDING} onDone={reload} />
          </section>
          <section>
            <h2>{t("case.timeline")}</h2>
            <Timeline item={item} />
          </section>
          <section>
            <h2>{t("case.told")}</h2>
            <Told item={item} />
          </section>
        </aside>
      </div>
      <Exhibits item={item} />
    </article>
  );
}

function CaseHead({ item }: { item: CaseDetail }) {
  // The title has where it is: the grid is not said twice.
  const place = item.grid?.name === item.scene ? "" : (item.grid?.name ?? "");
  return (
    <header class="case-head">
      <div class="case-title">
        <h1>
          <Grade severity={item.severity} /> {caseTitle(item)}
        </h1>
        <button class="button small print" onClick={() => window.print()}>
          {t("case.print")}
        </button>
      </div>
      <p class="where">
        {item.number}
        {place === "" ? null : <> · {place}</>}
        {" · "}
        {item.handler === null ? t("case.nobody") : t("case.with", { name: item.handler.name })}
        <Gone item={item} />
      </p>
      <p class="clocks">
        <Limit item={item} /> <OtherClock item={item} />
        <span>
          {t("case.opened", { at: dayTime(item.opened_at) })} · {t("cases.age")} <Age since={item.opened_at} />
        </span>
      </p>
      <Remarks item={item} />
      <Progress state={item.state} />
    </header>
  );
}

/** Before and after side by side; when the camera has looked again, its look between them. */
function Pictures({ item }: { item: CaseDetail }) {
  const looks = item.evidence.filter((file) => file.kind === "recheck");
  const after = item.evidence.filter((file) => file.stage === "after" && file.kind !== "recheck");
  // The alarms' own pictures carry the boxes; what is shown there is not repeated below.
  const shown = new Set(sightingsOf(item).flatMap((alarm) => alarm.evidence.map((file) => file.sha256)));
  const before = item.evidence.filter((file) => file.stage === "before" && file.kind !== "recheck" && !shown.has(file.sha256));
  return (
    <div class="before-after">
      <section>
        <h2>{t("case.before")}</h2>
        <Scenes alarms={sightingsOf(item)} />
        {before.length > 0 || item.primary_alarm === null ? (
          <Evidence files={before} empty={t("case.no_before")} />
        ) : null}
      </section>
      {looks.length === 0 ? null : (
        <section>
          <h2>{t("evidence.recheck")}</h2>
          <Evidence files={looks} empty="" />
        </section>
      )}
      <section>
        <h2>{t("case.after_title")}</h2>
        <Evidence files={after} empty={t("case.no_after")} />
      </section>
    </div>
  );
}
