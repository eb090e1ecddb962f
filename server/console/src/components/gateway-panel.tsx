import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import * as admin from "../api/admin";
import type { Ask, ModelPackage } from "../api/admin";
import type { Camera, Gateway, Proof, Stream } from "../api/models";
import { attempt, tell } from "../live/notices";
import { cameraPath } from "../live/places";
import { administers, leads } from "../live/powers";
import { dayTime, measure, size, span } from "../text/format";
import { t, word } from "../text/i18n";
import { Table } from "./table";

/** What a button is called for those who hear it: there may be ten of its kind on the page. */
export const ofGateway = (what: string, gateway: string) => t("gateway.of", { what, gateway });

/** A box whose clock is off by less is nobody's concern: a heartbeat's way is in it. */
const CLOCK_OFF_S = 5;

interface Props {
  gateway: Gateway;
  cameras: readonly Camera[];
  models: readonly ModelPackage[];
  onAsked: () => void;
  /** The form that makes a new code for it. */
  children: ComponentChildren;
}

export function GatewayPanel({ gateway, cameras, models, onAsked, children }: Props) {
  const ask = (asked: Ask) =>
    attempt(async () => {
      await admin.askGateway(gateway.id, asked);
      tell(t("gateway.sent", { command: word("command", asked.name), gateway: gateway.id }));
      onAsked();
    });
  return (
    <section class="panel" aria-label={gateway.id}>
      <div class="panel-head">
        <h2>{gateway.id}</h2>
        <span class={gateway.online ? "pill" : "pill off"}>{t(gateway.online ? "system.online" : "system.offline")}</span>
        {gateway.version === null ? null : <span class="quiet-text">{t("system.version", { version: gateway.version })}</span>}
        {gateway.last_seen_at === null ? null : (
          <span class="quiet-text">{t("system.seen", { at: dayTime(gateway.last_seen_at) })}</span>
        )}
        {leads() ? (
          <div class="buttons">
            <button class="button small" aria-label={ofGateway(word("command", "reload"), gateway.id)} onClick={() => void ask({ name: "reload" })}>
              {word("command", "reload")}
            </button>
          </div>
        ) : null}
      </div>
      <Warnings gateway={gateway} />
      <Facts gateway={gateway} />
      {cameras.length === 0 ? null : <Cameras gateway={gateway.id} cameras={cameras} streams={gateway.streams} onTest={(camera) => ask({ name: "self_test", camera })} />}
      {leads() && models.length > 0 ? <Rollout gateway={gateway.id} models={models} onGo={(sha256) => ask({ name: "rollout", package: sha256 })} /> : null}
      {administers() ? (
        <div class="buttons">
          <details class="fold">
            <summary class="button small" aria-label={ofGateway(t("gateway.anew"), gateway.id)}>
              {t("gateway.anew")}
            </summary>
            {children}
          </details>
          {gateway.registered ? <ShutOut gateway={gateway.id} /> : null}
        </div>
      ) : null}
    </section>
  );
}

function Warnings({ gateway }: { gateway: Gateway }) {
  const dropped = byScenario(gateway.dropped);
  const found = [
    gateway.online ? null : t("gateway.away"),
    gateway.rival ? t("system.rival") : null,
    gateway.certificate_ends_soon ? t("gateway.certificate_ends") : null,
    dropped === "" ? null : t("system.dropped", { what: dropped }),
    gateway.evidence_dropped === 0 ? null : t("system.evidence_dropped", { n: gateway.evidence_dropped }),
  ].filter((text) => text !== null);
  return (
    <>
      {found.map((text) => (
        <p key={text} class="warning">
          {text}
        </p>
      ))}
    </>
  );
}

function byScenario(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([scenario, count]) => `${word("scenario", scenario)} ${count}`)
    .join(" · ");
}

/** Few pictures a second are no fault: while nothing moves, key frames alone are looked at. */
function streamInWords(stream: Stream | undefined): string {
  if (stream === undefined) return t("gateway.not_said");
  return [
    stream.fps === null ? t("gateway.no_pictures") : t("gateway.fps", { n: stream.fps.toFixed(1) }),
    size(stream.memory_bytes),
    stream.reconnects > 0 ? t("gateway.reconnects", { n: stream.reconnects }) : null,
    stream.dropped > 0 ? t("gateway.overtaken", { n: stream.dropped }) : null,
  ]
    .filter((text) => text !== null)
    .join(" · ");
}

function Facts({ gateway }: { gateway: Gateway }) {
  const { spool, clock_offset_s: offset, clock_skew_s: skew } = gateway;
  const clock = offset !== null && Math.abs(offset) >= CLOCK_OFF_S ? t(offset > 0 ? "system.box_clock_ahead" : "system.box_clock_behind", { span: span(Math.abs(offset)) }) : null;
  const streams = Object.values(gateway.streams);
  const held = streams.reduce((sum, stream) => sum + stream.memory_bytes, 0);
  return (
    <dl class="facts">
      <div>
        <dt>{t("gateway.ledger")}</dt>
        <dd>{ledgerInWords(gateway)}</dd>
      </div>
      <div>
        <dt>{t("gateway.spool")}</dt>
        <dd>
          {spool === null
            ? t("gateway.not_said")
            : spool.events + spool.evidence === 0
              ? t("gateway.spool_empty")
              : t("gateway.spool_holds", { events: spool.events, evidence: spool.evidence, age: span(spool.oldest_s) })}
        </dd>
      </div>
      <div>
        <dt>{t("gateway.clock")}</dt>
        <dd>{clock ?? (skew === null ? t("gateway.not_said") : t("gateway.clock_fine", { span: span(Math.abs(skew)) }))}</dd>
      </div>
      {streams.length === 0 ? null : (
        <>
          <div>
            <dt>{t("gateway.shed")}</dt>
            <dd>{byScenario(gateway.shed) || t("gateway.shed_none")}</dd>
          </div>
          <div>
            <dt>{t("gateway.held")}</dt>
            <dd>{size(held)}</dd>
          </div>
        </>
      )}
      {gateway.certificate_expires_at === null ? null : (
        <div>
          <dt>{t("gateway.certificate")}</dt>
          <dd>{t("gateway.until", { at: dayTime(gateway.certificate_expires_at) })}</dd>
        </div>
      )}
    </dl>
  );
}

/** Every number of the box's events ends stored, refused or lost: what became of those of the last day. */
function ledgerInWords({ ledger, last_sequence }: Gateway): string {
  const parts = [
    ledger.missing > 0 ? t("gateway.missing", { n: ledger.missing }) : null,
    ledger.lost > 0 ? t("gateway.lost", { n: ledger.lost }) : null,
    ledger.refused > 0 ? t("gateway.refused", { n: ledger.refused }) : null,
  ].filter((text) => text !== null);
  if (parts.length === 0 && last_sequence === 0) return t("gateway.none_told");
  const whole = parts.length > 0 ? parts.join(t("gateway.and")) : t("gateway.whole", { n: last_sequence });
  return ledger.late === 0 ? whole : whole + t("gateway.and") + t("gateway.late", { n: ledger.late, span: span(ledger.max_late_s) });
}

interface CamerasProps {
  gateway: string;
  cameras: readonly Camera[];
  streams: Gateway["streams"];
  onTest: (camera: string) => Promise<boolean>;
}

function Cameras({ gateway, cameras, streams, onTest }: CamerasProps) {
  return (
    <Table
      caption={ofGateway(t("system.cameras"), gateway)}
      rows={cameras}
      keyOf={(camera) => camera.id}
      most={12}
      columns={[
        { name: t("gateway.camera"), cell: (camera) => <a href={cameraPath(camera)}>{camera.name}</a> },
        {
          name: t("gateway.sees"),
          cell: (camera) => (
            <span class={camera.state === "watching" ? "pill" : "pill off"}>
              {t(`sight.${camera.state}`)}
              {camera.reason ? ` · ${word("sight_reason", camera.reason)}` : ""}
            </span>
          ),
        },
        { name: t("gateway.stream"), cell: (camera) => streamInWords(streams[camera.id]) },
        { name: t("gateway.proof"), cell: (camera) => <Proofs proofs={camera.proofs} /> },
        ...(leads() ? [{ name: t("gateway.try"), cell: (camera: Camera) => <TestButton camera={camera} onTest={onTest} /> }] : []),
      ]}
    />
  );
}

function TestButton({ camera, onTest }: { camera: Camera; onTest: (camera: string) => Promise<boolean> }) {
  const [busy, setBusy] = useState(false);
  const test = async () => {
    setBusy(true);
    await onTest(camera.id);
    setBusy(false);
  };
  return (
    <button class="button small" disabled={busy} onClick={() => void test()} aria-label={ofGateway(t("gateway.test_camera", { camera: camera.name }), camera.gateway)}>
      {t("gateway.test")}
    </button>
  );
}

/** The newest trial of each rule: whether its alarm arrived, and how long each stretch of the way took. */
function Proofs({ proofs }: { proofs: readonly Proof[] }) {
  if (proofs.length === 0) return <span class="quiet-text">{t("gateway.no_proof")}</span>;
  return (
    <ul>
      {proofs.map((proof) => (
        <li key={proof.scenario}>
          <details>
            <summary>{proofLine(proof)}</summary>
            <ol class="hops">
              {proof.conditions.map((condition) => (
                <li key={condition.name} class={condition.met ? undefined : "unmet"}>
                  <span>{word("hop", condition.name)}</span>
                  <span>
                    {measure(condition.value, condition.unit)}
                    {condition.met ? null : ` · ${t("explain_word.unmet")}`}
                  </span>
                </li>
              ))}
            </ol>
          </details>
        </li>
      ))}
    </ul>
  );
}

function proofLine(proof: Proof): string {
  const how = proof.passed === null ? "running" : proof.passed ? "passed" : "failed";
  return t(`proof.${how}`, { kind: t(`proof.${proof.kind}`), scenario: word("scenario", proof.scenario), at: dayTime(proof.at) });
}

interface RolloutProps {
  gateway: string;
  models: readonly ModelPackage[];
  onGo: (sha256: string) => Promise<boolean>;
}

function Rollout({ gateway, models, onGo }: RolloutProps) {
  const [chosen, setChosen] = useState(models[0]?.sha256 ?? "");
  return (
    <form
      class="one-line"
      onSubmit={(event) => {
        event.preventDefault();
        void onGo(chosen);
      }}
    >
      <label>
        {t("gateway.model")}
        <select aria-label={ofGateway(t("gateway.model"), gateway)} value={chosen} onChange={(event) => setChosen(event.currentTarget.value)}>
          {models.map((model) => (
            <option key={model.sha256} value={model.sha256}>
              {`${model.model} · ${model.sha256.slice(0, 8)} · ${size(model.bytes)}`}
            </option>
          ))}
        </select>
      </label>
      <button class="button" aria-label={ofGateway(word("command", "rollout"), gateway)}>
        {word("command", "rollout")}
      </button>
      <p class="quiet-text">{t("gateway.model_how")}</p>
    </form>
  );
}

function ShutOut({ gateway }: { gateway: string }) {
  const go = () =>
    attempt(async () => {
      await admin.shutOut(gateway);
      tell(t("gateway.is_out", { name: gateway }));
    });
  return (
    <details class="fold">
      <summary class="button small" aria-label={ofGateway(t("gateway.shut_out"), gateway)}>
        {t("gateway.shut_out")}
      </summary>
      <div class="fold-body">
        <p>{t("gateway.shut_out_how")}</p>
        <button class="button small" onClick={() => void go()}>
          {t("gateway.shut_out_now", { name: gateway })}
        </button>
      </div>
    </details>
  );
}
