/** What keeps alarms quiet, what gateways propose to leave out, and who is told by HTTP. */

import { request } from "./client";
import type { Box, Gateway } from "./models";

export type SilenceKind = "silence" | "maintenance";

export interface Silence {
  id: string;
  kind: SilenceKind;
  owner: string;
  reason: string;
  starts_at: string;
  ends_at: string;
  scenario: string | null;
  gateway: string | null;
  camera: string | null;
  grid: string | null;
}

export type NewSilence = Pick<Silence, "kind" | "reason" | "ends_at"> &
  Partial<Record<"scenario" | "gateway" | "camera" | "grid", string>>;

export const silences = () => request<{ items: Silence[] }>("GET", "/silences").then((answer) => answer.items);

export const addSilence = (silence: NewSilence) => request<Silence>("POST", "/silences", silence);

export const endSilence = (id: string) => request<null>("DELETE", `/silences/${id}`);

/** What a gateway would leave out after false alarms, tried on its past week. */
export interface Proposal {
  camera: string;
  scenario: string;
  /** Kind of thing. */
  group: string;
  box: Box;
  /** Only what the model is less sure of than this; null: everything there. */
  least_score: number | null;
  spared: number;
  missed: number;
  unjudged: number;
  /** When it was tried, and on how many alarms of its kind; null: an older gateway does not say. */
  tried_at: string | null;
  tried_on: number | null;
  decision: "open" | "accepted" | "declined";
  decided_by: string | null;
  until: string | null;
}

/** What a candidate beside the running rules has come to. */
export interface Shadow {
  since: string;
  until: string;
  looks: number;
  /** Looks left out because the box was busy. */
  shed: number;
  /** Why its model was given up; null while it runs. */
  gave_up: string | null;
  alarms: ShadowTally[];
}

export interface ShadowTally {
  camera: string;
  scenario: string;
  running: number;
  shadow: number;
  both: number;
}

export type Advising = Gateway & { proposals: Record<string, Proposal>; names: Record<string, string>; shadows: Record<string, Shadow> };

export const advising = () => request<{ items: Advising[] }>("GET", "/gateways").then((answer) => answer.items);

export interface Webhook {
  name: string;
  host: string;
  seq: number;
  behind: number;
  delivered: number;
  last_at: string | null;
  failing_since: string | null;
  next_at: string | null;
  last_error: string | null;
  /** What it answered then; null beside an error: it could not be reached. */
  last_status: number | null;
  set_aside: { seq: number; at: string; error: string; status: number | null }[];
}

export const webhooks = () => request<{ items: Webhook[] }>("GET", "/webhooks").then((answer) => answer.items);

export const resend = (name: string) =>
  request<{ sent: number }>("POST", `/webhooks/${encodeURIComponent(name)}/resend`).then((answer) => answer.sent);
