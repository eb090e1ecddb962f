/** Messages that the dispatcher could not take, and what becomes of them. */

import { query, request } from "./client";
import type { QuarantinePage as ListedPage, Quarantined as Listed } from "./models";

export type QuarantineState = "waiting" | "taken" | "discarded";

export interface Quarantined extends Listed {
  /** Stable word for `reason`, and what it names; null: only the sentence is known. */
  code: string | null;
  said: Record<string, string>;
  state: QuarantineState;
  ended_at: string | null;
  /** Null beside a time: whoever runs the machine. */
  ended_by: string | null;
  /** Why it was discarded. */
  note: string | null;
  /** The alarm that it told of when it was taken. */
  alarm: string | null;
}

export interface QuarantineDetail extends Quarantined {
  payload: string | null;
  /** What is no text. */
  payload_base64: string | null;
  /** False: only the beginning is kept. */
  whole: boolean;
  /** For those cleared for care only. */
  hidden: boolean;
  replayable: boolean;
}

export interface QuarantinePage extends ListedPage {
  items: Quarantined[];
}

export const quarantine = (state: QuarantineState | undefined, cursor?: string) =>
  request<QuarantinePage>("GET", `/quarantine${query({ state, cursor, limit: 50 })}`);

export const message = (id: number) => request<QuarantineDetail>("GET", `/quarantine/${id}`);

export const replay = (id: number) => request<QuarantineDetail>("POST", `/quarantine/${id}/replay`);

export const discard = (id: number, reason: string) =>
  request<QuarantineDetail>("POST", `/quarantine/${id}/discard`, { reason });
