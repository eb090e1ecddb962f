/** Drawing zones: what is drawn, and the way back and forth. */

import type { Corner, Zones } from "../api/ask";

export interface Drawing {
  zones: Zones;
  past: readonly Zones[];
  future: readonly Zones[];
}

export const LEAST_CORNERS = 3;
const MOST_PAST = 100;
/** As the wire has it. */
const NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;

export const begin = (zones: Zones): Drawing => ({ zones, past: [], future: [] });

/** Draw something; with `goingOn` it belongs to the step before it, as while a corner is dragged. */
export function draw(drawing: Drawing, zones: Zones, goingOn = false): Drawing {
  if (goingOn) return { ...drawing, zones };
  return { zones, past: [...drawing.past.slice(-MOST_PAST + 1), drawing.zones], future: [] };
}

export function undo(drawing: Drawing): Drawing {
  const before = drawing.past.at(-1);
  if (before === undefined) return drawing;
  return { zones: before, past: drawing.past.slice(0, -1), future: [drawing.zones, ...drawing.future] };
}

export function redo(drawing: Drawing): Drawing {
  const [after, ...rest] = drawing.future;
  if (after === undefined) return drawing;
  return { zones: after, past: [...drawing.past, drawing.zones], future: rest };
}

/** To a thousandth of the picture, and never outside of it. */
const inside = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * 1000) / 1000;

export function moveCorner(zones: Zones, name: string, index: number, to: Corner): Zones {
  const corners = zones[name] ?? [];
  return { ...zones, [name]: corners.map((corner, at): Corner => (at === index ? [inside(to[0]), inside(to[1])] : corner)) };
}

/** A corner in the middle of the edge that begins at `index`. */
export function splitEdge(zones: Zones, name: string, index: number): Zones {
  const corners = zones[name] ?? [];
  const from = corners[index];
  const to = corners[(index + 1) % corners.length];
  if (from === undefined || to === undefined) return zones;
  const middle: Corner = [inside((from[0] + to[0]) / 2), inside((from[1] + to[1]) / 2)];
  return { ...zones, [name]: [...corners.slice(0, index + 1), middle, ...corners.slice(index + 1)] };
}

/** Three corners remain in any case. */
export function removeCorner(zones: Zones, name: string, index: number): Zones {
  const corners = zones[name] ?? [];
  if (corners.length <= LEAST_CORNERS) return zones;
  return { ...zones, [name]: corners.filter((_, at) => at !== index) };
}

export function removeZone(zones: Zones, name: string): Zones {
  return Object.fromEntries(Object.entries(zones).filter(([each]) => each !== name));
}

export const isFreeName = (zones: Zones, name: string) => NAME.test(name) && !(name in zones);

/** A new zone in the middle of the picture. */
export function addZone(zones: Zones, name: string): Zones {
  return { ...zones, [name]: [[0.35, 0.4], [0.65, 0.4], [0.65, 0.75], [0.35, 0.75]] };
}

export const isSame = (one: Zones, other: Zones) => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));

const sorted = (zones: Zones) => Object.entries(zones).sort(([a], [b]) => (a < b ? -1 : 1));
