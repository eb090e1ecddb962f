import { beforeEach, describe, expect, it } from "vitest";
import { Problem, Unreachable, Unreadable } from "../src/api/client";
import type { CaseAction, CaseDetail } from "../src/api/models";
import { type KeptLetter, type KeptStep, type NewJob, Outbox } from "../src/worker/outbox";
import { caseDetail, caseItem } from "./samples";
import { MemoryShelf } from "./shelf";

const stale = () => new Problem(409, { code: "stale_version", current_version: 5 });
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("outbox", () => {
  let acts: { action: CaseAction; version: number; fields: Record<string, unknown> }[];
  let posts: { path: string; body: Record<string, unknown>; key: string }[];
  let uploads: number;
  let settled: string[];
  let defects: unknown[];
  let timers: (() => void)[];
  let answers: (() => void)[];
  let turns: Map<string, Promise<void>>;
  let current: CaseDetail;
  let outbox: Outbox;
  let shelf: MemoryShelf;

  beforeEach(async () => {
    acts = [];
    posts = [];
    uploads = 0;
    settled = [];
    defects = [];
    timers = [];
    answers = [];
    turns = new Map();
    current = caseDetail({ version: 5, allowed: ["accept"] });
    shelf = new MemoryShelf();
    outbox = newOutbox();
    await outbox.open(shelf);
  });

  const newOutbox = (later: (action: () => void, ms: number) => void = (action) => timers.push(action)) =>
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
      post: async (path, body, key) => {
        posts.push({ path, body, key });
        answers.shift()?.();
      },
      settled: (job, after) => settled.push(`${job.kind === "step" ? job.action : job.topic} ${after}`),
      later,
      defect: (error) => defects.push(error),
      alone: (name, action) => {
        const turn = (turns.get(name) ?? Promise.resolve()).then(action);
        turns.set(name, turn);
        return turn;
      },
    });

  const fail = (error: Error) => () => {
    throw error;
  };
  const job = (part: Partial<Omit<KeptStep, "stored">> = {}): NewJob => ({
    kind: "step",
    id: "c-1",
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

  it("offers a way on after a failure that nobody thought of, and reports it", async () => {
    const odd = new DOMException("The I/O read operation failed.", "NotReadableError");
    answers = [fail(odd)];
    await outbox.add(job({ photos: [new Blob(["one"])] }));
    await settle();
    expect(outbox.jobs.value[0]).toMatchObject({ state: "failed", error: odd });
    expect(defects).toEqual([odd]);
    outbox.retry("c-1");
    await settle();
    expect(settled).toEqual(["accept done"]);
  });

  it("takes a photo again that this phone cannot read any more, and keeps the rest", async () => {
    const photos = ["one", "two", "three"].map((text) => new Blob([text]));
    answers = [() => undefined, fail(new Unreadable())];
    await outbox.add(job({ action: "feedback", photos, fields: { note: "gone" } }));
    await settle();
    expect(outbox.jobs.value[0]).toMatchObject({ state: "failed", stored: ["sha-1"] });
    expect(defects).toEqual([]);
    const again = new Blob(["two again"]);
    await outbox.replacePhoto("c-1", again);
    expect(shelf.kept.get("c-1")?.photos).toEqual([photos[0], again, photos[2]]);
    await settle();
    expect(acts).toEqual([{ action: "feedback", version: 2, fields: { note: "gone", photos: ["sha-1", "sha-2", "sha-3"] } }]);
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

  it("tries again by itself what a dispatcher cannot take now, and asks about what it fails on", async () => {
    answers = [fail(new Problem(503, { code: "unavailable" }))];
    void outbox.add(job());
    await settle();
    expect(outbox.jobOf("c-1")?.state).toBe("waiting");
    timers.shift()?.();
    await settle();
    expect(settled).toEqual(["accept done"]);
    answers = [fail(new Problem(500, {}))];
    void outbox.add(job());
    await settle();
    expect(outbox.jobOf("c-1")?.state).toBe("failed");
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

  it("does not take up again what is settled while the shelf is being read", async () => {
    const slow = new MemoryShelf();
    let read = (): void => undefined;
    slow.all = () => {
      const found = [...slow.kept.values()];
      return new Promise((resolve) => {
        read = () => resolve(found);
      });
    };
    void outbox.open(slow);
    read();
    await settle();
    answers = [() => void outbox.open(slow)];
    void outbox.add(job());
    await settle();
    read();
    await settle();
    expect(acts).toHaveLength(1);
    expect(settled).toEqual(["accept done"]);
    expect(outbox.jobs.value).toEqual([]);
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

  const letter = (part: Partial<KeptLetter> = {}): NewJob => ({
    kind: "letter",
    id: "l-1",
    topic: "diary",
    title: "Patrol",
    path: "/diary",
    body: { words: "w" },
    photos: [],
    ...part,
  });

  it("tells what would be lost with the page: only what the browser would not keep", async () => {
    const heldUntil = Date.now() + 5_000;
    await outbox.add(letter({ id: "kept", heldUntil }));
    expect(outbox.unkept()).toEqual([]);
    shelf.put = () => Promise.reject(new Error("full"));
    await outbox.add(letter({ id: "not kept", heldUntil }));
    expect(outbox.unkept().map((job) => job.id)).toEqual(["not kept"]);
    expect(outbox.jobs.value.map((job) => job.id)).toEqual(["kept", "not kept"]);
  });

  it("sends a letter with its photos under one key however often it tries", async () => {
    answers = [() => undefined, fail(new Unreachable())];
    void outbox.add(letter({ photos: [new Blob(["1"])] }));
    await settle();
    outbox.flush();
    await settle();
    const sent = { path: "/diary", body: { words: "w", photos: ["sha-1"] }, key: "l-1" };
    expect(posts).toEqual([sent, sent]);
    expect(uploads).toBe(1);
    expect(settled).toEqual(["diary done"]);
    expect(shelf.kept.size).toBe(0);
  });

  it("asks for help on a case whose next step still waits", async () => {
    answers = [fail(new Unreachable())];
    void outbox.add(job());
    void outbox.add(job({ id: "c-1/help", action: "help" }));
    await settle();
    expect(settled).toEqual(["help done"]);
    expect(outbox.jobOf("c-1")?.state).toBe("waiting");
  });

  it("holds back what may be taken back, and forgets it when it is", async () => {
    void outbox.add(letter({ heldUntil: Date.now() + 5_000 }));
    await settle();
    expect(outbox.jobOf("l-1")?.state).toBe("held");
    expect(shelf.kept.size).toBe(1);
    void outbox.drop("l-1");
    timers.shift()?.();
    await settle();
    expect(posts).toEqual([]);
    expect(shelf.kept.size).toBe(0);
  });

  it("sends what was held once the time is over or the page is hidden", async () => {
    const held = () => letter({ heldUntil: Date.now() + 5_000 });
    void outbox.add(held());
    await settle();
    timers.shift()?.();
    await settle();
    void outbox.add(held());
    await settle();
    outbox.release();
    await settle();
    expect(posts).toHaveLength(2);
  });

  it("holds back in a second page what the first holds, and sends it there when the first is gone", async () => {
    void outbox.add(letter({ heldUntil: Date.now() + 5_000 }));
    await settle();
    const second = newOutbox();
    await second.open(shelf);
    await settle();
    expect([second.jobOf("l-1")?.state, posts]).toEqual(["held", []]);
    timers.pop()?.();
    await settle();
    expect(posts).toHaveLength(1);
  });

  it("does not send from a second page what was taken back in the first", async () => {
    void outbox.add(letter({ heldUntil: Date.now() + 5_000 }));
    await settle();
    const second = newOutbox();
    await second.open(shelf);
    await outbox.drop("l-1");
    for (const timer of timers) timer();
    await settle();
    expect([posts, second.jobs.value, settled]).toEqual([[], [], ["diary elsewhere"]]);
  });

  it("holds nothing for longer than its time, though the clock was set back", async () => {
    const waits: number[] = [];
    const wise = newOutbox((_, ms) => waits.push(ms));
    await wise.open(new MemoryShelf());
    await wise.add(letter({ heldUntil: Date.now() + 86_400_000 }));
    expect(waits).toEqual([5_000]);
  });

  it("sends what was done before the shelf was open", async () => {
    const early = newOutbox();
    answers = [fail(new Unreachable())];
    void early.add(job());
    await settle();
    await early.open(shelf);
    early.flush();
    await settle();
    expect(settled).toEqual(["accept done"]);
  });

  it("sends once what two pages have in their hands", async () => {
    answers = [fail(new Unreachable())];
    void outbox.add(job());
    await settle();
    const second = newOutbox();
    await second.open(shelf);
    outbox.flush();
    await settle();
    expect(acts).toHaveLength(2);
    expect(settled.toSorted()).toEqual(["accept done", "accept elsewhere"]);
    expect([outbox.jobs.value, second.jobs.value]).toEqual([[], []]);
  });

  it("leaves a case's next step alone that another page has put in the place of its own", async () => {
    answers = [fail(new Unreachable()), fail(new Unreachable())];
    void outbox.add(job());
    await settle();
    const second = newOutbox();
    await second.open(shelf);
    await settle();
    expect(second.jobOf("c-1")?.state).toBe("waiting");
    outbox.flush();
    await settle();
    answers = [fail(new Unreachable())];
    void outbox.add(job({ action: "arrive", version: 3 }));
    await settle();
    second.flush();
    await settle();
    expect(acts.map((act) => act.action)).toEqual(["accept", "accept", "accept", "arrive"]);
    expect([...shelf.kept.values()]).toMatchObject([{ action: "arrive" }]);
    expect(second.jobs.value).toEqual([]);
  });
});
