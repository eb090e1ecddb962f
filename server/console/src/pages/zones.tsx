/** Where a camera looks for things: its zones, drawn on its newest picture and written into the gateway's configuration. */

import { useEffect, useState } from "preact/hooks";
import { askAndWait, type Zones, type ZonesReport } from "../api/ask";
import type { Camera } from "../api/models";
import type { Still } from "../api/wall";
import { useLeaveWarning } from "../components/leave-warning";
import { OneCamera } from "../components/one-camera";
import { Shell } from "../components/shell";
import { ZoneCanvas } from "../components/zone-canvas";
import * as drawing from "../live/drawing";
import { explain, tell } from "../live/notices";
import { cameraPath } from "../live/places";
import { dayTime } from "../text/format";
import { t, word } from "../text/i18n";
import "../styles/panel.css";
import "../styles/wall.css";
import "../styles/zones.css";

export default function ZonesPage({ params }: { params: Readonly<Record<string, string>> }) {
  return (
    <Shell>
      <OneCamera gateway={params["gateway"]} id={params["camera"]} on={[]}>
        {(camera, still) => <Asked camera={camera} still={still} />}
      </OneCamera>
    </Shell>
  );
}

/** The report of an answer. @throws Error with what the gateway said instead. */
async function zonesOf(camera: Camera, body: Readonly<Record<string, unknown>>): Promise<ZonesReport> {
  const answer = await askAndWait(camera.gateway, { name: "zones", camera: camera.id, ...body });
  const report = answer.result["zones"] as ZonesReport | undefined;
  // A gateway knows people by their user names.
  if (report !== undefined) return { ...report, drawn_by: answer.drawn_by_name ?? report.drawn_by };
  throw new Refusal(answer.state === "timed_out" ? t("zones.no_answer") : (answer.detail ?? word("command_outcome", answer.outcome ?? "failed")));
}

class Refusal extends Error {}

const whyNot = (error: unknown) => (error instanceof Refusal ? error.message : explain(error));

function Asked({ camera, still }: { camera: Camera; still: Still | undefined }) {
  const [report, setReport] = useState<ZonesReport | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    setFailure(null);
    zonesOf(camera, {}).then(setReport, (error: unknown) => setFailure(whyNot(error)));
  }, [camera.gateway, camera.id, turn]);
  return (
    <>
      <div class="page-head">
        <div>
          <p class="quiet-text">
            <a href="/wall">{t("nav.wall")}</a> / <a href={cameraPath(camera)}>{camera.name}</a>
          </p>
          <h1>{t("zones.title")}</h1>
        </div>
      </div>
      {report !== null ? (
        <Editor key={report.version} camera={camera} still={still} report={report} onDrawn={setReport} onReload={() => setTurn(turn + 1)} />
      ) : failure === null ? (
        <p class="waiting">{t("zones.asking")}</p>
      ) : (
        <div class="failed" role="alert">
          <p>{t("zones.not_told", { why: failure })}</p>
          <button class="button small" onClick={() => setTurn(turn + 1)}>
            {t("action.again")}
          </button>
        </div>
      )}
    </>
  );
}

interface EditorProps {
  camera: Camera;
  still: Still | undefined;
  report: ZonesReport;
  onDrawn: (report: ZonesReport) => void;
  onReload: () => void;
}

function Editor({ camera, still, report, onDrawn, onReload }: EditorProps) {
  const [state, setState] = useState(() => drawing.begin(report.zones));
  const [chosen, setChosen] = useState<string | null>(Object.keys(report.zones)[0] ?? null);
  const [aspect, setAspect] = useState(9 / 16);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [overtaken, setOvertaken] = useState<string | null>(null);
  const put = (zones: Zones, goingOn = false) => setState((before) => drawing.draw(before, zones, goingOn));
  const changed = !drawing.isSame(state.zones, report.zones);
  useUndoKeys(() => setState(drawing.undo), () => setState(drawing.redo));
  useLeaveWarning(changed);
  // That somebody else has drawn them is what a refusal mostly means, and can be said in one's own language.
  const lookWhoWasFaster = async () => {
    const now = await zonesOf(camera, {}).catch(() => null);
    if (now !== null && now.version !== report.version) setOvertaken(now.drawn_by ?? "–");
  };
  const write = async (zones: Zones) => {
    setBusy(true);
    setFailure(null);
    setOvertaken(null);
    try {
      onDrawn(await zonesOf(camera, { zones, seen: report.version }));
      tell(t("zones.written"));
    } catch (error) {
      setFailure(whyNot(error));
      if (error instanceof Refusal) void lookWhoWasFaster();
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="camera-columns">
      <div class="camera-picture">
        <div class="zone-frame">
          {still === undefined ? (
            <div class="zone-blank">{t("zones.no_picture")}</div>
          ) : (
            <img src={still.url} alt="" onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => setAspect(naturalHeight / naturalWidth)} />
          )}
          <ZoneCanvas
            zones={state.zones}
            chosen={chosen}
            aspect={aspect}
            onChoose={setChosen}
            onMove={(name, index, to, goingOn) => put(drawing.moveCorner(state.zones, name, index, to), goingOn)}
            onSplit={(name, index) => put(drawing.splitEdge(state.zones, name, index))}
            onRemove={(name, index) => put(drawing.removeCorner(state.zones, name, index))}
          />
        </div>
        <p class="quiet-text">{t("zones.how")}</p>
      </div>
      <div class="camera-side">
        <ZoneList zones={state.zones} rules={report.rules} chosen={chosen} onChoose={setChosen} onChange={put} />
        <div class="buttons">
          <button class="button" disabled={state.past.length === 0} onClick={() => setState(drawing.undo)}>
            {t("action.undo")}
          </button>
          <button class="button" disabled={state.future.length === 0} onClick={() => setState(drawing.redo)}>
            {t("zones.redo")}
          </button>
        </div>
        <button class="button primary big" disabled={busy || !changed} onClick={() => void write(state.zones)}>
          {t(busy ? "zones.writing" : changed ? "zones.write" : "zones.in_force")}
        </button>
        {failure === null ? null : (
          <div class="failed" role="alert">
            {overtaken === null ? (
              <>
                <p>{t("zones.refused")}</p>
                <pre>{failure}</pre>
              </>
            ) : (
              <p>{t("zones.overtaken", { by: overtaken })}</p>
            )}
            <button class="button small" onClick={onReload}>
              {t("zones.reload")}
            </button>
          </div>
        )}
        <Earlier report={report} busy={busy} onBack={(zones) => void write(zones)} />
      </div>
    </div>
  );
}

/** Who drew what is in force, and the way back to what was before it. */
function Earlier({ report, busy, onBack }: { report: ZonesReport; busy: boolean; onBack: (zones: Zones) => void }) {
  const { earlier, drawn_by: by, drawn_at: at } = report;
  if (earlier === null || by === null || at === null) return <p class="quiet-text">{t("zones.from_file")}</p>;
  return (
    <>
      <p class="quiet-text">{t("zones.drawn", { by, at: dayTime(at) })}</p>
      <button class="button" disabled={busy} onClick={() => onBack(earlier)}>
        {t("zones.back")}
      </button>
    </>
  );
}

interface ListProps {
  zones: Zones;
  rules: ZonesReport["rules"];
  chosen: string | null;
  onChoose: (name: string | null) => void;
  onChange: (zones: Zones) => void;
}

function ZoneList({ zones, rules, chosen, onChoose, onChange }: ListProps) {
  const names = Object.keys(zones);
  return (
    <section class="panel" aria-labelledby="zone-list">
      <h2 id="zone-list">{t("zones.list")}</h2>
      {names.length === 0 ? <p class="note">{t("zones.none")}</p> : null}
      <ul class="zone-list">
        {names.map((name) => (
          <li key={name}>
            <button class="button zone-name" aria-pressed={name === chosen} onClick={() => onChoose(name)}>
              <strong>{word("zone", name)}</strong>
              <span class="quiet-text">{watchedFor(rules[name])}</span>
            </button>
            {(rules[name] ?? []).length > 0 ? null : (
              <button
                class="button small quiet"
                aria-label={t("zones.remove_named", { zone: word("zone", name) })}
                onClick={() => {
                  onChange(drawing.removeZone(zones, name));
                  if (chosen === name) onChoose(null);
                }}
              >
                {t("zones.remove")}
              </button>
            )}
          </li>
        ))}
      </ul>
      <NewZone
        zones={zones}
        onAdd={(name) => {
          onChange(drawing.addZone(zones, name));
          onChoose(name);
        }}
      />
    </section>
  );
}

function watchedFor(scenarios: readonly string[] | undefined): string {
  if (scenarios === undefined || scenarios.length === 0) return t("zones.unwatched");
  return scenarios.map((scenario) => word("scenario", scenario)).join(" · ");
}

function NewZone({ zones, onAdd }: { zones: Zones; onAdd: (name: string) => void }) {
  const [name, setName] = useState("");
  const [wrong, setWrong] = useState(false);
  const submit = (event: Event) => {
    event.preventDefault();
    const free = drawing.isFreeName(zones, name);
    setWrong(!free);
    if (!free) return;
    onAdd(name);
    setName("");
  };
  return (
    <form class="zone-new" onSubmit={submit}>
      <label>
        {t("zones.new_name")}
        <input value={name} placeholder="fire_lane" autocapitalize="none" onInput={(event) => setName(event.currentTarget.value.trim())} />
      </label>
      <button class="button">{t("zones.add")}</button>
      {wrong ? (
        <p class="form-error" role="alert">
          {t("zones.bad_name")}
        </p>
      ) : null}
    </form>
  );
}

function useUndoKeys(undo: () => void, redo: () => void): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || (event.target as HTMLElement).matches("input, textarea")) return;
      const key = event.key.toLowerCase();
      if (key === "y" || (key === "z" && event.shiftKey)) redo();
      else if (key === "z") undo();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
}
