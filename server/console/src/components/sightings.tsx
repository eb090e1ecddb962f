import { useState } from "preact/hooks";
import type { Alarm, Case } from "../api/models";
import { toLookAt } from "../live/sightings";
import { momentTime } from "../text/format";
import { t } from "../text/i18n";
import { Scene } from "./scene";

/** Where, and when. */
export function sightingName(alarm: Alarm): string {
  return `${alarm.camera.name} · ${momentTime(alarm.started_at)}`;
}

interface SightingsProps {
  alarms: readonly Alarm[];
  /** Id of the one that is shown. */
  shown: string;
  onPick: (alarm: Alarm) => void;
}

/** A case that was seen several times, or at several places: each of them is one tap away. */
export function Sightings({ alarms, shown, onPick }: SightingsProps) {
  const offered = toLookAt(alarms);
  if (offered.length < 2) return null;
  return (
    <div class="sightings" role="group" aria-label={t("scene.seen_at")}>
      {offered.map((alarm) => (
        <button key={alarm.id} class="button small" aria-pressed={alarm.id === shown} onClick={() => onPick(alarm)}>
          {sightingName(alarm)}
        </button>
      ))}
    </div>
  );
}

/** Where else it was seen: whoever goes there must not miss the second fire. */
export function AlsoAt({ item }: { item: Pick<Case, "also"> }) {
  // What phones kept from before may lack it.
  const names = (item.also ?? []).map((each) => each.name);
  if (names.length === 0) return null;
  return (
    <p class="also-at">
      <strong>{t("scene.also_at", { places: names.join(t("scene.and")) })}</strong>
    </p>
  );
}

/** What was seen, the first of it until another is chosen. */
export function Scenes({ alarms }: { alarms: readonly Alarm[] }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const shown = alarms.find((alarm) => alarm.id === chosen) ?? alarms[0];
  if (shown === undefined) return null;
  return (
    <>
      <Sightings alarms={alarms} shown={shown.id} onPick={(alarm) => setChosen(alarm.id)} />
      <Scene key={shown.id} alarm={shown} />
    </>
  );
}
