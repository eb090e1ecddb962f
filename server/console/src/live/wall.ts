/** Which tiles the wall shows, and which is next to which. */

import type { Alarm, Camera, CameraSight, Severity } from "../api/models";

export const SIGHTS: readonly CameraSight[] = ["watching", "blind", "off", "unknown"];

export interface WallFilter {
  sight: CameraSight | "all";
  /** Id of a grid; empty: everywhere. */
  grid: string;
  words: string;
}

/** The cameras that fit, those of one place together; a tile keeps its place whatever its camera sees. */
export function tilesOf(cameras: readonly Camera[], filter: WallFilter): Camera[] {
  const words = filter.words.trim().toLowerCase();
  return cameras
    .filter((camera) => filter.sight === "all" || camera.state === filter.sight)
    .filter((camera) => filter.grid === "" || camera.grid?.id === filter.grid)
    .filter((camera) => `${camera.name} ${camera.id} ${camera.grid?.name ?? ""}`.toLowerCase().includes(words))
    .sort(byPlace);
}

/** First those that somebody has to look after; among equals those of one place together. */
export function needyFirst(cameras: readonly Camera[]): Camera[] {
  return [...cameras].sort((a, b) => rank(a) - rank(b) || byPlace(a, b));
}

const NEED: readonly CameraSight[] = ["blind", "off", "unknown", "watching"];

/** A camera that watches has a reason where something beside its seeing fails: it comes after the blind. */
const rank = ({ state, reason }: Camera) => (state === "watching" && reason !== null ? 0.5 : NEED.indexOf(state));

/** Building 3 before building 12. */
const { compare } = new Intl.Collator("zh-CN", { numeric: true });

const byPlace = (a: Camera, b: Camera) => compare(placeOf(a), placeOf(b)) || compare(a.name, b.name);

const placeOf = (camera: Camera) => camera.grid?.id ?? "\uffff";

export function countBySight(cameras: readonly Camera[]): Record<CameraSight, number> {
  const counts: Record<CameraSight, number> = { watching: 0, blind: 0, off: 0, unknown: 0 };
  for (const camera of cameras) counts[camera.state] += 1;
  return counts;
}

/** The share of the time that is known of today in which the camera was watched; null while none is. */
export function watchedShare({ coverage }: Pick<Camera, "coverage">): number | null {
  if (coverage === null) return null;
  const known = coverage.watching_min + coverage.blind_min + coverage.off_min;
  return known > 0 ? coverage.watching_min / known : null;
}

const URGENCY: readonly Severity[] = ["red", "yellow", "blue"];

/** When each camera's newest of these alarms began, by `GATEWAY/CAMERA`. */
export function newest(alarms: readonly Alarm[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const alarm of alarms) {
    const key = `${alarm.gateway}/${alarm.camera.id}`;
    found.set(key, later(found.get(key) ?? null, alarm.started_at));
  }
  return found;
}

export function later(one: string | null, other: string): string {
  return one !== null && Date.parse(one) > Date.parse(other) ? one : other;
}

/** The gravest open alarm of each camera, by `GATEWAY/CAMERA`. */
export function gravest(alarms: readonly Alarm[]): Map<string, Severity> {
  const found = new Map<string, Severity>();
  for (const alarm of alarms) {
    const key = `${alarm.gateway}/${alarm.camera.id}`;
    const known = found.get(key);
    if (known === undefined || URGENCY.indexOf(alarm.severity) < URGENCY.indexOf(known)) found.set(key, alarm.severity);
  }
  return found;
}

/** The tile to which an arrow key leads from `index` in rows of `columns`; null where there is none. */
export function neighbour(key: string, index: number, count: number, columns: number): number | null {
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    Home: -index,
    End: count - 1 - index,
  };
  const step = steps[key];
  const next = step === undefined ? -1 : index + step;
  return next >= 0 && next < count && next !== index ? next : null;
}
