/** What a worker's phone keeps when the page is gone: steps to send, photos not sent yet, and the tasks as last seen. */

import { createStore, del, delMany, get, keys, set, type UseStore } from "idb-keyval";
import type { CaseDetail, User } from "../api/models";
import type { JobShelf, KeptJob } from "./outbox";

/** Photos and words of a feedback that has not been sent off yet. */
export interface Draft {
  readonly photos: readonly Blob[];
  readonly note: string;
}

/** The tasks of one person, as they were at `at`. */
export interface Snapshot {
  readonly person: User;
  readonly at: string;
  readonly tasks: readonly CaseDetail[];
}

const SNAPSHOT = "snapshot";
const PICTURES = "lookout-pictures";
let opened: UseStore | undefined;

function store(): UseStore {
  opened ??= createStore("lookout-phone", "kept");
  return opened;
}

const jobKey = (person: string, caseId: string) => `job/${person}/${caseId}`;
const draftKey = (person: string, caseId: string) => `draft/${person}/${caseId}`;

/** A person's own shelf: nobody else's steps are seen, or sent, from it. */
export function shelfOf(person: string): JobShelf {
  return {
    all: async () => {
      const mine = (await keys<string>(store())).filter((key) => key.startsWith(jobKey(person, "")));
      const jobs = await Promise.all(mine.map((key) => get<KeptJob>(key, store())));
      return jobs.filter((job) => job !== undefined);
    },
    put: (job) => set(jobKey(person, job.caseId), job, store()),
    remove: (caseId) => del(jobKey(person, caseId), store()),
  };
}

export function keptDraft(person: string, caseId: string): Promise<Draft | undefined> {
  return get<Draft>(draftKey(person, caseId), store());
}

/** Keep a draft, or forget it when there is nothing in it. */
export function keepDraft(person: string, caseId: string, draft: Draft): Promise<void> {
  const empty = draft.photos.length === 0 && draft.note === "";
  return empty ? del(draftKey(person, caseId), store()) : set(draftKey(person, caseId), draft, store());
}

export function keptSnapshot(): Promise<Snapshot | undefined> {
  return get<Snapshot>(SNAPSHOT, store());
}

/** Keep the tasks with their pictures; what is no longer among them is forgotten. */
export async function keepSnapshot(snapshot: Snapshot): Promise<void> {
  await set(SNAPSHOT, snapshot, store());
  await keepPictures(snapshot.tasks.flatMap(picturesOf));
}

/** Somebody signed out: this phone shows nothing of their cases any more. What waits to be sent stays. */
export async function forgetSnapshot(): Promise<void> {
  await delMany([SNAPSHOT], store());
  if ("caches" in globalThis) await caches.delete(PICTURES);
}

/** The addresses of the pictures that a task is recognised by. */
function picturesOf(item: CaseDetail): string[] {
  const seen = item.primary_alarm?.evidence ?? [];
  return seen.filter((file) => file.kind === "snapshot" && file.available).map((file) => file.url);
}

/** The service worker hands these out when the network does not. Browsers keep caches on https and localhost only. */
async function keepPictures(urls: readonly string[]): Promise<void> {
  if (!("caches" in globalThis)) return;
  const cache = await caches.open(PICTURES);
  const held = await cache.keys();
  const gone = held.filter((request) => !urls.includes(new URL(request.url).pathname));
  await Promise.all(gone.map((request) => cache.delete(request)));
  const missing = urls.filter((url) => !held.some((request) => new URL(request.url).pathname === url));
  await Promise.all(missing.map((url) => keepPicture(cache, url)));
}

async function keepPicture(cache: Cache, url: string): Promise<void> {
  try {
    await cache.add(url);
  } catch {
    // The task reads as well without; the next time the list is kept asks again.
  }
}
