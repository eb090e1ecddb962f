/** Where the cameras stand and look, on the plans of their places. */

import { useState } from "preact/hooks";
import * as api from "../api/endpoints";
import type { Camera, Named, Severity } from "../api/models";
import { type Placed, type Plan, placeCamera, plans, removePlan, takeOff } from "../api/plans";
import { Empty } from "../components/empty";
import { Grade } from "../components/grade";
import { Failed, Show, useLoad } from "../components/load";
import { type Pinned, PlanMap } from "../components/plan-map";
import { PlanForm } from "../components/plan-form";
import { useReload } from "../components/reload";
import { Shell } from "../components/shell";
import { attempt, tell } from "../live/notices";
import { cameraKey, cameraPath } from "../live/places";
import { MIDDLE } from "../live/plan";
import { leads } from "../live/powers";
import { gravest } from "../live/wall";
import { navigate } from "../router";
import { t } from "../text/i18n";
import "../styles/panel.css";
import "../styles/wall.css";
import "../styles/plan.css";

export default function MapPage({ params }: { params: Readonly<Record<string, string>> }) {
  return (
    <Shell>
      <Maps first={params["plan"] ?? null} />
    </Shell>
  );
}

function Maps({ first }: { first: string | null }) {
  const found = useLoad(plans, "plans");
  const cameras = useLoad(api.cameras, "cameras");
  const alarms = useLoad(api.openAlarms, "alarms");
  useReload(found.reload, ["camera"]);
  useReload(cameras.reload, ["camera", "gateway"]);
  useReload(alarms.reload, ["alarm"]);
  const [wanted, setWanted] = useState(first);
  const [adding, setAdding] = useState(false);
  const mayEdit = leads();
  const added = (id: string) => {
    setAdding(false);
    setWanted(id);
    found.reload();
    tell(t("map.added"));
  };
  return (
    <Show of={found}>
      {(all) => {
        const plan = all.find((each) => each.id === wanted) ?? all[0];
        return (
          <>
            <div class="page-head">
              <h1>{t("map.title")}</h1>
              <div class="buttons" role="group" aria-label={t("map.which")}>
                {all.map(({ id, name }) => (
                  <button key={id} class="button small" aria-pressed={id === plan?.id && !adding} onClick={() => { setWanted(id); setAdding(false); }}>
                    {name}
                  </button>
                ))}
                {mayEdit ? (
                  <button class="button small quiet" aria-expanded={adding} onClick={() => setAdding(!adding)}>
                    {t("map.add")}
                  </button>
                ) : null}
              </div>
            </div>
            <Failed of={cameras} />
            <Failed of={alarms} />
            {adding ? <PlanForm places={placesOf(cameras.value ?? [])} onAdded={added} /> : null}
            {plan !== undefined && !adding ? (
              <Whole key={plan.id} plan={plan} all={all} cameras={cameras.value ?? []} open={gravest(alarms.value?.items ?? [])} mayEdit={mayEdit} reload={found.reload} />
            ) : adding ? null : (
              <Empty title={t("map.none")}>{t(mayEdit ? "map.none_next" : "map.none_ask")}</Empty>
            )}
          </>
        );
      }}
    </Show>
  );
}

/** The grids in which cameras stand. */
function placesOf(cameras: readonly Camera[]): Named[] {
  const grids = new Map(cameras.flatMap(({ grid }) => (grid === null ? [] : [[grid.id, grid] as const])));
  return [...grids.values()];
}

interface WholeProps {
  plan: Plan;
  all: readonly Plan[];
  cameras: readonly Camera[];
  open: ReadonlyMap<string, Severity>;
  mayEdit: boolean;
  reload: () => void;
}

const isAt = (camera: Camera) => (placed: Placed) => placed.gateway === camera.gateway && placed.camera === camera.id;

function Whole({ plan, all, cameras, open, mayEdit, reload }: WholeProps) {
  const [editing, setEditing] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  const pins = cameras.flatMap((camera): Pinned[] => {
    const placed = plan.cameras.find(isAt(camera));
    return placed === undefined ? [] : [{ camera, placed, alarm: open.get(cameraKey(camera)) }];
  });
  const put = (placed: Placed, before: Placed | null, said: string) =>
    attempt(async () => {
      await placeCamera(plan.id, placed);
      reload();
      tell(said, async () => {
        if (before === null) await takeOff(placed);
        else await placeCamera(plan.id, before);
        reload();
      });
    });
  const change = (pin: Pinned, part: Partial<Placed>) => void put({ ...pin.placed, ...part }, pin.placed, t("map.moved", { camera: pin.camera.name }));
  const free = cameras.filter((camera) => !all.some((each) => each.cameras.some(isAt(camera))));
  const pin = pins.find(({ camera }) => cameraKey(camera) === chosen);
  return (
    <div class="camera-columns">
      <PlanMap
        plan={plan}
        pins={pins}
        editing={editing}
        chosen={editing ? chosen : null}
        onOpen={({ camera }) => (editing ? setChosen(cameraKey(camera)) : navigate(cameraPath(camera)))}
        onMove={change}
      />
      <div class="camera-side">
        {mayEdit ? (
          <button class="button" aria-pressed={editing} onClick={() => { setEditing(!editing); setChosen(null); }}>
            {t(editing ? "map.done" : "map.edit")}
          </button>
        ) : null}
        {editing && pin !== undefined ? <Aim key={chosen} pin={pin} onChange={(part) => change(pin, part)} onOff={() => void lift(pin, plan, reload)} /> : null}
        {editing ? (
          <Free cameras={free} onPut={(camera) => { setChosen(cameraKey(camera)); void put({ ...MIDDLE, gateway: camera.gateway, camera: camera.id }, null, t("map.put", { camera: camera.name })); }} />
        ) : (
          <OnPlan pins={pins} />
        )}
        {editing ? (
          <button class="button small quiet" onClick={() => void remove(plan, reload)}>
            {t("map.remove")}
          </button>
        ) : null}
      </div>
    </div>
  );
}

const lift = (pin: Pinned, plan: Plan, reload: () => void) =>
  attempt(async () => {
    await takeOff(pin.placed);
    reload();
    tell(t("map.lifted", { camera: pin.camera.name }), async () => {
      await placeCamera(plan.id, pin.placed);
      reload();
    });
  });

/** A plan has no undo: its picture would have to be sent again, so it is asked first. */
async function remove(plan: Plan, reload: () => void): Promise<void> {
  if (!window.confirm(t("map.remove_sure", { name: plan.name }))) return;
  await attempt(async () => {
    await removePlan(plan.id);
    reload();
    tell(t("map.removed"));
  });
}

function OnPlan({ pins }: { pins: readonly Pinned[] }) {
  return (
    <section class="panel" aria-labelledby="on-plan">
      <h2 id="on-plan">{t("map.cameras")}</h2>
      {pins.length === 0 ? <p class="note">{t("map.empty")}</p> : null}
      <ul class="camera-alarms">
        {pins.map(({ camera, alarm }) => (
          <li key={cameraKey(camera)}>
            <a href={cameraPath(camera)}>{camera.name}</a>
            <span class="quiet-text">
              {alarm === undefined ? null : <Grade severity={alarm} />} {t(`sight.${camera.state}`)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Free({ cameras, onPut }: { cameras: readonly Camera[]; onPut: (camera: Camera) => void }) {
  return (
    <section class="panel" aria-labelledby="free">
      <h2 id="free">{t("map.free")}</h2>
      <p class="quiet-text">{t(cameras.length === 0 ? "map.all_placed" : "map.how")}</p>
      <ul class="camera-alarms">
        {cameras.map((camera) => (
          <li key={cameraKey(camera)}>
            <span>{camera.name}</span>
            <button class="button small" aria-label={t("map.put_named", { camera: camera.name })} onClick={() => onPut(camera)}>
              {t("map.put_here")}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

const FIELDS = [
  { name: "heading", least: 0, most: 359, step: 1, per: 1 },
  { name: "angle", least: 5, most: 360, step: 5, per: 1 },
  { name: "reach", least: 1, most: 100, step: 1, per: 100 },
  { name: "x", least: 0, most: 100, step: 0.5, per: 100 },
  { name: "y", least: 0, most: 100, step: 0.5, per: 100 },
] as const;

/** Everything that dragging does, and the direction, for the keyboard too. */
function Aim({ pin, onChange, onOff }: { pin: Pinned; onChange: (part: Partial<Placed>) => void; onOff: () => void }) {
  return (
    <section class="panel aim" aria-label={pin.camera.name}>
      <h2>{pin.camera.name}</h2>
      {FIELDS.map(({ name, least, most, step, per }) => (
        <label key={name}>
          <span class="named">
            {t(`map.${name}`)} <span class="value">{Math.round(pin.placed[name] * per)}{per === 1 ? "°" : " %"}</span>
          </span>
          <input type="range" min={least} max={most} step={step} value={pin.placed[name] * per} onChange={(event) => onChange({ [name]: Number(event.currentTarget.value) / per })} />
        </label>
      ))}
      <button class="button small" onClick={onOff}>
        {t("map.off")}
      </button>
    </section>
  );
}
