/** The site's policy: what is in force, what was, and trying another one on the past. Spans are texts: "5min", "8h working". */

import { query, request } from "./client";
import type { CaseState, Named, Page, Severity, Tier } from "./models";

export type Graded = Record<Severity, string>;
export type LimitState = "new" | "confirmed" | "dispatched" | "accepted" | "on_scene" | "rework" | "verifying" | "follow_up";
export type Weekday = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";

export interface GradeRule {
  scenario: string;
  at_least: Severity;
  during: string | null;
  repeats: number;
}

export interface Way {
  between: [string, string];
  within: string;
  one_way: boolean;
}

export interface PolicyContent {
  limits: Record<LimitState, Graded>;
  calendar: { weekdays: Weekday[]; hours: string[]; holidays: string[]; makeup_days: string[] };
  escalation: { rungs: number; dispatches_itself: Severity[]; skills: Record<string, string>; quiet_hours: string | null };
  grouping: { wait: string; interval: string; repeat: string };
  follow_up: Record<Tier, string | null>;
  report_in: Graded;
  acknowledged_for: Graded;
  same_thing: { ways: Way[]; overlaps: [string, string][] };
  grades: GradeRule[];
  reopen_within: string | null;
}

export interface Policy {
  version: number;
  at: string | null;
  by: Named | null;
  reason: string;
  content: PolicyContent;
}

export interface Compared {
  now: number;
  then: number;
}

export interface Trial {
  days: number;
  cases: number;
  steps: number;
  pages: Compared;
  late_cases: Compared;
  newly_late: string[];
  newly_late_count: number;
  no_longer_late: string[];
  no_longer_late_count: number;
  limits: { state: CaseState; severity: Severity; late: Compared; pages: Compared }[];
  kinds: { scenario: string | null; late: Compared; pages: Compared }[];
}

export const policy = () => request<Policy>("GET", "/policy");

export const policies = (cursor?: string) => request<Page<Policy>>("GET", `/policy/versions${query({ cursor, limit: 20 })}`);

/** Everything that a draft says, the usual put in where it says nothing; a Problem names what cannot be read. */
export const check = (content: unknown) => request<{ content: PolicyContent; unknown_cameras: string[] }>("POST", "/policy/check", { content });

export const tryOut = (content: PolicyContent, days: number) => request<Trial>("POST", "/policy/trial", { content, days });

export const activate = (content: PolicyContent, reason: string, version: number) =>
  request<Policy>("POST", "/policy", { content, reason, version });
