/** What needs the control room now: open alarms and cases that wait for it, one row each, that never move by themselves. */

import { computed, signal } from "@preact/signals";
import type { Alarm, Case, FeedMessage, Severity } from "../api/models";

/** What a row asks of the operator: judge an alarm, send somebody, check what was done; `none` once that has happened. */
export type Need = "judge" | "dispatch" | "verify" | "none";

/** An alarm, the case it became, or both. */
export interface Row {
  /** The alarm's id; for a case without an alarm, the case's. */
  key: string;
  alarm: Alarm | null;
  case: Case | null;
}

/** How filling a board goes. */
export interface BoardState {
  loading: boolean;
  error: string | null;
  /** There is more than was fetched. */
  more: boolean;
  reload: () => void;
}

const RANK: Record<Severity, number> = { red: 0, yellow: 1, blue: 2 };

export function needOf(row: Row): Need {
  switch (row.case?.state) {
    case undefined:
      break;
    case "new":
    case "confirmed":
      return "dispatch";
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

/** Red, and nobody has it yet: not taken up, not put away for a while, nobody sent. */
export function isLoud(row: Row): boolean {
  if (severityOf(row) !== "red") return false;
  const need = needOf(row);
  if (need === "dispatch") return true;
  const quiet = row.alarm?.standing === "shelved" || row.alarm?.standing === "out_of_service";
  return need === "judge" && row.alarm?.acknowledged_by === null && !quiet;
}

export function severityOf(row: Row): Severity {
  return row.case?.severity ?? row.alarm?.severity ?? "blue";
}

/** When it began, RFC 3339. */
export function beganAt(row: Row): string {
  return row.alarm?.started_at ?? row.case?.opened_at ?? "";
}

function before(a: Row, b: Row): number {
  return RANK[severityOf(a)] - RANK[severityOf(b)] || Date.parse(beganAt(b)) - Date.parse(beganAt(a));
}

export class Board {
  /** The rows on the screen, gravest first, then newest first. */
  readonly rows = signal<readonly Row[]>([]);
  /** What came while the operator was busy; shown when they ask. */
  readonly pending = signal<readonly Row[]>([]);
  readonly selectedKey = signal<string | null>(null);
  readonly selected = computed(() => this.rows.value.find((row) => row.key === this.selectedKey.value) ?? null);
  /** The list is scrolled, or the pointer is over it. */
  readonly busy = signal(false);

  /** The row that came last, for those who hear the page instead of seeing it. */
  readonly arrived = signal<Row | null>(null);

  /** What must be heard: what is loud, on the screen or held back, and was not quieted here. */
  readonly sounding = computed(() =>
    [...this.rows.value, ...this.pending.value].filter((row) => isLoud(row) && !this.heard.value.has(row.key)),
  );
  private readonly heard = signal<ReadonlySet<string>>(new Set());

  private chosen = false;

  /** Replace everything by what the dispatcher has now. */
  load(alarms: readonly Alarm[], cases: readonly Case[]): void {
    const rows = new Map<string, Row>(alarms.map((alarm) => [alarm.id, { key: alarm.id, alarm, case: null }]));
    for (const item of cases) {
      const key = item.alarms.find((id) => rows.has(id)) ?? item.alarms[0] ?? item.id;
      rows.set(key, { key, alarm: rows.get(key)?.alarm ?? null, case: item });
    }
    this.pending.value = [];
    this.rows.value = [...rows.values()].filter((row) => needOf(row) !== "none").sort(before);
    if (this.selected.value === null) this.release();
  }

  /** Take a message of the feed. */
  take(message: FeedMessage): void {
    if (message.alarm) this.putAlarm(message.alarm);
    if (message.case) this.putCase(message.case);
  }

  putAlarm(alarm: Alarm): void {
    const known = this.find((row) => row.key === alarm.id || row.case?.alarms.includes(alarm.id) === true);
    // A reported alarm is shown by its case; an unknown one that nobody has to judge is history.
    if (known === undefined && alarm.disposition !== "open") return;
    // An undone report leaves no case behind.
    const kept = alarm.disposition === "reported" ? (known?.case ?? null) : null;
    this.put({ key: known?.key ?? alarm.id, alarm, case: kept });
  }

  putCase(item: Case): void {
    const known = this.find((row) => row.case?.id === item.id || item.alarms.includes(row.key));
    if (known?.case?.id === item.id && known.case.version > item.version) return;
    // A void case whose alarm is open again is no longer what the row is about.
    const gone = item.state === "void" && known?.alarm?.disposition === "open";
    const key = known?.key ?? item.alarms[0] ?? item.id;
    this.put({ key, alarm: known?.alarm ?? null, case: gone ? null : item });
  }

  /** Add the alarm of a row that is known by its case alone. */
  fill(alarm: Alarm): void {
    const known = this.find((row) => row.key === alarm.id || row.case?.alarms.includes(alarm.id) === true);
    if (known !== undefined) this.put({ ...known, alarm });
  }

  /** The operator picks a row: it stays put until they leave it. */
  select(key: string): void {
    this.chosen = true;
    this.selectedKey.value = key;
    this.tidy();
  }

  /** Whoever sits here has heard what sounds now; the next red one sounds again. */
  hush(): void {
    this.hear(...this.sounding.value.map((row) => row.key));
  }

  /** Whoever sits here has these rows in hand. */
  hear(...keys: string[]): void {
    this.heard.value = new Set([...this.heard.value, ...keys]);
  }

  /** Step by `by` rows from the selected one. */
  step(by: number): void {
    const rows = this.rows.value;
    const at = rows.findIndex((row) => row.key === this.selectedKey.value);
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
    if (next !== undefined) this.select(next.key);
  }

  /** The operator lets go: nothing is held, and the first row is what they look at. */
  release(): void {
    this.chosen = false;
    this.selectedKey.value = this.rows.value.find((row) => needOf(row) !== "none")?.key ?? null;
    this.tidy();
  }

  /** Bring in what came meanwhile. */
  showPending(): void {
    this.rows.value = [...this.rows.value, ...this.pending.value]
      .filter((row) => needOf(row) !== "none" || row.key === this.selectedKey.value)
      .sort(before);
    this.pending.value = [];
    if (this.selected.value === null) this.release();
  }

  private find(test: (row: Row) => boolean): Row | undefined {
    return this.rows.value.find(test) ?? this.pending.value.find(test);
  }

  private put(row: Row): void {
    const same = (other: Row) => other.key === row.key;
    if (this.rows.value.some(same)) {
      this.rows.value = this.rows.value.map((other) => (same(other) ? row : other));
      if (!this.busy.value) this.tidy();
    } else if (needOf(row) === "none") {
      this.pending.value = this.pending.value.filter((other) => !same(other));
    } else if (this.pending.value.some(same)) {
      this.pending.value = this.pending.value.map((other) => (same(other) ? row : other));
    } else if (this.busy.value || this.chosen) {
      this.arrived.value = row;
      this.pending.value = [...this.pending.value, row];
    } else {
      this.arrived.value = row;
      this.rows.value = [...this.rows.value, row].sort(before);
      if (this.selectedKey.value === null) this.selectedKey.value = row.key;
    }
  }

  /** Take away what is done, except the row that is being looked at. */
  private tidy(): void {
    const kept = this.rows.value.filter((row) => needOf(row) !== "none" || row.key === this.selectedKey.value);
    if (kept.length !== this.rows.value.length) this.rows.value = kept;
  }
}
