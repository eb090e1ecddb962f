/** What is kept quiet, until when and why; a camera that somebody works on. */

import { useState } from "preact/hooks";
import * as api from "../api/endpoints";
import type { Camera, Gateway } from "../api/models";
import * as rules from "../api/rules";
import type { NewSilence, Silence, SilenceKind } from "../api/rules";
import { territories, type Territory } from "../api/statistics";
import { AdminShell } from "../components/admin-shell";
import { Limit } from "../components/clocks";
import { Empty } from "../components/empty";
import { Show, useLoad } from "../components/load";
import { Table } from "../components/table";
import { attempt, tell } from "../live/notices";
import { leads } from "../live/powers";
import { user } from "../live/session";
import { dayTime, span } from "../text/format";
import { t, word } from "../text/i18n";

const HOUR_S = 3600;
const KINDS = ["silence", "maintenance"] as const satisfies readonly SilenceKind[];
/** As long as the dispatcher lets them be. */
const LENGTHS_S: Record<SilenceKind, readonly number[]> = {
  silence: [HOUR_S / 2, HOUR_S, 2 * HOUR_S, 4 * HOUR_S, 8 * HOUR_S, 24 * HOUR_S],
  maintenance: [HOUR_S, 4 * HOUR_S, 8 * HOUR_S, 24 * HOUR_S, 72 * HOUR_S, 168 * HOUR_S, 336 * HOUR_S],
};
/** Fire and the alarm button are never quiet. */
const SCENARIOS = ["unfamiliar_vehicle", "garbage", "corridor_ebike", "key_area", "camera_blind"] as const;

interface Estate {
  cameras: Camera[];
  gateways: Gateway[];
  grids: Territory[];
  names: ReadonlyMap<string, string>;
}

async function estate(): Promise<Estate> {
  const [cameras, gateways, places, people] = await Promise.all([api.cameras(), api.gateways(), territories(), api.people()]);
  const grids = places.filter((place) => place.level === "grid");
  return { cameras, gateways, grids, names: new Map(people.map((person) => [person.id, person.name])) };
}

export default function SilencesPage() {
  const [adding, setAdding] = useState(false);
  const button = (
    <button class="button small" aria-expanded={adding} onClick={() => setAdding(!adding)}>
      {t("silence.add")}
    </button>
  );
  return (
    <AdminShell title={t("admin_page.silences")} beside={button}>
      <Silences adding={adding} onAdded={() => setAdding(false)} />
    </AdminShell>
  );
}

function Silences({ adding, onAdded }: { adding: boolean; onAdded: () => void }) {
  const found = useLoad(rules.silences, "silences");
  const beside = useLoad(estate, "estate");
  const added = () => {
    onAdded();
    found.reload();
  };
  return (
    <>
      <p class="quiet-text">{t("silence.about")}</p>
      {adding ? <Show of={beside}>{(known) => <SilenceForm estate={known} onDone={added} />}</Show> : null}
      <Show of={found}>
        {(silences) =>
          silences.length === 0 ? (
            <Empty title={t("silence.none")}>{t("silence.none_next")}</Empty>
          ) : (
            <SilenceTable silences={silences} estate={beside.value} onEnded={found.reload} />
          )
        }
      </Show>
    </>
  );
}

function SilenceTable({ silences, estate: known, onEnded }: { silences: readonly Silence[]; estate: Estate | null; onEnded: () => void }) {
  const end = (silence: Silence) =>
    attempt(async () => {
      await rules.endSilence(silence.id);
      tell(t("silence.ended"));
      onEnded();
    });
  const mine = (silence: Silence) => leads() || silence.owner === user.value?.id;
  return (
    <Table
      caption={t("admin_page.silences")}
      rows={silences}
      keyOf={(silence) => silence.id}
      columns={[
        { name: t("silence.scope"), cell: (silence) => whatIsQuiet(silence, known) },
        { name: t("silence.kind"), cell: (silence) => t(`silence_kind.${silence.kind}`) },
        { name: t("silence.reason"), cell: (silence) => silence.reason },
        { name: t("silence.owner"), cell: (silence) => known?.names.get(silence.owner) ?? silence.owner },
        {
          name: t("silence.until"),
          cell: (silence) => (
            <>
              {dayTime(silence.ends_at)}
              <div class="quiet-text">
                {Date.parse(silence.starts_at) > Date.now() ? t("silence.from", { at: dayTime(silence.starts_at) }) : <Limit item={{ due_at: silence.ends_at }} />}
              </div>
            </>
          ),
        },
        {
          name: t("account.do"),
          cell: (silence) =>
            mine(silence) ? (
              <button class="button small" aria-label={t("silence.end_of", { what: whatIsQuiet(silence, known) })} onClick={() => void end(silence)}>
                {t("silence.end")}
              </button>
            ) : (
              <span class="quiet-text">{t("silence.not_mine")}</span>
            ),
        },
      ]}
    />
  );
}

function whatIsQuiet(silence: Silence, known: Estate | null): string {
  const camera = known?.cameras.find((each) => each.id === silence.camera && each.gateway === silence.gateway);
  const where =
    silence.camera !== null
      ? (camera?.name ?? silence.camera)
      : silence.gateway !== null
        ? t("silence.of_gateway", { name: silence.gateway })
        : silence.grid !== null
          ? (known?.grids.find((grid) => grid.id === silence.grid)?.name ?? silence.grid)
          : t("silence.everywhere");
  return `${where} · ${silence.scenario === null ? t("silence.every_kind") : word("scenario", silence.scenario)}`;
}

function SilenceForm({ estate: known, onDone }: { estate: Estate; onDone: () => void }) {
  const [kind, setKind] = useState<SilenceKind>("silence");
  const [where, setWhere] = useState("");
  const [scenario, setScenario] = useState("");
  const [length, setLength] = useState(HOUR_S);
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const ready = (where !== "" || scenario !== "") && reason.trim() !== "";
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const wanted: NewSilence = {
      kind,
      reason: reason.trim(),
      ends_at: new Date(Date.now() + length * 1000).toISOString(),
      ...placeOf(where),
      ...(scenario === "" ? {} : { scenario }),
    };
    const added = await attempt(async () => {
      const made = await rules.addSilence(wanted);
      tell(t("silence.added", { what: whatIsQuiet(made, known), at: dayTime(made.ends_at) }), () => rules.endSilence(made.id).then(onDone));
    });
    setBusy(false);
    if (added) onDone();
  };
  return (
    <form class="panel" aria-label={t("silence.add")} onSubmit={(event) => void submit(event)}>
      <div class="buttons" role="group" aria-label={t("silence.kind")}>
        {KINDS.map((each) => (
          <button key={each} type="button" class="button small" aria-pressed={kind === each} onClick={() => setKind(each)}>
            {t(`silence_kind.${each}`)}
          </button>
        ))}
      </div>
      <p class="quiet-text">{t(`silence_how.${kind}`)}</p>
      <div class="form-columns">
        <label>
          {t("silence.where")}
          <select value={where} onChange={(event) => setWhere(event.currentTarget.value)}>
            <option value="">{t("silence.everywhere")}</option>
            <optgroup label={t("gateway.camera")}>
              {known.cameras.map((camera) => (
                <option key={`${camera.gateway}/${camera.id}`} value={`c:${camera.gateway}/${camera.id}`}>
                  {camera.name}
                </option>
              ))}
            </optgroup>
            <optgroup label={t("statistics.grid")}>
              {known.grids.map((grid) => (
                <option key={grid.id} value={`g:${grid.id}`}>
                  {grid.name}
                </option>
              ))}
            </optgroup>
            <optgroup label={t("gateway.to")}>
              {known.gateways.map((gateway) => (
                <option key={gateway.id} value={`w:${gateway.id}`}>
                  {gateway.id}
                </option>
              ))}
            </optgroup>
          </select>
        </label>
        <label>
          {t("silence.what")}
          <select value={scenario} onChange={(event) => setScenario(event.currentTarget.value)}>
            <option value="">{t("silence.every_kind")}</option>
            {SCENARIOS.map((each) => (
              <option key={each} value={each}>
                {word("scenario", each)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t("silence.length")}
          <select value={length} onChange={(event) => setLength(Number(event.currentTarget.value))}>
            {LENGTHS_S[kind].map((seconds) => (
              <option key={seconds} value={seconds}>
                {lengthInWords(seconds)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t("silence.reason")}
          <input value={reason} required maxLength={500} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
      </div>
      <div class="buttons">
        <button class="button primary" disabled={busy || !ready}>
          {t("silence.start")}
        </button>
        {ready ? null : <span class="quiet-text">{t("silence.needs")}</span>}
      </div>
    </form>
  );
}

function lengthInWords(seconds: number): string {
  if (seconds > 24 * HOUR_S) return t("statistics.span_days", { n: seconds / (24 * HOUR_S) });
  return seconds >= HOUR_S ? t("statistics.span_hours", { n: seconds / HOUR_S }) : span(seconds);
}

function placeOf(where: string): Pick<NewSilence, "gateway" | "camera" | "grid"> {
  const id = where.slice(2);
  if (where.startsWith("g:")) return { grid: id };
  if (where.startsWith("w:")) return { gateway: id };
  const [gateway, camera] = id.split("/");
  return gateway && camera ? { gateway, camera } : {};
}
