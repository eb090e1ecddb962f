/** Who works when. */

import { query, request } from "./client";
import type { Named, Role } from "./models";

export type ShiftKind = "duty" | "surge" | "rest" | "leave";

export interface Shift {
  id: string;
  person: string;
  kind: ShiftKind;
  starts_at: string;
  ends_at: string;
  note: string | null;
}

export interface Person extends Named {
  roles: Role[];
  grids: string[];
}

export interface Rotation {
  name: string;
  first: string;
  days: number;
  /** Names of posts, or `rest`, a day each. */
  pattern: string[];
  posts: Record<string, { begins: string; ends: string }>;
  people: { person: string; offset: number }[];
}

export interface Plan {
  made: boolean;
  created: number;
  updated: number;
  removed: number;
  shifts: Shift[];
  warnings: { code: string; person: string; at: string; text_zh: string; text_en: string }[];
  uncovered: { first: string; last: string }[];
}

export const shifts = (first: string, last: string) =>
  request<{ items: Shift[] }>("GET", `/shifts${query({ first, last })}`).then((answer) => answer.items);

export const saveShift = (shift: Shift) => request<Shift>("POST", "/shifts", shift);

export const removeShift = (id: string) => request<null>("DELETE", `/shifts/${id}`);

export const rotate = (rotation: Rotation, dryRun: boolean) =>
  request<Plan>("POST", `/rotations${query({ dry_run: dryRun || undefined })}`, rotation);

/** Who can be on a roster, each once: household heads are many, and are on none. */
export async function staff(): Promise<Person[]> {
  const roles = ["operator", "supervisor", "worker"] as const;
  const found = await Promise.all(roles.map((role) => request<{ items: Person[] }>("GET", `/people${query({ role })}`)));
  return [...new Map(found.flatMap(({ items }) => items).map((person) => [person.id, person])).values()];
}

export const people = () => request<{ items: Person[] }>("GET", "/people").then((answer) => answer.items);
