/** What workers do on their rounds: the diary, inspections, and what they are told. */

import { query, request } from "./client";
import type { Named, Notice, Page, Severity } from "./models";

export type DiaryKind = "visit" | "patrol" | "mediation" | "publicity" | "service" | "other";
export type ReportKind = "fire" | "ebike" | "garbage" | "blocked" | "facility" | "safety" | "other";
export type DangerKind = "danger" | "fire" | "medical";

export interface DiaryEntry {
  id: string;
  person: string;
  grid: string;
  at: string;
  kind: DiaryKind;
  words: string;
  photos: readonly string[];
  /** The case that was made of it. */
  case: string | null;
}

export interface Inspection {
  id: string;
  kind: string;
  title: string;
  grid: string;
  every_days: number;
  due_at: string;
  late: boolean;
  checks: readonly string[];
  assignee: string | null;
  last_done_at: string | null;
  ended_at: string | null;
}

/** A notice as its own person reads it. */
export interface Told extends Notice {
  severity: Severity;
  case_id: string | null;
  text_zh: string;
  text_en: string;
}

export const diary = (cursor?: string) => request<Page<DiaryEntry>>("GET", `/diary${query({ limit: 20, cursor })}`);

export const inspections = () =>
  request<{ items: Inspection[] }>("GET", "/inspections").then((answer) => answer.items.filter((each) => each.ended_at === null));

export const told = () => request<{ items: Told[] }>("GET", "/notices").then((answer) => answer.items);

export const acknowledgeNotice = (id: string) => request<Told>("POST", `/notices/${encodeURIComponent(id)}/acknowledge`, {});

/** The grids of one's places. */
export const grids = () => request<{ items: Named[] }>("GET", "/grids").then((answer) => answer.items);
