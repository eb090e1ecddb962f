/** What the API sends and takes, as agreed in its OpenAPI document. Times are RFC 3339 in UTC. */

export type Severity = "red" | "yellow" | "blue";
export type Role = "operator" | "worker" | "household_head" | "department" | "supervisor" | "admin" | "care" | "auditor";
export type DismissReason = "false_alarm" | "duplicate" | "test" | "other";
export type CameraSight = "watching" | "blind" | "off" | "unknown";

export type CaseState =
  | "new"
  | "confirmed"
  | "dispatched"
  | "accepted"
  | "on_scene"
  | "feedback"
  | "verifying"
  | "rework"
  | "suspended"
  | "closed"
  | "follow_up"
  | "evaluated"
  | "void"
  | "merged";

export type CaseAction =
  | "confirm"
  | "dispatch"
  | "accept"
  | "return"
  | "arrive"
  | "feedback"
  | "close"
  | "rework"
  | "void"
  | "reopen"
  | "merge"
  | "split"
  | "ask_suspend"
  | "ask_extend"
  | "approve"
  | "refuse"
  | "resume"
  | "whistle"
  | "help"
  | "report_in"
  | "supervise"
  | "follow_up"
  | "evaluate";

export type Tier = "high" | "medium" | "low" | "routine";

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export interface Named {
  id: string;
  name: string;
}

export interface User extends Named {
  username: string;
  roles: Role[];
  grids: string[];
  language: string | null;
}

/** Corners x1, y1, x2, y2 as fractions 0..1 of the frame. */
export type Box = [number, number, number, number];

export interface DetectedObject {
  label: string;
  score: number;
  box: Box;
  track: number | null;
}

export type ConditionValue = number | string | boolean | null;

export interface Condition {
  name: string;
  value: ConditionValue;
  limit: ConditionValue;
  met: boolean;
  unit: string | null;
  /** Of what is met whatever its value: what its limit is. */
  bound: "least" | "most" | null;
}

export interface Evidence {
  kind: "snapshot" | "clip" | "crop" | "photo" | "recheck";
  sha256: string;
  bytes: number;
  mime: string;
  url: string;
}

export interface AlarmEvidence extends Evidence {
  /** False while the gateway still holds the file. */
  available: boolean;
}

export interface Plate {
  text: string | null;
  confidence: number;
  status: "known" | "unknown" | "unreadable";
}

export interface Alarm {
  id: string;
  occurrence: string;
  scenario: string;
  severity: Severity;
  severity_reason: string | null;
  state: "active" | "cleared";
  disposition: "open" | "reported" | "dismissed";
  disposition_reason: string | null;
  camera: Named;
  gateway: string;
  grid: Named | null;
  zone: string | null;
  /** Corners of the zone as fractions of the frame; null: all of it. */
  outline: [number, number][] | null;
  started_at: string;
  updated_at: string;
  ended_at: string | null;
  end_reason: string | null;
  received_at: string;
  objects: DetectedObject[];
  votes: { yes: number; of: number } | null;
  dwell_s: number;
  attributes: { plate?: Plate | null; stage?: string | null };
  explain: Condition[];
  evidence: AlarmEvidence[];
  case_id: string | null;
  /** After ISA-18.2; shelved by a silence, out of service by maintenance. */
  standing: "unacknowledged" | "acknowledged" | "returned_unacknowledged" | "normal" | "shelved" | "out_of_service";
  acknowledged_by: string | null;
  /** What that person is called. */
  acknowledged_by_name: string | null;
  acknowledged_until: string | null;
  silence: string | null;
  repeats: number;
  flapping: boolean;
}

export interface Timers {
  waiting: number;
  /** Those that passed and on which nobody has acted, the oldest first. */
  stalled: { subject: string; kind: string; due_at: string; attempts: number; last_error: string | null }[];
}

export type DeliveryState = "queued" | "withdrawn" | "sent" | "delivered" | "seen" | "acknowledged" | "failed";

/** What a person was told, and how far it came on each channel. */
export interface Notice {
  id: string;
  person: Named;
  kind: string;
  at: string;
  deliveries: { channel: string; state: DeliveryState; at: string; attempts: number; error: string | null }[];
}

/** A case as lists and the feed carry it. */
export interface Case {
  id: string;
  number: string;
  /** In Chinese, as it was opened; `topic` is its code and `scene` where, null for cases from before there were topics. */
  title: string;
  topic: string | null;
  scene: string | null;
  source: string;
  scenario: string | null;
  severity: Severity;
  state: CaseState;
  version: number;
  camera: Named | null;
  /** The other cameras at which it was seen. */
  also: Named[];
  grid: Named | null;
  opened_at: string;
  updated_at: string;
  due_at: string | null;
  handler: Named | null;
  /** Their account is disabled: nobody goes until somebody else is sent. */
  handler_gone: boolean;
  /** The limit that the step had before it was extended. */
  first_due_at: string | null;
  /** While suspended: seconds that were left of the step's limit; `due_at` is when it goes on. */
  paused_left_s: number | null;
  asked: { action: "ask_suspend" | "ask_extend"; until: string; by: string; by_name: string; reason: string } | null;
  supervised: boolean;
  whistles: { department: string; name: string; due_at: string; reported_at: string | null }[];
  merged_into: string | null;
  tier: Tier | null;
  score: number | null;
  /** Residents who said by a QR code that they see it, too: a hint, nobody checks who taps. */
  seen_by: number;
  alarms: string[];
  allowed: CaseAction[];
}

export interface HistoryEntry {
  seq: number;
  at: string;
  actor: Named | null;
  action: string;
  from_state: CaseState | null;
  to_state: CaseState;
  note: string | null;
  data: Record<string, unknown>;
}

export interface CaseEvidence extends Evidence {
  at: string;
  stage: "before" | "after";
}

export interface CaseDetail extends Case {
  primary_alarm: Alarm | null;
  /** Those that joined it, in that order. */
  other_alarms: Alarm[];
  history: HistoryEntry[];
  evidence: CaseEvidence[];
}

export interface Reason {
  code: string;
  text_zh: string;
  text_en: string;
}

export interface Candidate {
  user: Named;
  /** The case's grid, when the candidate works there. */
  grid: string | null;
  fit: boolean;
  reasons: Reason[];
  why_not: Reason[];
}

export interface Camera extends Named {
  gateway: string;
  grid: Named | null;
  building: Named | null;
  state: CameraSight;
  reason: string | null;
  detail: string | null;
  since: string | null;
  last_alarm_at: string | null;
  proofs: readonly Proof[];
  /** Minutes of the gateway's newest day; null until it has told. */
  coverage: { day: string; watching_min: number; blind_min: number; off_min: number } | null;
}

/** The newest trial of a camera and scenario; `passed` is null until its end is told. */
export interface Proof {
  kind: "test" | "self_test";
  scenario: string;
  at: string;
  passed: boolean | null;
  conditions: readonly Condition[];
}

export interface Stream {
  fps: number | null;
  skew_s: number | null;
  memory_bytes: number;
  reconnects: number;
  dropped: number;
}

export interface Gateway {
  id: string;
  online: boolean;
  version: string | null;
  last_seen_at: string | null;
  epoch: string | null;
  spool: { events: number; evidence: number; oldest_s: number } | null;
  clock_skew_s: number | null;
  last_sequence: number;
  gaps: number;
  /** How event numbers ended within 24 h; missing ones are waited for. */
  ledger: { missing: number; lost: number; refused: number; late: number; max_late_s: number };
  quarantined: number;
  registered: boolean;
  /** Two boxes go by this name. */
  rival: boolean;
  /** Events given up, by scenario. */
  dropped: Record<string, number>;
  /** Files given up before their upload. */
  evidence_dropped: number;
  /** Looks left out because the box was too busy, by scenario. */
  shed: Record<string, number>;
  /** How its cameras' streams are doing, by camera. */
  streams: Record<string, Stream>;
  clock_offset_s: number | null;
  certificate_expires_at: string | null;
  certificate_ends_soon: boolean;
}

export interface Command {
  id: string;
  gateway: string;
  name: string;
  state: "waiting" | "answered" | "timed_out";
  outcome: string | null;
  detail: string | null;
  issued_at: string;
  answered_at: string | null;
}

export interface Quarantined {
  id: number;
  received_at: string;
  topic: string;
  reason: string;
  source: string | null;
  size: number;
  payload_preview: string;
  /** How often the same message came. */
  times: number;
}

/** Of a bounded quarantine: `dropped` counts the oldest, which were let go for want of room. */
export interface QuarantinePage extends Page<Quarantined> {
  dropped: number;
}

export interface Overview {
  open_alarms: Record<Severity, number>;
  /** Those, and cases for the control room to judge, send or check: what its list has. */
  waiting: Record<Severity, number>;
  cases: Partial<Record<CaseState, number>>;
  cameras: { watching: number; blind: number; off: number; total: number };
  site: { id: string; name: string; timezone: string };
  feed_seq: number;
  /** Gateways whose alarms have wrong times. */
  wrong_clocks: number;
}

export interface Place {
  lat: number;
  lon: number;
  accuracy_m: number;
}

export interface FeedMessage {
  seq: number;
  at: string;
  kind: "alarm" | "case" | "camera" | "gateway";
  id: string;
  change: string;
  alarm?: Alarm | null;
  case?: Case | null;
}

export interface Heartbeat {
  at: string;
  seq: number;
  /** What keeps alarms and camera states from coming in; a dispatcher of before says nothing of it. */
  intake_blocked_by?: "broker" | "database" | null;
}
