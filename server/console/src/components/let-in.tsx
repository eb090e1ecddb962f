import { useLayoutEffect, useState } from "preact/hooks";
import * as api from "../api/vehicles";
import type { Period, Vehicle } from "../api/vehicles";
import type { Alarm } from "../api/models";
import { now } from "../live/clock";
import { bindKeys } from "../live/keys";
import { attempt, tell } from "../live/notices";
import { leadsSite } from "../live/powers";
import { user } from "../live/session";
import { t } from "../text/i18n";
import { plateText, standingOf, validText } from "../text/plate";
import { Show, useLoad } from "./load";
import "../styles/panel.css";
import "../styles/vehicles.css";

const PERIODS: readonly Period[] = ["tonight", "week", "resident"];

/** Whether the vehicle that an alarm is about can be let in: somebody read its plate, and it is on no list. */
export function canLetIn(alarm: Alarm): boolean {
  const plate = alarm.attributes.plate;
  return alarm.scenario === "unfamiliar_vehicle" && plate?.text != null && plate.status !== "known";
}

/** Somebody's known car is no stranger's: one tap and the next alarm for it is none. */
export function LetIn({ alarm }: { alarm: Alarm }) {
  const [open, setOpen] = useState(false);
  const can = canLetIn(alarm);
  useLayoutEffect(() => (can ? bindKeys({ p: () => setOpen((held) => !held) }) : undefined), [can]);
  if (!can) return null;
  return (
    <div class="let-in">
      <button class="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t("let_in.open")} <kbd>P</kbd>
      </button>
      {open ? <Choices alarm={alarm} onClose={() => setOpen(false)} /> : null}
    </div>
  );
}

function Choices({ alarm, onClose }: { alarm: Alarm; onClose: () => void }) {
  const found = useLoad(() => api.alarmVehicle(alarm.id), alarm.id);
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const take = async (action: () => Promise<void>) => {
    if (busy) return;
    setBusy(true);
    await attempt(action);
    setBusy(false);
  };
  const takeBack = async (vehicle: Vehicle) => {
    await api.removeVehicle(vehicle.id);
    found.reload();
    tell(t("let_in.undone", { plate: plateText(vehicle.plate) }));
  };
  const choose = (period: Period) =>
    take(async () => {
      const made = await api.letIn(alarm.id, period, note.trim());
      found.reload();
      tell(t("let_in.done", { plate: plateText(made.plate), valid: validText(made) }), () => takeBack(made));
    });
  const periods = PERIODS.filter((period) => period !== "resident" || leadsSite());
  useLayoutEffect(() => {
    const numbers = periods.map((period, index) => [String(index + 1), () => void choose(period)] as const);
    return bindKeys({ ...Object.fromEntries(numbers), Escape: onClose });
  });
  const mine = (vehicle: Vehicle) => leadsSite() || vehicle.registered_by === user.value?.id;
  return (
    <div class="panel">
      <Show of={found}>
        {({ plate, registered }) => (
          <>
            <p>
              <span class="plate">{plateText(plate)}</span> {registered.length === 0 ? t("let_in.none") : t("let_in.some")}
            </p>
            {registered.length === 0 ? null : (
              <ul class="let-in-list">
                {registered.map((vehicle) => (
                  <li key={vehicle.id} class="let-in-row">
                    <span>
                      {t(`vehicle_standing.${standingOf(vehicle, now.value)}`)} · {validText(vehicle)}
                      {vehicle.note === "" ? null : <> · {vehicle.note}</>}
                    </span>
                    {mine(vehicle) ? (
                      <button class="button small" disabled={busy} onClick={() => void take(() => takeBack(vehicle))}>
                        {t("let_in.take_back")}
                      </button>
                    ) : null}
                  </li>
                ))}
              </ul>
            )}
          </>
        )}
      </Show>
      <label>
        {t("vehicle.note")}
        <input value={note} maxLength={100} placeholder={t("vehicle.note_hint")} onInput={(event) => setNote(event.currentTarget.value)} />
      </label>
      <div class="buttons" role="group" aria-label={t("let_in.how_long")}>
        {periods.map((period, index) => (
          <button key={period} type="button" class="button" disabled={busy} onClick={() => void choose(period)}>
            {t(`let_in_period.${period}`)} <kbd>{index + 1}</kbd>
          </button>
        ))}
      </div>
      <p class="quiet-text">{t("let_in.about")}</p>
    </div>
  );
}
