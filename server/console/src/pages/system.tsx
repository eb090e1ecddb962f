/** Who is watching, and whether clocks are acted upon. */

import * as api from "../api/endpoints";
import type { Camera } from "../api/models";
import { AdminShell } from "../components/admin-shell";
import { Age } from "../components/clocks";
import { Show, useLoad } from "../components/load";
import { NoCameras } from "../components/no-cameras";
import { ProofLine } from "../components/proof-line";
import { useReload } from "../components/reload";
import { now } from "../live/clock";
import { cameraPath } from "../live/places";
import { needyFirst } from "../live/wall";
import { adviceFor } from "../text/advice";
import { dayTime, span } from "../text/format";
import { t, word } from "../text/i18n";

export default function SystemPage() {
  return (
    <AdminShell title={t("admin_page.cameras")}>
      <Cameras />
      <TimerLine />
    </AdminShell>
  );
}

function Cameras() {
  const found = useLoad(api.cameras, "cameras");
  useReload(found.reload, ["camera", "alarm"]);
  return (
    <section>
      <Show of={found}>
        {(cameras) =>
          cameras.length === 0 ? (
            <NoCameras />
          ) : (
            <ul class="tiles">
              {needyFirst(cameras).map((camera) => (
                <CameraTile key={`${camera.gateway} ${camera.id}`} camera={camera} />
              ))}
            </ul>
          )
        }
      </Show>
    </section>
  );
}

function CameraTile({ camera }: { camera: Camera }) {
  const advice = adviceFor(camera);
  return (
    <li class={`tile sight-${camera.state}`}>
      <p>
        <a href={cameraPath(camera)}>
          <strong>{camera.name}</strong>
        </a>{" "}
        <span class="sight">{t(`sight.${camera.state}`)}</span>
      </p>
      {camera.reason ? <p>{word("sight_reason", camera.reason)}</p> : null}
      {advice === null ? null : <p class="quiet-text">{advice.text}</p>}
      {advice?.told ? (
        <details class="own-words quiet-text">
          <summary>{t("system.gateway_says")}</summary>
          {advice.told}
        </details>
      ) : null}
      <p class="quiet-text">
        {[camera.grid?.name, camera.gateway].filter(Boolean).join(" · ")}
        {camera.since === null ? null : (
          <>
            {" · "}
            {t("system.since")} <Age since={camera.since} />
          </>
        )}
      </p>
      {camera.last_alarm_at === null ? null : (
        <p class="quiet-text">{t("system.last_alarm", { at: dayTime(camera.last_alarm_at) })}</p>
      )}
      {camera.proofs.map((proof) => (
        <ProofLine key={proof.scenario} proof={proof} />
      ))}
    </li>
  );
}

function TimerLine() {
  const found = useLoad(api.timers, "timers");
  useReload(found.reload, ["case"]);
  return (
    <section>
      <h2>{t("system.timers")}</h2>
      <Show of={found}>
        {(timers) => {
          const oldest = timers.stalled[0];
          if (oldest === undefined) return <p>{t("system.timers_fine", { n: timers.waiting })}</p>;
          const age = span((now.value - Date.parse(oldest.due_at)) / 1000);
          const why = oldest.last_error ?? t("system.timers_retried");
          return (
            <p class="tile sight-blind">{t("system.timers_stalled", { n: timers.stalled.length, age, why })}</p>
          );
        }}
      </Show>
    </section>
  );
}

