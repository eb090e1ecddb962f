/** One camera: what it sees, how it is doing, and what it told lately. */

import type { Alarm, Camera } from "../api/models";
import { alarmsAt, type Still } from "../api/wall";
import { Age } from "../components/clocks";
import { Grade } from "../components/grade";
import { LiveView } from "../components/live-view";
import { Show, useLoad } from "../components/load";
import { OneCamera } from "../components/one-camera";
import { ProofLine } from "../components/proof-line";
import { useReload } from "../components/reload";
import { Shell } from "../components/shell";
import { cameraPath } from "../live/places";
import { leads } from "../live/powers";
import { watchedShare } from "../live/wall";
import { adviceFor } from "../text/advice";
import { dayTime, percent, span } from "../text/format";
import { t, word } from "../text/i18n";
import "../styles/panel.css";
import "../styles/wall.css";

export default function CameraPage({ params }: { params: Readonly<Record<string, string>> }) {
  return (
    <Shell>
      <OneCamera gateway={params["gateway"]} id={params["camera"]} on={["camera", "gateway", "alarm"]}>
        {(camera, still) => <Whole camera={camera} still={still} />}
      </OneCamera>
    </Shell>
  );
}

function Whole({ camera, still }: { camera: Camera; still: Still | undefined }) {
  return (
    <>
      <div class="page-head">
        <div>
          <p class="quiet-text">
            <a href="/wall">{t("nav.wall")}</a>
            {camera.grid === null ? null : <> / {camera.grid.name}</>}
            {camera.building === null ? null : <> / {camera.building.name}</>}
          </p>
          <h1>{camera.name}</h1>
        </div>
        {leads() ? (
          <a class="button" href={`${cameraPath(camera)}/zones`}>
            {t("zones.title")}
          </a>
        ) : null}
      </div>
      <div class="camera-columns">
        <LiveView camera={camera} still={still} />
        <div class="camera-side">
          <State camera={camera} />
          <Told camera={camera} />
        </div>
      </div>
    </>
  );
}

function State({ camera }: { camera: Camera }) {
  const advice = adviceFor(camera);
  return (
    <section class="panel" aria-label={t("camera.state")}>
      <p class={`camera-state seen-${camera.state}`}>
        <span>
          <strong>{t(`sight.${camera.state}`)}</strong>
          {camera.reason === null ? null : ` · ${word("sight_reason", camera.reason)}`}
        </span>
        {camera.since === null ? null : (
          <span class="quiet-text">
            {t("system.since")} <Age since={camera.since} />
          </span>
        )}
      </p>
      {advice === null ? null : <p>{advice.text}</p>}
      {advice?.told ? <p class="quiet-text">{t("camera.gateway_says", { words: advice.told })}</p> : null}
      <Watched camera={camera} />
      <p class="quiet-text">{t("camera.through", { gateway: camera.gateway, id: camera.id })}</p>
      {camera.proofs.map((proof) => (
        <ProofLine key={proof.scenario} proof={proof} />
      ))}
    </section>
  );
}

/** For how long somebody would have seen something today. */
function Watched({ camera }: { camera: Camera }) {
  const share = watchedShare(camera);
  if (camera.coverage === null || share === null) return null;
  const { watching_min: watching, blind_min: blind, off_min: off } = camera.coverage;
  return (
    <p>
      {t("camera.watched", { share: percent(share), span: span(watching * 60) })}
      {blind >= 1 ? ` · ${t("camera.was_blind", { span: span(blind * 60) })}` : null}
      {off >= 1 ? ` · ${t("camera.was_off", { span: span(off * 60) })}` : null}
    </p>
  );
}

function Told({ camera }: { camera: Camera }) {
  const found = useLoad(() => alarmsAt(camera.id), `alarms ${camera.gateway} ${camera.id}`);
  useReload(found.reload, ["alarm"]);
  return (
    <section class="panel" aria-labelledby="told">
      <h2 id="told">{t("camera.alarms")}</h2>
      <Show of={found}>
        {(items) => {
          const ours = items.filter((alarm) => alarm.gateway === camera.gateway);
          return ours.length === 0 ? (
            <p class="note">{t("camera.no_alarms")}</p>
          ) : (
            <ul class="camera-alarms">
              {ours.map((alarm) => (
                <AlarmLine key={alarm.id} alarm={alarm} />
              ))}
            </ul>
          );
        }}
      </Show>
    </section>
  );
}

function AlarmLine({ alarm }: { alarm: Alarm }) {
  const said = (
    <>
      <Grade severity={alarm.severity} bare />
      {word("scenario", alarm.scenario)}
    </>
  );
  return (
    <li>
      {alarm.case_id === null ? <span>{said}</span> : <a href={`/cases/${alarm.case_id}`}>{said}</a>}
      <span class="quiet-text">
        {t(`disposition.${alarm.disposition}`)} · <time dateTime={alarm.started_at}>{dayTime(alarm.started_at)}</time>
      </span>
    </li>
  );
}
