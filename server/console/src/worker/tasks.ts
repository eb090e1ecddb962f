/** The signed-in worker's cases, with the steps that are on their way. */

import { effect, signal } from "@preact/signals";
import { passes, request } from "../api/client";
import * as api from "../api/endpoints";
import type { Case, CaseAction, CaseDetail, CaseState, FeedMessage } from "../api/models";
import { uploadEvidence } from "../api/upload";
import { attempt, leaveWord, reportDefect, tell } from "../live/notices";
import { user } from "../live/session";
import { t } from "../text/i18n";
import { caseTitle } from "../text/title";
import { type Job, type KeptLetter, type KeptStep, Outbox, timesMade } from "./outbox";
import { keepSnapshot, keptSnapshot, shelfOf } from "./shelf";

const MINE: readonly CaseState[] = ["dispatched", "accepted", "on_scene", "feedback", "verifying", "rework"];
/** The steps of the straight way, in the order in which they are offered. */
const STEPS: readonly CaseAction[] = ["accept", "arrive", "feedback"];

/** What is told beside the steps. */
const BESIDE: readonly CaseAction[] = ["help", "ask_extend", "ask_suspend"];

/** null until fetched. */
export const tasks = signal<readonly CaseDetail[] | null>(null);
/** When the tasks on the screen were fetched, while they are the ones that this phone kept; null: they are fresh. */
export const keptSince = signal<string | null>(null);

/** Counts letters that arrived: lists that tell of them are fetched again then. */
export const arrived = signal(0);

export const outbox = new Outbox({
  upload: uploadEvidence,
  act: api.act,
  post: (path, body, key) => request("POST", path, body, key),
  detail: api.caseDetail,
  settled: (job, after) => {
    if (after === "done") tell(t("done.step", { action: jobName(job) }));
    if (job.kind === "letter") arrived.value += 1;
    else if (after === "overtaken") void attempt(() => tellOvertaken(job));
    else void attempt(() => follow(job.caseId));
  },
  alone,
  later: (action, ms) => void setTimeout(action, ms),
  defect: reportDefect,
});

/** What waits for longer than this for another page goes on beside it: that page may have been put to sleep. */
const ALONE_MS = 15_000;

/** Without such locks (over http, in old browsers) at once; the dispatcher tells what comes twice. */
async function alone(name: string, action: () => Promise<void>): Promise<void> {
  let begun: Promise<void> | undefined;
  const begin = () => (begun ??= action());
  try {
    await navigator.locks.request(`lookout/${name}`, { signal: AbortSignal.timeout(ALONE_MS) }, begin);
  } catch (error) {
    if (begun) throw error;
    await begin();
  }
}

/** Who did something that does not count has to hear it, and may have put the phone away. */
async function tellOvertaken(job: Job & KeptStep): Promise<void> {
  await refresh(job.caseId);
  const item = await api.caseDetail(job.caseId);
  const action = jobName(job);
  const { handler } = item;
  if (handler && handler.id !== user.value?.id) leaveWord(t("done.not_counted", { action, number: item.number, name: handler.name }));
  else tell(t("done.overtaken", { action }));
}

/** What a job does, in a word or two. */
export function jobName(job: Job): string {
  return job.kind === "step" ? t(`case_action.${job.action}`) : t(`letter.${job.topic}`);
}

addEventListener("online", () => outbox.flush());
// Nobody takes back what they cannot see any more.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") outbox.release();
});
addEventListener("beforeunload", (event) => {
  // What lies on the shelf may be left alone.
  if (!outbox.durable.value && outbox.jobs.value.length > 0) event.preventDefault();
});
effect(() => {
  if (user.value) return;
  outbox.close();
  tasks.value = null;
  keptSince.value = null;
});
effect(() => {
  const person = user.value;
  if (!person || tasks.value === null || keptSince.value !== null) return;
  const snapshot = { person, at: new Date().toISOString(), tasks: tasks.value };
  // Without the shelf the page works as long as it is open; the outbox says when steps are not safe.
  keepSnapshot(snapshot).catch(() => undefined);
});

/** Show what this phone kept until there is something newer, and send what waits on it. */
export async function openShelf(): Promise<void> {
  const person = user.value;
  if (!person) return;
  const kept = await keptSnapshot().catch(() => undefined);
  if (tasks.value === null && kept?.person.id === person.id) {
    keptSince.value = kept.at;
    tasks.value = kept.tasks;
  }
  await outbox.open(shelfOf(person.id));
}

/** Put a step into the outbox. */
export function take(item: CaseDetail, action: CaseAction, more: Partial<Pick<KeptStep, "fields" | "photos" | "place">> = {}) {
  const made = timesMade(item, action);
  const title = `${item.number} ${caseTitle(item)}`;
  // A call for help, or for more time, does not wait for the step before it.
  const id = BESIDE.includes(action) ? `${item.id}/${action}` : item.id;
  return outbox.add({
    kind: "step",
    fields: {},
    photos: [],
    ...more,
    id,
    caseId: item.id,
    title,
    action,
    version: item.version,
    made,
  });
}

/** Put something to tell into the outbox. Its id is random unless the dispatcher knows it by one. */
export function write(letter: Omit<KeptLetter, "kind" | "stored" | "photos" | "id"> & Partial<Pick<KeptLetter, "photos" | "id">>) {
  return outbox.add({ photos: [], id: randomId(), ...letter, kind: "letter" });
}

/** 24 hexadecimal digits that nobody else makes. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The one step that the worker is to do next, or null when it is somebody else's turn. */
export function nextStep(item: Case): CaseAction | null {
  return STEPS.find((action) => item.allowed.includes(action)) ?? null;
}

/** The newest version heard of each case. */
const heard = new Map<string, number>();

/** Whether this is no older than what is known: answers and messages overtake each other. */
function isNews({ id, version }: Case): boolean {
  if (version < (heard.get(id) ?? 0)) return false;
  heard.set(id, version);
  return true;
}

export async function loadTasks(): Promise<void> {
  const found = await api.casesIn(MINE, true);
  const mine = found.items.filter((item) => item.handler?.id === user.value?.id);
  const fresh = await Promise.all(mine.map((item) => api.caseDetail(item.id)));
  const known = tasks.value ?? [];
  tasks.value = fresh.flatMap((item) => (isNews(item) ? item : known.filter((other) => other.id === item.id)));
  keptSince.value = null;
}

/** Fetch one case again and put it where it belongs; one that is no longer ours leaves the list. */
export async function refresh(id: string): Promise<void> {
  const item = await api.caseDetail(id);
  if (!isNews(item)) return;
  const mine = item.handler?.id === user.value?.id && MINE.includes(item.state);
  const others = (tasks.value ?? []).filter((other) => other.id !== id);
  tasks.value = (mine ? [...others, item] : others).sort((a, b) => Date.parse(b.opened_at) - Date.parse(a.opened_at));
}

const AGAIN_MS = 5_000;
/** Cases to be fetched again. */
const missed = new Set<string>();

/** Fetch a case, again and again while that cannot be: the feed tells of a change once. */
async function follow(id: string): Promise<void> {
  missed.delete(id);
  try {
    await refresh(id);
  } catch (error) {
    if (!passes(error)) throw error;
    if (!missed.has(id)) setTimeout(() => user.value && missed.has(id) && void attempt(() => follow(id)), AGAIN_MS);
    missed.add(id);
  }
}

/** Take a message of the feed: only what concerns this worker is fetched. */
export function takeMessage(message: FeedMessage): void {
  const item = message.case;
  if (!item || !isNews(item)) return;
  const known = tasks.value?.find((other) => other.id === item.id);
  if (known === undefined && item.handler?.id !== user.value?.id) return;
  if (known !== undefined && item.handler?.id !== user.value?.id) {
    tasks.value = (tasks.value ?? []).filter((other) => other.id !== item.id);
    leaveWord(t("done.taken_away", { number: item.number, scene: caseTitle(item) }));
    return;
  }
  void attempt(() => follow(item.id));
}
