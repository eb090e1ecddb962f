import { useRef, useState } from "preact/hooks";
import type { Camera } from "../api/models";
import * as api from "../api/vehicles";
import type { Said, Vehicle } from "../api/vehicles";
import { attempt, tell } from "../live/notices";
import { clockAt, dayAfter, dayAt, momentOf } from "../text/zone";
import { t } from "../text/i18n";
import { useLoad } from "./load";
import { looksUsual, normalPlate, plateText, validText } from "../text/plate";

const NOTE_MOST = 100;
/** Characters of a plate before it is looked for on the list. */
const SHORTEST = 7;

interface Props {
  /** The one that is changed; none: a new one. */
  vehicle?: Vehicle;
  cameras: readonly Camera[];
  onDone: () => void;
  onClose: () => void;
}

interface Fields {
  plate: string;
  note: string;
  from: string;
  /** The last day, which counts. */
  until: string;
  uses: string;
  cameras: readonly string[];
}

const EMPTY: Fields = { plate: "", note: "", from: "", until: "", uses: "", cameras: [] };

/** Register a vehicle, or change one. After a new one the form is there for the next: visitors seldom come alone. */
export function VehicleForm({ vehicle, cameras, onDone, onClose }: Props) {
  const [fields, setFields] = useState<Fields>(vehicle === undefined ? EMPTY : fieldsOf(vehicle));
  const [busy, setBusy] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  // What is sent again after a lost answer is the same vehicle.
  const id = useRef(vehicle?.id ?? api.newVehicleId());
  const set = (part: Partial<Fields>) => setFields((held) => ({ ...held, ...part }));
  const plate = normalPlate(fields.plate);
  const held = useLoad(() => (vehicle === undefined && plate.length >= SHORTEST ? api.vehicles(plate, false) : Promise.resolve(null)), plate);
  const same = held.value?.items.filter((each) => each.plate === plate) ?? [];
  const backwards = fields.from !== "" && fields.until !== "" && fields.until < fields.from;
  const ready = plate.length >= 2 && plate.length <= 12 && !backwards;
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const name = id.current;
    await attempt(async () => {
      const saved = await api.putVehicle(name, saidBy(fields, vehicle));
      onDone();
      const undo = async () => {
        await (vehicle === undefined ? api.removeVehicle(name) : api.putVehicle(name, api.saidOf(vehicle)));
        onDone();
        tell(t("vehicle.undone", { plate: plateText(saved.plate) }));
      };
      tell(t(vehicle === undefined ? "vehicle.added" : "vehicle.changed", { plate: plateText(saved.plate), valid: validText(saved) }), undo);
      if (vehicle !== undefined) return onClose();
      id.current = api.newVehicleId();
      setFields({ ...EMPTY, from: fields.from, until: fields.until, cameras: fields.cameras });
      first.current?.focus();
    });
    setBusy(false);
  };
  const title = vehicle === undefined ? t("vehicle.add") : t("vehicle.change_of", { plate: plateText(vehicle.plate) });
  return (
    <form class="panel" aria-label={title} onSubmit={(event) => void submit(event)} onKeyDown={(event) => (event.key === "Escape" ? onClose() : undefined)}>
      <div class="form-columns">
        <label>
          {t("vehicle.plate")}
          <input ref={first} value={fields.plate} required maxLength={20} autocomplete="off" autocapitalize="characters" autofocus onInput={(event) => set({ plate: event.currentTarget.value })} />
          {same.map((each) => (
            <span key={each.id} class="quiet-text">
              {t("vehicle.already", { valid: validText(each), note: each.note })}
            </span>
          ))}
          {plate.length >= 5 && !looksUsual(plate) ? <span class="quiet-text">{t("vehicle.unusual", { plate: plateText(plate) })}</span> : null}
        </label>
        <label>
          {t("vehicle.note")}
          <input value={fields.note} maxLength={NOTE_MOST} placeholder={t("vehicle.note_hint")} onInput={(event) => set({ note: event.currentTarget.value })} />
        </label>
        <label>
          {t("vehicle.last_day")}
          <input type="date" value={fields.until} onInput={(event) => set({ until: event.currentTarget.value })} />
          <span class="quiet-text">{t("vehicle.last_day_about")}</span>
        </label>
      </div>
      <details class="numbers" open={fields.from !== "" || fields.uses !== "" || fields.cameras.length > 0}>
        <summary>{t("vehicle.more")}</summary>
        <div class="form-columns">
          <label>
            {t("vehicle.first_day")}
            <input type="date" value={fields.from} onInput={(event) => set({ from: event.currentTarget.value })} />
          </label>
          <label>
            {t("vehicle.uses")}
            <input type="number" min={1} step={1} value={fields.uses} onInput={(event) => set({ uses: event.currentTarget.value })} />
            <span class="quiet-text">{t("vehicle.uses_about")}</span>
          </label>
          <CameraTicks cameras={cameras} chosen={fields.cameras} onChoose={(chosen) => set({ cameras: chosen })} />
        </div>
      </details>
      {backwards ? (
        <p class="form-error" role="alert">
          {t("vehicle.backwards")}
        </p>
      ) : null}
      <div class="buttons">
        <button class="button primary" disabled={busy || !ready}>
          {vehicle === undefined ? t("vehicle.register") : t("vehicle.save")}
        </button>
        <button type="button" class="button quiet" onClick={onClose}>
          {t("action.hide")}
        </button>
      </div>
    </form>
  );
}

function CameraTicks({ cameras, chosen, onChoose }: { cameras: readonly Camera[]; chosen: readonly string[]; onChoose: (chosen: string[]) => void }) {
  const names = new Map<string, string>();
  for (const camera of cameras) names.set(camera.id, names.has(camera.id) ? `${names.get(camera.id)} / ${camera.name}` : camera.name);
  // What is named and not there any more can still be taken off.
  for (const id of chosen) if (!names.has(id)) names.set(id, id);
  if (names.size === 0) return null;
  return (
    <fieldset class="ticks">
      <legend>{t("vehicle.cameras")}</legend>
      {[...names].map(([id, name]) => (
        <label key={id}>
          <input
            type="checkbox"
            checked={chosen.includes(id)}
            onChange={(event) => onChoose(event.currentTarget.checked ? [...chosen, id] : chosen.filter((each) => each !== id))}
          />
          {name}
        </label>
      ))}
    </fieldset>
  );
}

function fieldsOf(vehicle: Vehicle): Fields {
  return {
    plate: plateText(vehicle.plate),
    note: vehicle.note,
    from: vehicle.valid_from === null ? "" : dayAt(Date.parse(vehicle.valid_from)),
    // A day that is over ends at the next one's midnight.
    until: vehicle.valid_until === null ? "" : dayAt(Date.parse(vehicle.valid_until) - 1),
    uses: vehicle.uses === null ? "" : String(vehicle.uses),
    cameras: vehicle.cameras,
  };
}

function saidBy(fields: Fields, before?: Vehicle): Said {
  const held = before === undefined ? EMPTY : fieldsOf(before);
  return {
    plate: normalPlate(fields.plate),
    note: fields.note.trim(),
    // What was not touched keeps its clock.
    valid_from: before !== undefined && fields.from === held.from ? before.valid_from : fields.from === "" ? null : midnight(fields.from),
    valid_until: before !== undefined && fields.until === held.until ? before.valid_until : fields.until === "" ? null : midnight(dayAfter(fields.until, 1)),
    cameras: [...fields.cameras],
    uses: fields.uses === "" ? null : Number(fields.uses),
  };
}

function midnight(day: string): string {
  const ms = momentOf(day, "00:00");
  // Where clocks are put forward at midnight the day begins at one.
  return new Date(clockAt(ms) === "00:00" ? ms : momentOf(day, "01:00")).toISOString();
}
