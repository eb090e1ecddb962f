/** The numbered feed: one EventSource that resumes where it stopped and knows how old its last sign of life is. */

import { signal } from "@preact/signals";
import type { FeedMessage, Heartbeat } from "../api/models";

/** What the feed needs of an EventSource; tests hand in their own. */
export interface FeedSource {
  readonly readyState: number;
  addEventListener(type: string, listener: (event: { data?: unknown; lastEventId?: string }) => void): void;
  close(): void;
}

export interface FeedHooks {
  onMessage(message: FeedMessage): void;
  onHeartbeat(beat: Heartbeat): void;
  /** The dispatcher numbers anew (its database was replaced): what is on the screen must be fetched again. */
  onRestart(): void;
  /** The dispatcher answered with an error instead of a feed, e.g. because the session has ended. */
  onRefused(): void;
}

const KINDS = ["alarm", "case", "camera", "gateway"] as const;
const CLOSED = 2;
/** Without a heartbeat for this long an open connection is taken for dead: three times what makes the screen stale. */
const DEAD_MS = 15_000;
const REOPEN_MS = 2_000;

export class Feed {
  /** When the last sign of life came, by the monotonic clock handed in; null before the feed is started. */
  readonly beatAt = signal<number | null>(null);
  /** Number of the last message seen; the next connection asks for what comes after it. */
  seq = 0;

  private source: FeedSource | null = null;
  private paused = false;
  private openedAt = 0;

  constructor(
    private readonly connect: (url: string) => FeedSource,
    private readonly clock: () => number,
    private readonly hooks: FeedHooks,
  ) {}

  /** Follow the feed from the message after `after`. */
  start(after: number): void {
    this.stop();
    this.seq = after;
    // The answer that told the number was one. A feed that never gives its own would otherwise never be called old.
    this.beatAt.value ??= this.clock();
    this.open();
  }

  stop(): void {
    this.source?.close();
    this.source = null;
    this.paused = false;
  }

  /** Let the connection go and remember how far it was; a browser has six of them for all its tabs. */
  pause(): void {
    if (this.source === null) return;
    this.stop();
    this.paused = true;
  }

  /** Go on where it was paused; what came meanwhile comes now. */
  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    // Nobody saw it silent: it has as long as ever to give a sign of life before the screen is called old.
    this.beatAt.value = this.clock();
    this.open();
  }

  /** Called once a second: reopens a connection that the browser gave up or that has fallen silent. */
  check(): void {
    if (this.source === null) return;
    const silentMs = this.clock() - Math.max(this.beatAt.value ?? 0, this.openedAt);
    const refused = this.source.readyState === CLOSED;
    if (refused && silentMs >= REOPEN_MS) {
      this.hooks.onRefused();
      this.reopen();
    } else if (silentMs >= DEAD_MS) {
      this.reopen();
    }
  }

  private reopen(): void {
    this.source?.close();
    this.open();
  }

  private open(): void {
    // A reconnect by the browser itself sends Last-Event-ID, which goes before `after`.
    const source = this.connect(`/api/v1/feed?after=${this.seq}`);
    this.source = source;
    this.openedAt = this.clock();
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => this.take(parse<FeedMessage>(event.data)));
    }
    source.addEventListener("heartbeat", (event) => this.beat(parse<Heartbeat>(event.data)));
  }

  private take(message: FeedMessage | null): void {
    if (message === null) return;
    this.beatAt.value = this.clock();
    if (message.seq <= this.seq) return;
    this.seq = message.seq;
    this.hooks.onMessage(message);
  }

  private beat(beat: Heartbeat | null): void {
    if (beat === null) return;
    this.beatAt.value = this.clock();
    this.hooks.onHeartbeat(beat);
    if (beat.seq < this.seq) {
      this.stop();
      this.hooks.onRestart();
    }
  }
}

function parse<T>(data: unknown): T | null {
  if (typeof data !== "string") return null;
  try {
    return JSON.parse(data) as T;
  } catch {
    return null;
  }
}
