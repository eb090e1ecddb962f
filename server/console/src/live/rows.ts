/** A row of the control room: what it asks for, how grave it is, and which comes first. */

import type { Alarm, Case, Severity } from "../api/models";

/**
 * What a row asks of the operator: judge an alarm or what people reported, send somebody, watch a red one until somebody is on the scene, check
 * what was done; `none` once that has happened.
 */
export type Need = "judge" | "dispatch" | "watch" | "verify" | "none";

/** An alarm, the case it became, or both. */
export interface Row {
  /** The alarm's id; for a case without an alarm, the case's. */
  key: string;
  alarm: Alarm | null;
  case: Case | null;
}

const RANK: Record<Severity, number> = { red: 0, yellow: 1, blue: 2 };

export function needOf(row: Row): Need {
  // Whoever has it cannot sign in any more: somebody else has to be sent.
  if (row.case?.handler_gone === true && row.case.state !== "suspended") return "dispatch";
  switch (row.case?.state) {
    case undefined:
      break;
    case "new":
      return "judge";
    case "confirmed":
      return "dispatch";
    case "dispatched":
    case "accepted":
      // The dispatcher may have sent somebody by itself: a fire must not leave the screen before anybody has seen it.
      return row.case?.severity === "red" ? "watch" : "none";
    case "feedback":
    case "verifying":
      return "verify";
    default:
      return "none";
  }
  if (row.alarm?.disposition === "open") return "judge";
  // Reported, and its case is on the way in the next message.
  return row.alarm?.disposition === "reported" ? "dispatch" : "none";
}

/** Red, and nobody has it yet: not taken up, not put away for a while, nobody sent who has said that they go. */
export function isLoud(row: Row): boolean {
  if (severityOf(row) !== "red") return false;
  const need = needOf(row);
  if (need === "dispatch") return true;
  if (need === "watch") return row.case?.state === "dispatched";
  const quiet = row.alarm?.standing === "shelved" || row.alarm?.standing === "out_of_service";
  // What people reported cannot be taken up: it is heard until it is judged.
  return need === "judge" && (row.alarm?.acknowledged_by ?? null) === null && !quiet;
}

/**
 * Whether more has come of it since `earlier`: it was seen once more, or its limit has gone by and the next rung is asked
 * (the clock starts again in the same state).
 */
export function isWorse(row: Row, earlier: Row): boolean {
  const missed = row.case?.state === earlier.case?.state && (row.case?.due_at ?? "") > (earlier.case?.due_at ?? "");
  return missed || timesOf(row) > timesOf(earlier);
}

export function severityOf(row: Row): Severity {
  return row.case?.severity ?? row.alarm?.severity ?? "blue";
}

/** When it began, RFC 3339. */
export function beganAt(row: Row): string {
  const { alarm } = row;
  if (alarm === null) return row.case?.opened_at ?? "";
  // A gateway whose clock is ahead dates what it sees in the future; we had it before that.
  return alarm.started_at < alarm.received_at ? alarm.started_at : alarm.received_at;
}

/** Order of the list: the gravest first, then the newest. Times of the API compare as texts. */
export function before(a: Row, b: Row): number {
  const rank = RANK[severityOf(a)] - RANK[severityOf(b)];
  if (rank !== 0) return rank;
  const [left, right] = [beganAt(a), beganAt(b)];
  return left === right ? 0 : left < right ? 1 : -1;
}

/** How many sightings the row stands for: alarms of its case. */
export function timesOf(row: Row): number {
  return row.case?.alarms.length ?? 1;
}

/** The how-manieth alarm of its kind at its camera within half an hour it is: the earlier ones have rows of their own. */
export function turnOf(row: Row): number {
  return row.case === null ? (row.alarm?.repeats ?? 1) : 1;
}
