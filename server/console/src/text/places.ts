/** How places are called where many are to choose from: seven grids may each have a 1号楼. */

import type { Territory } from "../api/statistics";

/** Id → name; where others are called the same, with the names of the places that it lies in before it. */
export function placeNames(places: readonly Territory[]): ReadonlyMap<string, string> {
  const byId = new Map(places.map((place) => [place.id, place]));
  const times = new Map<string, number>();
  for (const { name } of places) times.set(name, (times.get(name) ?? 0) + 1);
  return new Map(places.map((place) => [place.id, times.get(place.name) === 1 ? place.name : pathOf(place, byId)]));
}

function pathOf(place: Territory, byId: ReadonlyMap<string, Territory>): string {
  const names: string[] = [];
  const met = new Set<string>();
  for (let at: Territory | undefined = place; at && !met.has(at.id); at = at.parent === null ? undefined : byId.get(at.parent)) {
    met.add(at.id);
    names.unshift(at.name);
  }
  return names.join(" ");
}
