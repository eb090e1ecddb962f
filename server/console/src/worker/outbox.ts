/** What a worker did and the dispatcher has not confirmed yet. Kept in memory: the page warns before it is closed. */

import { signal } from "@preact/signals";
import { Problem, Unreachable } from "../api/client";
import type { Case, CaseAction, CaseDetail, Place } from "../api/models";

export interface Job {
  readonly caseId: string;
  readonly action: CaseAction;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly photos: readonly Blob[];
  readonly place?: Place | undefined;
  /** The case's version when the worker decided. */
  version: number;
  state: "sending" | "waiting" | "failed";
  /** Share 0..1 of the photos that has been sent. */
  share: number;
  /** SHA-256 of photos that are safe already. */
  stored: readonly string[];
  error: unknown;
}

export type NewJob = Pick<Job, "caseId" | "action" | "fields" | "photos" | "place" | "version">;

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

export class Outbox {
  /** One job a case at most: the next step is offered once this one is settled. */
  readonly jobs = signal<readonly Job[]>([]);

  constructor(private readonly ports: OutboxPorts) {}

  jobOf(caseId: string): Job | undefined {
    return this.jobs.value.find((job) => job.caseId === caseId);
  }

  add(job: NewJob): void {
    if (this.jobOf(job.caseId) !== undefined) return;
    const fresh: Job = { ...job, state: "sending", share: 0, stored: [], error: null };
    this.jobs.value = [...this.jobs.value, fresh];
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

  /** Give up a step that was refused. */
  drop(caseId: string): void {
    this.jobs.value = this.jobs.value.filter((job) => job.caseId !== caseId);
  }

  private async send(job: Job): Promise<void> {
    try {
      const photos = await this.uploadPhotos(job);
      const fields = { ...job.fields, ...(photos.length > 0 ? { photos } : {}), ...(job.place ? { place: job.place } : {}) };
      const after = await this.act(job, fields);
      this.drop(job.caseId);
      this.ports.settled(job, after);
    } catch (error) {
      this.failed(job, error);
    }
  }

  private async uploadPhotos(job: Job): Promise<readonly string[]> {
    for (const [index, photo] of job.photos.entries()) {
      const stored = this.jobOf(job.caseId)?.stored ?? [];
      if (index < stored.length) continue;
      const digest = await this.ports.upload(photo, (share) =>
        this.change(job, { share: (index + share) / job.photos.length }),
      );
      this.change(job, { stored: [...stored, digest], share: (index + 1) / job.photos.length });
    }
    return this.jobOf(job.caseId)?.stored ?? [];
  }

  /**
   * Make the move. When the case has changed since the worker saw it, the move is made again on the new version if it
   * is still legal; if not, an earlier try of ours got through without its answer, or somebody else was faster.
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
        if (!current.allowed.includes(job.action)) return "overtaken";
        version = current.version;
      }
    }
  }

  private failed(job: Job, error: unknown): void {
    if (error instanceof Unreachable) {
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
}
