/** What needs the control room now: open alarms and cases that wait for it, one row each, that never move by themselves. */

import { batch, computed, type Signal, signal } from "@preact/signals";
import type { Alarm, Case, FeedMessage } from "../api/models";
import { ANY, isAny, type RoomFilter, shows } from "./room-filter";
import { before, isLoud, isWorse, needOf, type Row } from "./rows";

/** What was quieted sounds again then: a red one may take 60 s to be judged and 90 s to be accepted. */
export const QUIET_MIN = 3;

/** How filling a board goes. */
export interface BoardState {
  loading: boolean;
  error: string | null;
  /** There is more than was fetched. */
  more: boolean;
  reload: () => void;
}

export class Board {
  /** The rows on the screen, gravest first, then newest first. */
  readonly rows = signal<readonly Row[]>([]);
  /** What came while the operator was busy; shown when they ask. */
  readonly pending = signal<readonly Row[]>([]);
  readonly selectedKey = signal<string | null>(null);
  /** What the operator wants to see, and the rows and those held back that it leaves. */
  readonly filter = signal<RoomFilter>(ANY);
  readonly shown = computed(() => this.sifted(this.rows.value));
  readonly fresh = computed(() => this.sifted(this.pending.value));
  /** Keys of rows that somebody at this screen has looked at. */
  readonly read: Signal<ReadonlySet<string>>;
  readonly unread = computed(
    () => this.shown.value.filter((row) => needOf(row) !== "none" && !this.read.value.has(row.key)).length,
  );
  readonly selected = computed(() => this.rows.value.find((row) => row.key === this.selectedKey.value) ?? null);
  /** The list is scrolled, or the pointer is over it. */
  readonly busy = signal(false);

  /** The row that came last, for those who hear the page instead of seeing it. */
  readonly arrived = signal<Row | null>(null);

  private readonly loud = computed(() => [...this.rows.value, ...this.pending.value].filter(isLoud));
  /** What must be heard: what is loud, on the screen or held back, and was not quieted here a moment ago. */
  readonly sounding = computed(() => this.loud.value.filter((row) => !this.heard.value.has(row.key)));
  /** What sounds again unless somebody takes it. */
  readonly quieted = computed(() => this.loud.value.filter((row) => this.heard.value.has(row.key)));
  /** Rows as they were when they were quieted, or when they last changed since. */
  private readonly heard = signal<ReadonlyMap<string, Row>>(new Map());
  /** Of each quieting, so that an earlier one's end does not end a later one. */
  private readonly turns = new Map<string, object>();

  private chosen = false;
  /** A row was edited in place and may stand where it no longer belongs. */
  private disordered = false;

  constructor(
    read: readonly string[] = [],
    private readonly later: (action: () => void, ms: number) => void = (action, ms) => void setTimeout(action, ms),
  ) {
    this.read = signal(new Set(read));
  }

  /** Replace everything by what the dispatcher has now. */
  load(alarms: readonly Alarm[], cases: readonly Case[]): void {
    const rows = new Map<string, Row>(alarms.map((alarm) => [alarm.id, { key: alarm.id, alarm, case: null }]));
    for (const item of cases) {
      const key = item.alarms.find((id) => rows.has(id)) ?? item.alarms[0] ?? item.id;
      rows.set(key, { key, alarm: rows.get(key)?.alarm ?? null, case: item });
    }
    batch(() => {
      this.pending.value = [];
      this.rows.value = [...rows.values()].filter((row) => needOf(row) !== "none").sort(before);
      for (const key of this.heard.value.keys()) this.listen(key, rows.get(key));
    });
    if (this.selected.value === null) this.release();
  }

  /** More of what the dispatcher has, from a further page of its list. */
  add(alarms: readonly Alarm[]): void {
    const known = new Set([...this.rows.value, ...this.pending.value].flatMap((row) => [row.key, ...(row.case?.alarms ?? [])]));
    const more = alarms.filter((alarm) => !known.has(alarm.id)).map((alarm) => ({ key: alarm.id, alarm, case: null }));
    this.rows.value = [...this.rows.value, ...more].sort(before);
  }

  /** Take messages of the feed. */
  take(...messages: readonly FeedMessage[]): void {
    batch(() => {
      for (const message of messages) {
        if (message.alarm) this.putAlarm(message.alarm);
        if (message.case) this.putCase(message.case);
      }
    });
  }

  putAlarm(alarm: Alarm): void {
    const own = this.find((row) => row.key === alarm.id);
    const holder = own ?? this.find((row) => row.case?.alarms.includes(alarm.id) === true);
    // One of several alarms of a case: the row shows another, unless the case is void and each is on its own again.
    const another = holder?.alarm != null && holder.alarm.id !== alarm.id;
    if (another && holder.case !== null && holder.case.state !== "void") return;
    const known = own ?? (holder?.case?.state === "void" ? undefined : holder);
    // A reported alarm is shown by its case; an unknown one that nobody has to judge is history.
    if (known === undefined && alarm.disposition !== "open") return;
    // An undone report leaves no case behind; an older word of the alarm takes none away.
    const kept = known?.case?.state === "void" && alarm.disposition === "open" ? null : (known?.case ?? null);
    this.put({ key: known?.key ?? alarm.id, alarm, case: kept });
  }

  putCase(item: Case): void {
    // A case that others were merged into has their alarms as well; its own row goes before theirs.
    const own = (row: Row | null) => row !== null && item.alarms.includes(row.key);
    const looked = this.selected.value;
    const known = this.find((row) => row.case?.id === item.id) ?? (looked !== null && own(looked) ? looked : this.find(own));
    if (known?.case?.id === item.id && known.case.version > item.version) return;
    // A void case whose alarm is open again is no longer what the row is about.
    const gone = item.state === "void" && known?.alarm?.disposition === "open";
    const key = known?.key ?? item.alarms[0] ?? item.id;
    this.put({ key, alarm: known?.alarm ?? null, case: gone ? null : item });
    if (item.state !== "void") this.absorb(key, item);
  }

  /** Several alarms became one case: one row is enough for them, and who looked at another one looks at that. */
  private absorb(key: string, item: Case): void {
    const spare = (row: Row) => row.key !== key && row.case === null && item.alarms.includes(row.key);
    if (!this.rows.value.some(spare) && !this.pending.value.some(spare)) return;
    if (this.selected.value !== null && spare(this.selected.value)) this.selectedKey.value = key;
    this.rows.value = this.rows.value.filter((row) => !spare(row));
    this.pending.value = this.pending.value.filter((row) => !spare(row));
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
    if (!this.read.value.has(key)) this.read.value = new Set([...this.read.value, key]);
    this.tidy();
  }

  /** Whoever sits here has heard what sounds now. The next red one sounds, and so does this in a while, or once it is worse. */
  hush(): void {
    this.hear(...this.sounding.value.map((row) => row.key));
  }

  /** Whoever sits here has these rows in hand. */
  hear(...keys: string[]): void {
    const heard = new Map(this.heard.value);
    for (const key of keys) {
      const row = this.find((each) => each.key === key || each.case?.alarms.includes(key) === true);
      if (row === undefined) continue;
      heard.set(row.key, row);
      const turn = {};
      this.turns.set(row.key, turn);
      this.later(() => this.turns.get(row.key) === turn && this.listen(row.key, undefined), QUIET_MIN * 60_000);
    }
    this.heard.value = heard;
  }

  /** A quieted row is now so; what is loud no more (it may become so again) or has become worse is heard afresh. */
  private listen(key: string, row: Row | undefined): void {
    const earlier = this.heard.value.get(key);
    if (earlier === undefined) return;
    const heard = new Map(this.heard.value);
    if (row !== undefined && isLoud(row) && !isWorse(row, earlier)) heard.set(key, row);
    else heard.delete(key);
    this.heard.value = heard;
  }

  /** Step by `by` rows from the selected one. */
  step(by: number): void {
    const rows = this.shown.value;
    const at = rows.findIndex((row) => row.key === this.selectedKey.value);
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
    if (next !== undefined) this.select(next.key);
  }

  /** The operator lets go: nothing is held, and the first row is what they look at. */
  release(): void {
    this.chosen = false;
    this.selectedKey.value = this.shown.value.find((row) => needOf(row) !== "none")?.key ?? null;
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

  private sifted(rows: readonly Row[]): readonly Row[] {
    const filter = this.filter.value;
    const kept = (row: Row) => row.key === this.selectedKey.value || shows(filter, row);
    return isAny(filter) ? rows : rows.filter(kept);
  }

  private find(test: (row: Row) => boolean): Row | undefined {
    return this.rows.value.find(test) ?? this.pending.value.find(test);
  }

  private put(row: Row): void {
    batch(() => {
      this.listen(row.key, row);
      this.place(row);
    });
  }

  private place(row: Row): void {
    const same = (other: Row) => other.key === row.key;
    if (this.rows.value.some(same)) {
      this.rows.value = this.rows.value.map((other) => (same(other) ? row : other));
      this.disordered = true;
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
      this.rows.value = this.withRow(row);
      if (this.selectedKey.value === null) this.selectedKey.value = row.key;
    }
  }

  /** The rows and one more in its place; sorting all of ten thousand for each would be felt. */
  private withRow(row: Row): Row[] {
    const rows = [...this.rows.value];
    if (this.disordered) {
      this.disordered = false;
      return [...rows, row].sort(before);
    }
    const at = rows.findIndex((other) => before(row, other) < 0);
    rows.splice(at < 0 ? rows.length : at, 0, row);
    return rows;
  }

  /** Take away what is done, except the row that is being looked at. */
  private tidy(): void {
    const kept = this.rows.value.filter((row) => needOf(row) !== "none" || row.key === this.selectedKey.value);
    if (kept.length !== this.rows.value.length) this.rows.value = kept;
  }
}
