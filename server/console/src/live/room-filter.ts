/** Which rows of the control room are shown, and how that is kept as a saved view. */

import type { Severity } from "../api/models";
import { word } from "../text/i18n";
import { caseTitle } from "../text/title";
import { isLoud, type Row, severityOf } from "./rows";

/** What is null does not matter. The names are those of the saved views' queries. */
export interface RoomFilter {
  severity: Severity | null;
  scenario: string | null;
  /** Id of a grid. */
  place: string | null;
  /** Part of what it is, a place, a case's number or a person's name. */
  q: string | null;
}

export const ANY: RoomFilter = { severity: null, scenario: null, place: null, q: null };

export type Query = Record<string, string | boolean>;

export function isAny(filter: RoomFilter): boolean {
  return Object.values(filter).every((value) => value === null);
}

/** Red that nobody has yet is never hidden: somebody forgets that a filter is set. */
export function shows(filter: RoomFilter, row: Row): boolean {
  return isLoud(row) || fits(filter, row);
}

function fits(filter: RoomFilter, row: Row): boolean {
  if (filter.severity !== null && severityOf(row) !== filter.severity) return false;
  if (filter.scenario !== null && (row.case?.scenario ?? row.alarm?.scenario) !== filter.scenario) return false;
  if (filter.place !== null && gridOf(row)?.id !== filter.place) return false;
  return filter.q === null || said(row).includes(filter.q.toLowerCase());
}

export function gridOf(row: Row) {
  return row.case?.grid ?? row.alarm?.grid ?? null;
}

function said(row: Row): string {
  const words = [row.alarm && word("scenario", row.alarm.scenario), row.alarm?.camera.name, row.case?.camera?.name, row.case?.number, row.case?.handler?.name, row.case?.title, row.case && caseTitle(row.case)];
  words.push(...(row.case?.also.map((each) => each.name) ?? []));
  return [...words, gridOf(row)?.name, row.alarm?.attributes.plate?.text].filter(Boolean).join(" ").toLowerCase();
}

export function queryOf(filter: RoomFilter): Query {
  const set = Object.entries(filter).filter((entry): entry is [string, string] => entry[1] !== null);
  return Object.fromEntries(set);
}

/** The filter that a saved query asks for; null when it asks for more than rows can tell. */
export function filterOf(query: Query): RoomFilter | null {
  const known = Object.keys(query).every((name) => name in ANY);
  return known && Object.keys(query).length > 0 ? { ...ANY, ...(query as Partial<RoomFilter>) } : null;
}
