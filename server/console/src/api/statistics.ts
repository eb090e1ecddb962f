/** Figures about a span of days, and the places that they can be asked for. */

import { query, request } from "./client";
import type { Named, Severity } from "./models";

export interface Work {
  opened: number;
  done: number;
  open: number;
  void: number;
  merged: number;
  in_time: number;
  late: number;
  /** Of those that are done; null while there are none. */
  in_time_share: number | null;
}

export interface Judged {
  total: number;
  real: number;
  false: number;
  duplicate: number;
  other: number;
  open: number;
  false_rate: number | null;
}

export type Step = "confirm" | "dispatch" | "on_scene" | "close";

export interface Timing {
  step: Step;
  /** Null: over all grades. */
  severity: Severity | null;
  count: number;
  p50_s: number;
  p90_s: number;
}

export interface CameraFigures {
  gateway: string;
  camera: Named;
  scenario: string;
  alarms_per_day: number;
  alarms: Judged;
}

export interface Statistics {
  first: string;
  last: string;
  timezone: string;
  place: Named | null;
  cases: Work;
  alarms: Judged;
  times: Timing[];
  cameras: CameraFigures[];
  grids: { grid: Named | null; cases: Work }[];
  people: { person: Named; cases: Work; way_there_p50_s: number | null }[];
  sources: { source: string; cases: Work }[];
  days: { day: string; cases: Work; alarms: Judged }[];
}

/** Days as "2026-11-22", both included; what is left out is the dispatcher's to choose. */
export type StatisticsQuery = { first?: string | undefined; last?: string | undefined; place?: string | undefined };

export type StatisticsTable = "times" | "cameras" | "grids" | "people" | "days";

export interface Territory extends Named {
  level: "district" | "street" | "community" | "grid";
  parent: string | null;
}

export const statistics = (asked: StatisticsQuery) => request<Statistics>("GET", `/statistics${query(asked)}`);

/** Addresses for links: the browser fetches them with the session's cookie. */
export const statisticsJson = (asked: StatisticsQuery) => `/api/v1/statistics${query(asked)}`;
export const statisticsCsv = (table: StatisticsTable, asked: StatisticsQuery, words: string) =>
  `/api/v1/statistics/${table}.csv${query({ ...asked, words })}`;

export const territories = () =>
  request<{ items: Territory[] }>("GET", "/territories").then((answer) => answer.items);
