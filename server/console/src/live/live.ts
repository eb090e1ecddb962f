/** The signed-in page's live state: the feed, the overview, and whoever wants to hear of changes. */

import { computed, signal } from "@preact/signals";
import { Problem } from "../api/client";
import * as api from "../api/endpoints";
import type { FeedMessage, Heartbeat, Overview } from "../api/models";
import { setServerTime } from "./clock";
import { Feed } from "./feed";

/** Older than this, the screen says that it may be wrong. */
export const STALE_MS = 5_000;
const OVERVIEW_DELAY_MS = 500;
const RESTART_MS = 3_000;
/** Whoever looks into another tab for a moment comes back to a page that has gone on. */
const UNSEEN_MS = 30_000;

/** Counts and the site; null until fetched. */
export const overview = signal<Overview | null>(null);
/** Milliseconds since the last sign of life; null until the feed is joined. Moves twice a second. */
export const feedAge = signal<number | null>(null);
export const stale = signal(false);
/** What keeps alarms from coming in, as the dispatcher says; null: nothing does. */
export const blocked = signal<"broker" | "database" | null>(null);

/** A dispatcher that starts anew is back by then. */
const DEAF_MS = STALE_MS + 15_000;
/** No alarm comes in, or none can be heard of: whoever looks elsewhere has to be told. */
export const deaf = computed(() => blocked.value !== null || (feedAge.value ?? 0) >= DEAF_MS);

type Listener = (message: FeedMessage) => void;
const listeners = new Set<Listener>();
const reloaders = new Set<() => void>();
let overviewTimer: number | undefined;
let restartTimer: number | undefined;
let unseenTimer: number | undefined;
/** How many pages want to hear while they are not seen. */
let awake = 0;
let watch: number | undefined;

const feed = new Feed(
  (url) => new EventSource(url) as never,
  () => performance.now(),
  {
    onMessage: (message) => {
      for (const listener of listeners) listener(message);
      scheduleOverview();
    },
    onHeartbeat: takeBeat,
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
  document.addEventListener("visibilitychange", whenSeenOrNot);
  window.clearInterval(watch);
  watch = window.setInterval(tick, 500);
  const first = await api.overview();
  overview.value = first;
  feed.start(first.feed_seq);
}

export function goOffline(): void {
  window.clearInterval(watch);
  window.clearTimeout(overviewTimer);
  window.clearTimeout(restartTimer);
  overviewTimer = undefined;
  feed.stop();
  feed.beatAt.value = null;
  overview.value = null;
  feedAge.value = null;
  stale.value = false;
  blocked.value = null;
}

function takeBeat(beat: Heartbeat): void {
  setServerTime(beat.at);
  blocked.value = beat.intake_blocked_by ?? null;
}

/** Nothing is asked for until `comeBack`: there is nobody to ask as. */
export function rest(): void {
  window.clearTimeout(restartTimer);
  feed.stop();
}

/** Go on after a rest, with everything fetched anew. */
export function comeBack(): void {
  void restart();
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

/**
 * Follow the feed also while nobody can see the page: it has something to say aloud. Returns the way to stop.
 *
 * Browsers that save energy freeze pages that were hidden and silent for minutes, but none that holds a lock.
 */
export function stayAwake(): () => void {
  awake += 1;
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  // On plain http there are no locks.
  const locks = navigator.locks as LockManager | undefined;
  void locks?.request("lookout/awake", { mode: "shared" }, () => held);
  return () => {
    awake -= 1;
    letGo();
  };
}

/** A tab behind others needs no connection of its own: six of them and the seventh page would never load. */
function whenSeenOrNot(): void {
  window.clearTimeout(unseenTimer);
  if (document.visibilityState === "visible") feed.resume();
  else if (awake === 0) unseenTimer = window.setTimeout(() => feed.pause(), UNSEEN_MS);
}

/** Join anew and fetch everything again; while that does not work, the bar across the top says how old the screen is. */
async function restart(): Promise<void> {
  window.clearTimeout(restartTimer);
  try {
    await goLive();
  } catch (error) {
    // Whose session has ended signs in first.
    if (!(error instanceof Problem && error.status === 401)) restartTimer = window.setTimeout(() => void restart(), RESTART_MS);
    return;
  }
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
