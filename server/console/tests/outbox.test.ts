import { beforeEach, describe, expect, it } from "vitest";
import { Problem, Unreachable } from "../src/api/client";
import type { CaseAction, CaseDetail } from "../src/api/models";
import { type NewJob, Outbox } from "../src/worker/outbox";
import { caseDetail, caseItem } from "./samples";
import { MemoryShelf } from "./shelf";

const stale = () => new Problem(409, { code: "stale_version", current_version: 5 });
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("outbox", () => {
  let acts: { action: CaseAction; version: number; fields: Record<string, unknown> }[];
  let uploads: number;
  let settled: string[];
  let timers: (() => void)[];
  let answers: (() => void)[];
  let current: CaseDetail;
  let outbox: Outbox;
  let shelf: MemoryShelf;

  beforeEach(async () => {
    acts = [];
    uploads = 0;
    settled = [];
    timers = [];
    answers = [];
    current = caseDetail({ version: 5, allowed: ["accept"] });
    shelf = new MemoryShelf();
    outbox = newOutbox();
    await outbox.open(shelf);
  });

  const newOutbox = () =>
    new Outbox({
      upload: async (_, onProgress) => {
        onProgress(0.5);
        answers.shift()?.();
        uploads += 1;
        return `sha-${uploads}`;
      },
      act: async (_, action, version, fields) => {
        acts.push({ action, version, fields });
        answers.shift()?.();
        return caseItem();
      },
      detail: async () => current,
      settled: (job, after) => settled.push(`${job.action} ${after}`),
      later: (action) => timers.push(action),
    });

  const fail = (error: Error) => () => {
    throw error;
  };
  const job = (part: Partial<NewJob> = {}): NewJob => ({
    caseId: "c-1",
    title: "E-bike",
    action: "accept",
    fields: {},
    photos: [],
    place: undefined,
    version: 2,
    made: 0,
    ...part,
  });

  it("sends a step once and lets go of it", async () => {
    void outbox.add(job());
    void outbox.add(job());
    await settle();
    expect(acts).toEqual([{ action: "accept", version: 2, fields: {} }]);
    expect(settled).toEqual(["accept done"]);
    expect(outbox.jobs.value).toEqual([]);
  });

  it("keeps a step that got no answer and sends it when the network is back", async () => {
    answers = [fail(new Unreachable())];
    void outbox.add(job());
    await settle();
    expect(outbox.jobOf("c-1")?.state).toBe("waiting");
    outbox.flush();
    await settle();
    expect(settled).toEqual(["accept done"]);
  });

  it("tries again by itself", async () => {
    answers = [fail(new Unreachable())];
    void outbox.add(job());
    await settle();
    timers.shift()?.();
    await settle();
    expect(acts).toHaveLength(2);
  });

  it("does not send a photo twice that is safe already", async () => {
    answers = [() => undefined, fail(new Unreachable())];
    void outbox.add(job({ action: "feedback", photos: [new Blob(["1"]), new Blob(["2"])] }));
    await settle();
    expect(outbox.jobOf("c-1")?.stored).toEqual(["sha-1"]);
    outbox.retry("c-1");
    await settle();
    expect(acts).toEqual([{ action: "feedback", version: 2, fields: { photos: ["sha-1", "sha-2"] } }]);
  });

  it("makes the step on the new version when the case has changed and the step is still legal", async () => {
    answers = [fail(stale())];
    void outbox.add(job());
    await settle();
    expect(acts.map((act) => act.version)).toEqual([2, 5]);
    expect(settled).toEqual(["accept done"]);
  });

  it("lets go of a step that an earlier try has already made", async () => {
    answers = [fail(stale())];
    current = caseDetail({ version: 5, allowed: ["arrive"] });
    void outbox.add(job());
    await settle();
    expect(settled).toEqual(["accept overtaken"]);
    expect(outbox.jobs.value).toEqual([]);
  });

  it("keeps a refused step until the worker decides", async () => {
    answers = [fail(new Problem(403, { code: "forbidden" }))];
    void outbox.add(job());
    await settle();
    expect(outbox.jobOf("c-1")?.state).toBe("failed");
    expect(timers).toEqual([]);
    void outbox.drop("c-1");
    expect(outbox.jobs.value).toEqual([]);
  });

  it("keeps a step until it is settled, and a new page sends what the last one kept", async () => {
    answers = [() => undefined, fail(new Unreachable())];
    void outbox.add(job({ action: "feedback", photos: [new Blob(["1"]), new Blob(["2"])], fields: { note: "n" } }));
    await settle();
    expect(shelf.kept.get("c-1")?.stored).toEqual(["sha-1"]);
    const reloaded = newOutbox();
    await reloaded.open(shelf);
    await settle();
    expect(acts).toEqual([{ action: "feedback", version: 2, fields: { note: "n", photos: ["sha-1", "sha-2"] } }]);
    expect(shelf.kept.size).toBe(0);
  });

  it("does not make a step again that arrived although its answer was lost, even where it is legal once more", async () => {
    answers = [fail(new Unreachable())];
    void outbox.add(job({ action: "feedback" }));
    await settle();
    const entry = { seq: 4, at: "", actor: null, from_state: null, to_state: "feedback", note: null, data: {} } as const;
    current = caseDetail({ version: 7, allowed: ["feedback"], history: [{ ...entry, action: "feedback" }] });
    answers = [fail(stale())];
    const reloaded = newOutbox();
    await reloaded.open(shelf);
    await settle();
    expect(settled).toEqual(["feedback overtaken"]);
    expect(acts.map((act) => act.version)).toEqual([2, 2]);
    expect(shelf.kept.size).toBe(0);
  });

  it("sends nothing in the name of somebody who has signed out, and keeps it for when they are back", async () => {
    answers = [() => outbox.close()];
    void outbox.add(job({ action: "feedback", photos: [new Blob(["1"])] }));
    await settle();
    expect(acts).toEqual([]);
    expect(shelf.kept.size).toBe(1);
  });

  it("waits for the next sign-in when the session has ended", async () => {
    answers = [fail(new Problem(401, { code: "unauthenticated" }))];
    void outbox.add(job());
    await settle();
    expect(outbox.jobOf("c-1")?.state).toBe("waiting");
  });

  it("sends a step that the browser would not keep, and says that it is not safe", async () => {
    shelf.full = true;
    void outbox.add(job());
    await settle();
    expect(settled).toEqual(["accept done"]);
    expect(outbox.durable.value).toBe(false);
  });
});
