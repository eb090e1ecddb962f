/** Whether somebody has been shown around. Kept in this browser, by account: two people at one desk are shown one each. */

import { signal } from "@preact/signals";

export type TourName = "control" | "worker";

const key = (name: TourName, person: string) => `lookout.toured.${name}.${person}`;

/** The tour that goes on now, and how far it is; null: none does. */
export const touring = signal<{ name: TourName; step: number } | null>(null);

export function wasShown(name: TourName, person: string): boolean {
  return localStorage.getItem(key(name, person)) !== null;
}

/** Nobody is asked again. */
export function remember(name: TourName, person: string): void {
  localStorage.setItem(key(name, person), new Date().toISOString());
}
