/** Whether somebody has been shown around. The dispatcher keeps it by account; what a browser knows it does not ask. */

import { signal } from "@preact/signals";
import { request } from "../api/client";

export type TourName = "control" | "worker";

const key = (name: TourName, person: string) => `lookout.toured.${name}.${person}`;

/** The tour that goes on now, and how far it is; null: none does. */
export const touring = signal<{ name: TourName; step: number } | null>(null);

/** Whether this person has seen the tour, at whatever desk. True when nobody can tell: who has no network is at work. */
export async function wasShown(name: TourName, person: string): Promise<boolean> {
  if (localStorage.getItem(key(name, person)) !== null) return true;
  try {
    const { seen } = await request<{ seen: string[] }>("GET", "/session/tours");
    if (seen.includes(name)) keep(name, person);
    return seen.includes(name);
  } catch {
    return true;
  }
}

/** Nobody is asked again. */
export function remember(name: TourName, person: string): void {
  keep(name, person);
  // What does not arrive is asked once more at another desk, which is no harm.
  request("PUT", `/session/tours/${name}`).catch(() => undefined);
}

function keep(name: TourName, person: string): void {
  localStorage.setItem(key(name, person), new Date().toISOString());
}
