/** What a worker's phone keeps when the page is gone: steps to send, photos not sent yet, and the tasks as last seen. */

import { createStore, del, delMany, get, keys, set, type UseStore } from "idb-keyval";
import type { CaseDetail, User } from "../api/models";
import type { JobShelf, KeptJob } from "./outbox";

/** Photos and words of something that has not been sent off yet. */
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

/** Something else that a page shows without a network, as it was at `at`. */
export interface KeptList<T> {
  readonly at: string;
  readonly items: readonly T[];
}

const SNAPSHOT = "snapshot";
const LIST = "list/";
const PICTURES = "lookout-pictures";
let opened: UseStore | undefined;

function store(): UseStore {
  opened ??= createStore("lookout-phone", "kept");
  return opened;
}

const jobKey = (person: string, id: string) => `job/${person}/${id}`;
/** `of`: a case's id, or the page that asks. */
const draftKey = (person: string, of: string) => `draft/${person}/${of}`;

/** A person's own shelf: nobody else's steps are seen, or sent, from it. */
export function shelfOf(person: string): JobShelf {
  return {
    all: async () => {
      const mine = (await keys<string>(store())).filter((key) => key.startsWith(jobKey(person, "")));
      const jobs = await Promise.all(mine.map((key) => get<KeptJob>(key, store())));
      return jobs.filter((job) => job !== undefined);
    },
    get: (id) => get<KeptJob>(jobKey(person, id), store()),
    put: (job) => set(jobKey(person, job.id), job, store()),
    remove: (id) => del(jobKey(person, id), store()),
  };
}

export async function keptDraft(person: string, of: string): Promise<Draft | undefined> {
  return get<Draft>(draftKey(person, of), store());
}

/** Keep a draft, or forget it when there is nothing in it. */
export async function keepDraft(person: string, of: string, draft: Draft): Promise<void> {
  const empty = draft.photos.length === 0 && draft.note === "";
  return empty ? del(draftKey(person, of), store()) : set(draftKey(person, of), draft, store());
}

export async function keptSnapshot(): Promise<Snapshot | undefined> {
  return get<Snapshot>(SNAPSHOT, store());
}

/** A list as it was last seen by a person, or undefined. */
export async function keptList<T>(person: string, name: string): Promise<KeptList<T> | undefined> {
  return get<KeptList<T>>(`${LIST}${person}/${name}`, store());
}

export async function keepList<T>(person: string, name: string, items: readonly T[]): Promise<void> {
  await set(`${LIST}${person}/${name}`, { at: new Date().toISOString(), items }, store());
}

/** Keep the tasks with their pictures; what is no longer among them is forgotten. */
export async function keepSnapshot(snapshot: Snapshot): Promise<void> {
  await set(SNAPSHOT, snapshot, store());
  await keepPictures(snapshot.tasks.flatMap(picturesOf));
}

/** Somebody signed out: this phone shows nothing of their cases any more. What waits to be sent stays. */
export async function forgetSnapshot(): Promise<void> {
  const held = await keys<string>(store());
  await delMany([SNAPSHOT, ...held.filter((key) => key.startsWith(LIST))], store());
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
