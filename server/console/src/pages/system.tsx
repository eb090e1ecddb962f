/** Who is watching, through what, and what was refused. */

import * as api from "../api/endpoints";
import type { Camera, Command, Gateway, Quarantined } from "../api/models";
import { Age } from "../components/clocks";
import { Empty } from "../components/empty";
import { Show, useLoad } from "../components/load";
import { ProofLine } from "../components/proof-line";
import { useReload } from "../components/reload";
import { Shell } from "../components/shell";
import { now } from "../live/clock";
import { dayTime, size, span } from "../text/format";
import { t, word } from "../text/i18n";

/** A box whose clock is off by less is nobody's concern: a heartbeat's way is in it. */
const CLOCK_OFF_S = 5;

export default function SystemPage() {
  return (
    <Shell>
      <h1 class="unseen">{t("nav.system")}</h1>
      <Cameras />
      <Gateways />
      <Commands />
      <TimerLine />
      <Quarantine />
    </Shell>
  );
}

function Cameras() {
  const found = useLoad(api.cameras, "cameras");
  useReload(found.reload, ["camera", "alarm"]);
  return (
    <section>
      <h2>{t("system.cameras")}</h2>
      <Show of={found}>
        {(cameras) =>
          cameras.length === 0 ? (
            <Empty title={t("system.no_cameras")}>{t("system.no_cameras_next")}</Empty>
          ) : (
            <ul class="tiles">
              {cameras.map((camera) => (
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
  return (
    <li class={`tile sight-${camera.state}`}>
      <p>
        <strong>{camera.name}</strong> <span class="sight">{t(`sight.${camera.state}`)}</span>
      </p>
      {camera.reason ? <p>{word("sight_reason", camera.reason)}</p> : null}
      {camera.detail ? <p class="quiet-text">{camera.detail}</p> : null}
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

function Gateways() {
  const found = useLoad(api.gateways, "gateways");
  useReload(found.reload, ["gateway"]);
  return (
    <section>
      <h2>{t("system.gateways")}</h2>
      <Show of={found}>
        {(gateways) =>
          gateways.length === 0 ? (
            <Empty title={t("system.no_gateways")}>{t("system.no_gateways_next")}</Empty>
          ) : (
            <ul class="tiles">
              {gateways.map((gateway) => (
                <GatewayTile key={gateway.id} gateway={gateway} />
              ))}
            </ul>
          )
        }
      </Show>
    </section>
  );
}

function GatewayTile({ gateway }: { gateway: Gateway }) {
  const { spool } = gateway;
  return (
    <li class={gateway.online ? "tile" : "tile sight-blind"}>
      <p>
        <strong>{gateway.id}</strong> <span class="sight">{t(gateway.online ? "system.online" : "system.offline")}</span>
      </p>
      {gateway.last_seen_at === null ? null : <p>{t("system.seen", { at: dayTime(gateway.last_seen_at) })}</p>}
      {spool === null ? null : (
        <p>{t("system.spool", { events: spool.events, evidence: spool.evidence, age: span(spool.oldest_s) })}</p>
      )}
      {gateway.rival ? <p role="alert">{t("system.rival")}</p> : null}
      <p>{ledgerLine(gateway)}</p>
      {Object.keys(gateway.dropped).length === 0 ? null : <p>{t("system.dropped", { what: droppedList(gateway.dropped) })}</p>}
      <p class="quiet-text">{t("system.sequence", { n: gateway.last_sequence, refused: gateway.quarantined })}</p>
      {gateway.certificate_ends_soon ? <p role="alert">{t("system.certificate_ends", { id: gateway.id })}</p> : null}
      {gateway.certificate_expires_at === null ? null : (
        <p class="quiet-text">{t("system.certificate", { at: dayTime(gateway.certificate_expires_at) })}</p>
      )}
      <p class="quiet-text">
        {gateway.version === null ? null : t("system.version", { version: gateway.version })}
        {gateway.clock_skew_s === null ? null : <> · {t("system.skew", { span: span(Math.abs(gateway.clock_skew_s)) })}</>}
        {gateway.clock_offset_s === null || Math.abs(gateway.clock_offset_s) < CLOCK_OFF_S ? null : (
          <> · {t("system.box_clock", { span: span(Math.abs(gateway.clock_offset_s)) })}</>
        )}
      </p>
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

/** "0 gaps in 24 h, 3 late (at most 41 s)". */
function ledgerLine({ ledger, gaps }: Gateway): string {
  const late = ledger.late === 0 ? t("system.none_late") : t("system.late", { n: ledger.late, span: span(ledger.max_late_s) });
  const lost = ledger.lost === 0 ? "" : ` · ${t("system.lost", { n: ledger.lost })}`;
  return `${t("system.gaps", { n: gaps })} · ${late}${lost}`;
}

function droppedList(dropped: Record<string, number>): string {
  return Object.entries(dropped)
    .map(([scenario, count]) => `${word("scenario", scenario)} ${count}`)
    .join(" · ");
}

function Commands() {
  const found = useLoad(api.commands, "commands");
  useReload(found.reload, ["gateway"]);
  return (
    <section>
      <h2>{t("system.commands")}</h2>
      <Show of={found}>
        {(commands) =>
          commands.length === 0 ? (
            <Empty title={t("system.no_commands")}>{t("system.no_commands_next")}</Empty>
          ) : (
            <ul class="tiles">
              {commands.map((command) => (
                <Asked key={command.id} command={command} />
              ))}
            </ul>
          )
        }
      </Show>
    </section>
  );
}

function Asked({ command }: { command: Command }) {
  const how = command.outcome === null ? t(`command_state.${command.state}`) : word("command_outcome", command.outcome);
  return (
    <li class={command.state === "timed_out" ? "tile sight-blind" : "tile"}>
      <p>
        <strong>{word("command", command.name)}</strong> <span class="sight">{how}</span>
      </p>
      {command.detail === null ? null : <p>{command.detail}</p>}
      <p class="quiet-text">
        {dayTime(command.issued_at)} · {command.gateway}
      </p>
    </li>
  );
}

function Quarantine() {
  const found = useLoad(api.quarantine, "quarantine");
  useReload(found.reload, ["gateway"]);
  return (
    <section>
      <h2>{t("system.quarantine")}</h2>
      <Show of={found}>
        {(page) => (
          <>
            {page.items.length === 0 ? (
              <Empty title={t("system.no_quarantine")}>{t("system.no_quarantine_next")}</Empty>
            ) : (
              <ul class="tiles">
                {page.items.map((item) => (
                  <Refused key={item.id} item={item} />
                ))}
              </ul>
            )}
            {page.dropped > 0 ? <p class="quiet-text">{t("system.quarantine_full", { n: page.dropped })}</p> : null}
          </>
        )}
      </Show>
    </section>
  );
}

function Refused({ item }: { item: Quarantined }) {
  return (
    <li class="tile">
      <p>
        <strong>{item.reason}</strong>
      </p>
      <p class="quiet-text">
        {dayTime(item.received_at)} · <code>{item.topic}</code> · {size(item.size)}
        {item.times > 1 ? <> · {t("system.times", { n: item.times })}</> : null}
      </p>
      <details>
        <summary>{t("system.payload")}</summary>
        <pre>{item.payload_preview}</pre>
      </details>
    </li>
  );
}
