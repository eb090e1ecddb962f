/**
 * What a worker did and the dispatcher has not confirmed yet. Each step is written to the phone's shelf before it is
 * sent and taken off once it is settled, so that a reload or a killed tab loses nothing and sends nothing twice.
 */

import { signal } from "@preact/signals";
import { Problem, Unreachable } from "../api/client";
import type { Case, CaseAction, CaseDetail, Place } from "../api/models";

/** A step as it lies on the shelf. */
export interface KeptJob {
  readonly caseId: string;
  /** What the case is called, for when the case itself is not at hand. */
  readonly title: string;
  readonly action: CaseAction;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly photos: readonly Blob[];
  readonly place?: Place | undefined;
  /** The case's version when the worker decided. */
  readonly version: number;
  /** How often the case had seen this step then: more later means that an earlier try of ours arrived. */
  readonly made: number;
  /** SHA-256 of photos that are safe already. */
  readonly stored: readonly string[];
}

export interface Job extends KeptJob {
  readonly state: "sending" | "waiting" | "failed";
  /** Share 0..1 of the photos that has been sent. */
  readonly share: number;
  readonly error: unknown;
}

export type NewJob = Omit<KeptJob, "stored">;

/** Where one person's steps outlive the page. */
export interface JobShelf {
  all(): Promise<readonly KeptJob[]>;
  put(job: KeptJob): Promise<void>;
  remove(caseId: string): Promise<void>;
}

/** What the outbox needs of the world; tests hand in their own. */
export interface OutboxPorts {
  upload(file: Blob, onProgress: (share: number) => void): Promise<string>;
  act(id: string, action: CaseAction, version: number, fields: Record<string, unknown>): Promise<Case>;
  detail(id: string): Promise<CaseDetail>;
  /** The step is done, or nobody asks for it any more. */
  settled(job: Job, after: "done" | "overtaken"): void;
  later(action: () => void, ms: number): void;
}

const RETRY_MS = 5_000;
/** Somebody else's change may come between reading and acting, but hardly this often. */
const STALE_TRIES = 3;

/** How often a case has seen a step. */
export function timesMade(item: Pick<CaseDetail, "history">, action: CaseAction): number {
  return item.history.filter((entry) => entry.action === action).length;
}

export class Outbox {
  /** One job a case at most: the next step is offered once this one is settled. */
  readonly jobs = signal<readonly Job[]>([]);
  /** False once this browser would not keep a step: then the page must not be closed before it is sent. */
  readonly durable = signal(true);
  private shelf: JobShelf | null = null;

  constructor(private readonly ports: OutboxPorts) {}

  /** Take up what lies on a person's shelf, and send it. Steps that are under way already are left alone. */
  async open(shelf: JobShelf): Promise<void> {
    this.shelf = shelf;
    const kept = await this.safely(() => shelf.all(), []);
    if (this.shelf !== shelf) return;
    const fresh = kept
      .filter((job) => this.jobOf(job.caseId) === undefined)
      .map((job): Job => ({ ...job, state: "sending", share: shareOf(job), error: null }));
    this.jobs.value = [...this.jobs.value, ...fresh];
    for (const job of fresh) void this.send(job);
  }

  /** The person has gone: nothing more is sent in their name, and what waits stays on their shelf. */
  close(): void {
    this.shelf = null;
    this.jobs.value = [];
  }

  jobOf(caseId: string): Job | undefined {
    return this.jobs.value.find((job) => job.caseId === caseId);
  }

  /** Resolves once the step is safe on the shelf; it is sent then. */
  async add(job: NewJob): Promise<void> {
    if (this.jobOf(job.caseId) !== undefined) return;
    const fresh: Job = { ...job, stored: [], state: "sending", share: 0, error: null };
    this.jobs.value = [...this.jobs.value, fresh];
    await this.keep(fresh);
    void this.send(fresh);
  }

  /** Try everything that waits again, e.g. because the network is back. */
  flush(): void {
    for (const job of this.jobs.value) {
      if (job.state === "waiting") this.retry(job.caseId);
    }
  }

  retry(caseId: string): void {
    const job = this.jobOf(caseId);
    if (job === undefined || job.state === "sending") return;
    this.change(job, { state: "sending", error: null });
    void this.send(this.jobOf(caseId) as Job);
  }

  /** Give up a step that was refused, or let go of one that is settled. */
  async drop(caseId: string): Promise<void> {
    this.jobs.value = this.jobs.value.filter((job) => job.caseId !== caseId);
    await this.safely(async () => this.shelf?.remove(caseId), undefined);
  }

  private async send(job: Job): Promise<void> {
    try {
      const photos = await this.uploadPhotos(job);
      // Somebody else may have signed in on this phone meanwhile.
      if (this.jobOf(job.caseId) === undefined) return;
      const fields = { ...job.fields, ...(photos.length > 0 ? { photos } : {}), ...(job.place ? { place: job.place } : {}) };
      const after = await this.act(job, fields);
      if (this.jobOf(job.caseId) === undefined) return;
      await this.drop(job.caseId);
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
      const current = this.jobOf(job.caseId);
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
  private async act(job: Job, fields: Record<string, unknown>): Promise<"done" | "overtaken"> {
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

  private failed(job: Job, error: unknown): void {
    const signedOut = error instanceof Problem && error.status === 401;
    if (error instanceof Unreachable || signedOut) {
      this.change(job, { state: "waiting", error });
      this.ports.later(() => {
        if (this.jobOf(job.caseId)?.state === "waiting") this.retry(job.caseId);
      }, RETRY_MS);
    } else if (error instanceof Problem) {
      this.change(job, { state: "failed", error });
    } else {
      throw error;
    }
  }

  private change(job: Job, part: Partial<Job>): void {
    this.jobs.value = this.jobs.value.map((other) => (other.caseId === job.caseId ? { ...other, ...part } : other));
  }

  private async keep({ state: _state, share: _share, error: _error, ...kept }: Job): Promise<void> {
    await this.safely(async () => this.shelf?.put(kept), undefined);
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

function shareOf(job: Pick<KeptJob, "photos" | "stored">): number {
  return job.photos.length === 0 ? 0 : job.stored.length / job.photos.length;
}
