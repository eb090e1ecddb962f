/** The signed-in page's live state: the feed, the overview, and whoever wants to hear of changes. */

import { signal } from "@preact/signals";
import { Problem } from "../api/client";
import * as api from "../api/endpoints";
import type { FeedMessage, Overview } from "../api/models";
import { setServerTime } from "./clock";
import { Feed } from "./feed";

/** Older than this, the screen says that it may be wrong. */
export const STALE_MS = 5_000;
const OVERVIEW_DELAY_MS = 500;

/** Counts and the site; null until fetched. */
export const overview = signal<Overview | null>(null);
/** Milliseconds since the last sign of life; null before the first. Moves twice a second. */
export const feedAge = signal<number | null>(null);
export const stale = signal(false);

type Listener = (message: FeedMessage) => void;
const listeners = new Set<Listener>();
const reloaders = new Set<() => void>();
let overviewTimer: number | undefined;
let watch: number | undefined;

const feed = new Feed(
  (url) => new EventSource(url) as never,
  () => performance.now(),
  {
    onMessage: (message) => {
      for (const listener of listeners) listener(message);
      scheduleOverview();
    },
    onHeartbeat: (beat) => setServerTime(beat.at),
    onRestart: () => void restart(),
    // Asking for the session tells a session that has ended from a dispatcher that is away.
    onRefused: () => void api.whoAmI().catch(() => undefined),
  },
);

/**
 * Start following the feed from where the dispatcher is now. Lists must be fetched after this has returned: what
 * changes while they are on their way then comes through the feed.
 */
export async function goLive(): Promise<void> {
  window.clearInterval(watch);
  watch = window.setInterval(tick, 500);
  const first = await api.overview();
  overview.value = first;
  feed.start(first.feed_seq);
}

export function goOffline(): void {
  window.clearInterval(watch);
  window.clearTimeout(overviewTimer);
  overviewTimer = undefined;
  feed.stop();
  feed.beatAt.value = null;
  overview.value = null;
  feedAge.value = null;
  stale.value = false;
}

/** Hear of every message from now on, and of the need to fetch everything again. Returns the way to stop. */
export function follow(listener: Listener, reload: () => void): () => void {
  listeners.add(listener);
  reloaders.add(reload);
  return () => {
    listeners.delete(listener);
    reloaders.delete(reload);
  };
}

async function restart(): Promise<void> {
  await goLive();
  for (const reload of reloaders) reload();
}

function tick(): void {
  feed.check();
  const beat = feed.beatAt.value;
  feedAge.value = beat === null ? null : performance.now() - beat;
  stale.value = feedAge.value !== null && feedAge.value >= STALE_MS;
}

function scheduleOverview(): void {
  // Not put off by every message: under a stream of them the counts would stand still.
  overviewTimer ??= window.setTimeout(() => {
    overviewTimer = undefined;
    void refreshOverview();
  }, OVERVIEW_DELAY_MS);
}

async function refreshOverview(): Promise<void> {
  try {
    overview.value = await api.overview();
  } catch (error) {
    // The bar across the top already says when the dispatcher is away; anything else is a defect worth seeing.
    if (error instanceof Problem && error.status !== 401) console.error(error);
  }
}
