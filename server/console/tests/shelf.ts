/** A shelf in memory, for tests: it outlives an outbox as the browser's outlives a page. */

import type { JobShelf, KeptJob } from "../src/worker/outbox";

export class MemoryShelf implements JobShelf {
  readonly kept = new Map<string, KeptJob>();
  /** When set, the browser refuses to keep anything. */
  full = false;

  async all(): Promise<readonly KeptJob[]> {
    return [...this.kept.values()];
  }

  async get(id: string): Promise<KeptJob | undefined> {
    if (this.full) throw new DOMException("no room", "QuotaExceededError");
    return this.kept.get(id);
  }

  async put(job: KeptJob): Promise<void> {
    if (this.full) throw new DOMException("no room", "QuotaExceededError");
    this.kept.set(job.id, job);
  }

  async remove(id: string): Promise<void> {
    this.kept.delete(id);
  }
}
