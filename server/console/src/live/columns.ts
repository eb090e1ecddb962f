/** The cases board: which column a case stands in, and which of a column comes first. */

import type { Case, CaseState } from "../api/models";

/** Columns from left to right by who is to act next: the control room, the worker, the control room again. */
export const COLUMNS = {
  to_send: ["new", "confirmed"],
  to_accept: ["dispatched"],
  at_work: ["accepted", "on_scene", "rework"],
  to_check: ["feedback", "verifying"],
  on_hold: ["suspended"],
} as const satisfies Record<string, readonly CaseState[]>;

export type Column = keyof typeof COLUMNS;

/** Every state that has a column: what is not settled. */
export const OPEN_STATES: readonly CaseState[] = Object.values(COLUMNS).flat();

const RANK = { red: 0, yellow: 1, blue: 2 } as const;

/** The cases of each column: the longest overdue first, those without a limit last, then by grade and age. */
export function byColumn(items: readonly Case[]): Record<Column, Case[]> {
  const names = Object.keys(COLUMNS) as Column[];
  const inColumn = (name: Column) => items.filter((item) => (COLUMNS[name] as readonly CaseState[]).includes(item.state));
  return Object.fromEntries(names.map((name) => [name, inColumn(name).sort(bySoonest)])) as Record<Column, Case[]>;
}

/** How many have run over their limit at `now` (ms). A suspended case's time is when it goes on, not a limit. */
export function overdue(items: readonly Case[], now: number): number {
  return items.filter((item) => item.state !== "suspended" && item.due_at !== null && Date.parse(item.due_at) < now).length;
}

function bySoonest(a: Case, b: Case): number {
  const [left, right] = [a, b].map((item) => (item.due_at === null ? Number.MAX_VALUE : Date.parse(item.due_at))) as [number, number];
  return left - right || RANK[a.severity] - RANK[b.severity] || Date.parse(a.opened_at) - Date.parse(b.opened_at);
}
