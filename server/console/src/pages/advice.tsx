/** What gateways propose to leave out after false alarms, decided by a supervisor; and what candidates beside their rules have come to. */

import { useState } from "preact/hooks";
import * as admin from "../api/admin";
import * as api from "../api/endpoints";
import type { Camera } from "../api/models";
import * as rules from "../api/rules";
import type { Advising, Proposal, Shadow } from "../api/rules";
import { stills, type Still } from "../api/wall";
import { AdminShell } from "../components/admin-shell";
import { CameraStill } from "../components/camera-still";
import { Empty } from "../components/empty";
import { Show, useLoad } from "../components/load";
import { useReload } from "../components/reload";
import { Table } from "../components/table";
import { attempt, tell } from "../live/notices";
import { leads } from "../live/powers";
import { dayTime, percent } from "../text/format";
import { t, word } from "../text/i18n";

interface Found {
  gateways: Advising[];
  cameras: Camera[];
  pictures: Still[];
}

async function advice(): Promise<Found> {
  const [gateways, cameras, pictures] = await Promise.all([rules.advising(), api.cameras(), stills()]);
  return { gateways, cameras, pictures };
}

export default function AdvicePage() {
  return (
    <AdminShell title={t("admin_page.advice")}>
      <Advice />
    </AdminShell>
  );
}

function Advice() {
  const found = useLoad(advice, "advice");
  useReload(found.reload, ["gateway"]);
  return (
    <Show of={found}>
      {({ gateways, cameras, pictures }) => {
        const proposals = gateways.flatMap(({ id: gateway, proposals, names }) =>
          Object.entries(proposals).map(([id, proposal]) => ({ gateway, id, proposal: inNames(proposal, names) })),
        );
        const open = proposals.filter(({ proposal }) => proposal.decision === "open");
        const decided = proposals.filter(({ proposal }) => proposal.decision !== "open");
        const cameraOf = (gateway: string, id: string) => cameras.find((camera) => camera.gateway === gateway && camera.id === id);
        return (
          <>
            <p class="quiet-text">{t("advice.about")}</p>
            {open.length === 0 ? <Empty title={t("advice.none")}>{t("advice.none_next")}</Empty> : null}
            <ul class="stack">
              {[...open, ...decided].map(({ gateway, id, proposal }) => (
                <OneProposal
                  key={`${gateway} ${id}`}
                  gateway={gateway}
                  id={id}
                  proposal={proposal}
                  camera={cameraOf(gateway, proposal.camera)}
                  still={pictures.find((still) => still.gateway === gateway && still.camera === proposal.camera)}
                  onDecided={found.reload}
                />
              ))}
            </ul>
            <Shadows gateways={gateways} nameOf={(gateway, id) => cameraOf(gateway, id)?.name ?? id} />
          </>
        );
      }}
    </Show>
  );
}

/** A gateway knows people by their user names. */
function inNames(proposal: Proposal, names: Readonly<Record<string, string>>): Proposal {
  const { decided_by: by } = proposal;
  return { ...proposal, decided_by: by === null ? null : (names[by] ?? by) };
}

interface ProposalProps {
  gateway: string;
  id: string;
  proposal: Proposal;
  camera: Camera | undefined;
  still: Still | undefined;
  onDecided: () => void;
}

function OneProposal({ gateway, id, proposal, camera, still, onDecided }: ProposalProps) {
  const [busy, setBusy] = useState(false);
  const decide = async (accept: boolean) => {
    setBusy(true);
    await attempt(async () => {
      await admin.askGateway(gateway, { name: "proposal", proposal: id, accept });
      tell(t(accept ? "advice.accepted" : "advice.declined", { gateway }));
      onDecided();
    });
    setBusy(false);
  };
  const { spared, missed, unjudged, least_score: least } = proposal;
  const what = word("group", proposal.group);
  return (
    <li class="panel proposal">
      <Where camera={camera} still={still} box={proposal.box} />
      <div class="fold-body">
        <div class="panel-head">
          <h2>
            {camera?.name ?? proposal.camera} · {word("scenario", proposal.scenario)}
          </h2>
          <span class={proposal.decision === "open" ? "pill off" : "pill"}>{t(`advice_decision.${proposal.decision}`)}</span>
        </div>
        <p>{least === null ? t("advice.leave_out", { what }) : t("advice.leave_out_unsure", { what, score: percent(least) })}</p>
        {proposal.scenario === "fire_smoke" ? <p class="quiet-text">{t("advice.slows")}</p> : null}
        <p>
          {t("advice.spared", { n: spared })}
          {t("gateway.and")}
          {missed === 0 ? t("advice.none_missed") : <strong>{t("advice.missed", { n: missed })}</strong>}
          {unjudged === 0 ? null : t("gateway.and") + t("advice.unjudged", { n: unjudged })}
        </p>
        {proposal.tried_at === null ? null : (
          <p class="quiet-text">{t("advice.tried", { at: dayTime(proposal.tried_at), n: proposal.tried_on ?? 0 })}</p>
        )}
        {proposal.decision === "open" ? null : (
          <p class="quiet-text">
            {t("advice.decided_by", { who: proposal.decided_by ?? gateway })}
            {proposal.until === null ? "" : ` · ${t("gateway.until", { at: dayTime(proposal.until) })}`}
          </p>
        )}
        {leads() && proposal.decision === "open" ? (
          <div class="buttons">
            <button class="button small" disabled={busy} onClick={() => void decide(true)}>
              {t("advice.accept")}
            </button>
            <button class="button small" disabled={busy} onClick={() => void decide(false)}>
              {t("advice.decline")}
            </button>
          </div>
        ) : null}
      </div>
    </li>
  );
}

/** The part of the picture that it is about, over the camera's newest picture. */
function Where({ camera, still, box }: { camera: Camera | undefined; still: Still | undefined; box: Proposal["box"] }) {
  const [left, top, right, bottom] = box.map((part) => part * 100) as [number, number, number, number];
  return (
    <div class="proposal-picture" role="img" aria-label={t("advice.where", { camera: camera?.name ?? "" })}>
      {camera === undefined ? null : <CameraStill camera={camera} still={still} />}
      <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
        <rect x={left} y={top} width={right - left} height={bottom - top} />
      </svg>
    </div>
  );
}

function Shadows({ gateways, nameOf }: { gateways: readonly Advising[]; nameOf: (gateway: string, camera: string) => string }) {
  const shadows = gateways.flatMap((gateway) => Object.entries(gateway.shadows).map(([name, shadow]) => ({ gateway: gateway.id, name, shadow })));
  return (
    <section>
      <h2>{t("advice.shadows")}</h2>
      <p class="quiet-text">{t("advice.shadows_about")}</p>
      {shadows.length === 0 ? <Empty title={t("advice.no_shadows")}>{t("advice.no_shadows_next")}</Empty> : null}
      {shadows.map(({ gateway, name, shadow }) => (
        <OneShadow key={`${gateway} ${name}`} gateway={gateway} name={name} shadow={shadow} nameOf={(camera) => nameOf(gateway, camera)} />
      ))}
    </section>
  );
}

function OneShadow({ gateway, name, shadow, nameOf }: { gateway: string; name: string; shadow: Shadow; nameOf: (camera: string) => string }) {
  return (
    <div class="panel">
      <div class="panel-head">
        <h3>{name}</h3>
        <span class="quiet-text">
          {gateway} · {t("advice.looks", { n: shadow.looks, shed: shadow.shed })} · {t("advice.since", { at: dayTime(shadow.since) })}
        </span>
      </div>
      {shadow.gave_up === null ? null : <p class="warning">{t("advice.gave_up", { why: shadow.gave_up })}</p>}
      {shadow.alarms.length === 0 ? (
        <p>{t("advice.no_alarms")}</p>
      ) : (
        <Table
          caption={name}
          rows={shadow.alarms}
          keyOf={(tally) => `${tally.camera} ${tally.scenario}`}
          columns={[
            { name: t("gateway.camera"), cell: (tally) => nameOf(tally.camera) },
            { name: t("statistics.rule"), cell: (tally) => word("scenario", tally.scenario) },
            { name: t("advice.both"), number: true, cell: (tally) => tally.both },
            { name: t("advice.running_only"), number: true, cell: (tally) => tally.running - tally.both },
            { name: t("advice.shadow_only"), number: true, cell: (tally) => tally.shadow - tally.both },
          ]}
        />
      )}
    </div>
  );
}
