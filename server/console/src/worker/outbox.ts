/**
 * What a worker did and the dispatcher has not confirmed yet. Each step is written to the phone's shelf before it is
 * sent and taken off once it is settled, so that a reload or a killed tab loses nothing and sends nothing twice.
 */

import { signal } from "@preact/signals";
import { Problem, Unreachable, Unreadable } from "../api/client";
import type { Case, CaseAction, CaseDetail, Place } from "../api/models";

interface Kept {
  /** Of a step: its case's id. Nothing is put in twice under one id. */
  readonly id: string;
  /** What it is about, for when the page that made it is not at hand. */
  readonly title: string;
  readonly photos: readonly Blob[];
  readonly place?: Place | undefined;
  /** SHA-256 of photos that are safe already. */
  readonly stored: readonly string[];
}

/** A step of a case, as it lies on the shelf. */
export interface KeptStep extends Kept {
  readonly kind: "step";
  readonly caseId: string;
  readonly action: CaseAction;
  readonly fields: Readonly<Record<string, unknown>>;
  /** The case's version when the worker decided. */
  readonly version: number;
  /** How often the case had seen this step then: more later means that an earlier try of ours arrived. */
  readonly made: number;
}

/** What a letter tells. */
export type Topic = "diary" | "diary_case" | "inspection" | "button";

/** Something that the dispatcher is told and keeps once, however often it comes: an entry of the diary, an alarm … */
export interface KeptLetter extends Kept {
  readonly kind: "letter";
  readonly topic: Topic;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970 until which it can be taken back; it is not sent before. */
  readonly heldUntil?: number | undefined;
}

export type KeptJob = KeptStep | KeptLetter;

export type Job = KeptJob & {
  readonly state: "held" | "sending" | "waiting" | "failed";
  /** Share 0..1 of the photos that has been sent. */
  readonly share: number;
  readonly error: unknown;
};

export type NewJob = Omit<KeptStep, "stored"> | Omit<KeptLetter, "stored">;

/** Where one person's steps and letters outlive the page. */
export interface JobShelf {
  all(): Promise<readonly KeptJob[]>;
  get(id: string): Promise<KeptJob | undefined>;
  put(job: KeptJob): Promise<void>;
  remove(id: string): Promise<void>;
}

/** What the outbox needs of the world; tests hand in their own. */
export interface OutboxPorts {
  upload(file: Blob, onProgress: (share: number) => void): Promise<string>;
  act(id: string, action: CaseAction, version: number, fields: Record<string, unknown>): Promise<Case>;
  /** `key` makes sending it again the same request. */
  post(path: string, body: Record<string, unknown>, key: string): Promise<unknown>;
  detail(id: string): Promise<CaseDetail>;
  /** The step is done, nobody asks for it any more, or another page of this phone has seen to it. */
  settled(job: Job, after: "done" | "overtaken" | "elsewhere"): void;
  /** Run while no other page of this browser runs something by this name. */
  alone(name: string, action: () => Promise<void>): Promise<void>;
  later(action: () => void, ms: number): void;
  /** Something failed in a way that nobody thought of. */
  defect(error: unknown): void;
}

const RETRY_MS = 5_000;
/** For so long what asks for it can be taken back. */
export const HELD_MS = 5_000;
/** Nothing is wrong with what was sent: a dispatcher whose disk is full, that starts, or that is asked too much. */
const LATER: readonly number[] = [429, 502, 503, 504];
/** Somebody else's change may come between reading and acting, but hardly this often. */
const STALE_TRIES = 3;

/** How often a case has seen a step. */
export function timesMade(item: Pick<CaseDetail, "history">, action: CaseAction): number {
  return item.history.filter((entry) => entry.action === action).length;
}

export class Outbox {
  /** One step a case at most: the next one is offered once this one is settled. */
  readonly jobs = signal<readonly Job[]>([]);
  /** False once this browser would not keep a step: then the page must not be closed before it is sent. */
  readonly durable = signal(true);
  private shelf: JobShelf | null = null;
  /** What was let go of since the shelf began to be read: it may stand in what is being read. */
  private readonly gone = new Set<string>();
  /** Ids of what lies on the shelf as far as this page knows. */
  private readonly shelved = new Set<string>();
  /** How many waits there were, and the newest of each job: one that was sent in between has a wait of its own. */
  private waits = 0;
  private readonly waitOf = new Map<string, number>();

  constructor(private readonly ports: OutboxPorts) {}

  /** Take up what lies on a person's shelf, and send it. Steps that are under way already are left alone. */
  async open(shelf: JobShelf): Promise<void> {
    this.shelf = shelf;
    this.gone.clear();
    const kept = await this.safely(() => shelf.all(), []);
    if (this.shelf !== shelf) return;
    const fresh = kept
      .filter((job) => this.jobOf(job.id) === undefined && !this.gone.has(job.id))
      .map(begun);
    this.jobs.value = [...this.jobs.value, ...fresh];
    for (const job of fresh) {
      this.shelved.add(job.id);
      this.start(job);
    }
  }

  /** The person has gone: nothing more is sent in their name, and what waits stays on their shelf. */
  close(): void {
    this.shelf = null;
    this.jobs.value = [];
    this.shelved.clear();
  }

  /** Those that would be lost with this page: the browser would not keep them. */
  unkept(): readonly Job[] {
    return this.durable.value ? [] : this.jobs.value.filter((job) => !this.shelved.has(job.id));
  }

  jobOf(id: string): Job | undefined {
    return this.jobs.value.find((job) => job.id === id);
  }

  /** Resolves once the job is safe on the shelf; it is sent then, or when the time to take it back is over. */
  async add(job: NewJob): Promise<void> {
    if (this.jobOf(job.id) !== undefined) return;
    const fresh = begun({ ...job, stored: [] });
    this.jobs.value = [...this.jobs.value, fresh];
    await this.keep(fresh);
    this.start(fresh);
  }

  /** Send what could still be taken back (all of it, when no id is given): nobody is there to do so any more. */
  release(id?: string): void {
    for (const job of this.jobs.value) {
      if (job.state === "held" && (id === undefined || id === job.id)) this.again(job);
    }
  }

  /** Try everything that waits again, e.g. because the network is back. */
  flush(): void {
    for (const job of this.jobs.value) {
      if (job.state === "waiting") this.again(job);
    }
  }

  retry(id: string): void {
    const job = this.jobOf(id);
    if (job !== undefined && job.state !== "sending") this.again(job);
  }

  /** Send with another photo in the place of the one that could not be read: those before it are safe, the rest is kept. */
  async replacePhoto(id: string, photo: Blob): Promise<void> {
    const job = this.jobOf(id);
    if (job === undefined || job.state === "sending") return;
    this.change(job, { photos: job.photos.map((old, index) => (index === job.stored.length ? photo : old)) });
    await this.keep(this.jobOf(id) as Job);
    this.retry(id);
  }

  /** Give up a step that was refused, take back what is held, or let go of what is settled. */
  async drop(id: string): Promise<void> {
    this.gone.add(id);
    this.forget(id);
    await this.safely(async () => this.shelf?.remove(id), undefined);
  }

  private forget(id: string): void {
    this.jobs.value = this.jobs.value.filter((job) => job.id !== id);
    this.shelved.delete(id);
    this.waitOf.delete(id);
  }

  private start(job: Job): void {
    if (job.state === "held") this.ports.later(() => this.release(job.id), heldFor(job));
    else void this.send(job);
  }

  private again(job: Job): void {
    this.change(job, { state: "sending", error: null });
    void this.send(this.jobOf(job.id) as Job);
  }

  /** Another page of this phone may have the same in its hands: one sends it, and the others see that it is gone. */
  private send(job: Job): Promise<void> {
    return this.ports.alone(job.id, () => this.sendAlone(job));
  }

  private async sendAlone(job: Job): Promise<void> {
    const { shelf } = this;
    if (this.jobOf(job.id) === undefined) return;
    // What this browser would not keep, or not yet, is in no other page's hands.
    const kept = shelf !== null && this.shelved.has(job.id) ? await this.safely(() => shelf.get(job.id), job) : job;
    if (!isSame(kept, job)) {
      this.forget(job.id);
      this.ports.settled(job, "elsewhere");
      return;
    }
    try {
      const photos = await this.uploadPhotos(job);
      // Somebody else may have signed in on this phone meanwhile.
      if (this.jobOf(job.id) === undefined) return;
      const more = { ...(photos.length > 0 ? { photos } : {}), ...(job.place ? { place: job.place } : {}) };
      const after = job.kind === "step" ? await this.act(job, { ...job.fields, ...more }) : await this.post(job, more);
      if (this.jobOf(job.id) === undefined) return;
      await this.drop(job.id);
      this.ports.settled(job, after);
    } catch (error) {
      this.failed(job, error);
    }
  }

  private async uploadPhotos(job: Job): Promise<readonly string[]> {
    let stored = job.stored;
    for (const [index, photo] of job.photos.entries()) {
      if (index < stored.length) continue;
      const digest = await this.ports.upload(photo, (share) =>
        this.change(job, { share: (index + share) / job.photos.length }),
      );
      stored = [...stored, digest];
      this.change(job, { stored, share: shareOf({ ...job, stored }) });
      const current = this.jobOf(job.id);
      if (current === undefined) return stored;
      await this.keep(current);
    }
    return stored;
  }

  /**
   * Make the move. When the case has changed since the worker saw it, the move is made again on the new version if it
   * is still legal; if not, or if the case has seen it since, an earlier try of ours got through without its answer,
   * or somebody else was faster.
   */
  private async act(job: KeptStep, fields: Record<string, unknown>): Promise<"done" | "overtaken"> {
    let version = job.version;
    for (let tries = 0; ; tries += 1) {
      try {
        await this.ports.act(job.caseId, job.action, version, fields);
        return "done";
      } catch (error) {
        const moved = error instanceof Problem && (error.code === "stale_version" || error.code === "illegal_move");
        if (!moved || tries >= STALE_TRIES) throw error;
        const current = await this.ports.detail(job.caseId);
        if (timesMade(current, job.action) > job.made || !current.allowed.includes(job.action)) return "overtaken";
        version = current.version;
      }
    }
  }

  private async post(job: KeptLetter, more: Record<string, unknown>): Promise<"done"> {
    await this.ports.post(job.path, { ...job.body, ...more }, job.id);
    return "done";
  }

  private failed(job: Job, error: unknown): void {
    const later = error instanceof Problem && (error.status === 401 || LATER.includes(error.status));
    if (error instanceof Unreachable || later) {
      this.change(job, { state: "waiting", error });
      this.waits += 1;
      const wait = this.waits;
      this.waitOf.set(job.id, wait);
      this.ports.later(() => {
        if (this.jobOf(job.id)?.state === "waiting" && this.waitOf.get(job.id) === wait) this.retry(job.id);
      }, RETRY_MS);
      return;
    }
    // Whatever it was: a step that stayed "sending" would leave nothing to do, on this page and on the next.
    this.change(job, { state: "failed", error });
    if (!(error instanceof Problem || error instanceof Unreadable)) this.ports.defect(error);
  }

  private change(job: Job, part: Partial<Pick<Job, "state" | "share" | "error" | "stored" | "photos">>): void {
    this.jobs.value = this.jobs.value.map((other) => (other.id === job.id ? ({ ...other, ...part } as Job) : other));
  }

  private async keep({ state: _state, share: _share, error: _error, ...kept }: Job): Promise<void> {
    const { shelf } = this;
    if (shelf === null) return;
    await this.safely(async () => {
      await shelf.put(kept);
      this.shelved.add(kept.id);
    }, undefined);
  }

  /** A browser that will not store (private windows, a full disk) must not keep a step from being sent. */
  private async safely<T>(action: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await action();
    } catch {
      this.durable.value = false;
      return otherwise;
    }
  }
}

function begun(job: KeptJob): Job {
  return { ...job, state: heldFor(job) > 0 ? "held" : "sending", share: shareOf(job), error: null };
}

/** Milliseconds; no more than it is ever held for, whatever became of this phone's clock. */
function heldFor(job: KeptJob): number {
  return job.kind === "letter" ? Math.min((job.heldUntil ?? 0) - Date.now(), HELD_MS) : 0;
}

/** A case's next step is kept in the place of the one before it. */
function isSame(kept: KeptJob | undefined, job: Job): boolean {
  return kept !== undefined && (kept.kind === "letter" || (job.kind === "step" && kept.action === job.action && kept.made === job.made));
}

function shareOf(job: Pick<Kept, "photos" | "stored">): number {
  return job.photos.length === 0 ? 0 : job.stored.length / job.photos.length;
}
