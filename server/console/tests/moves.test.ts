import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Case } from "../src/api/models";
import { caseItem } from "./samples";

vi.stubGlobal("location", { origin: "http://lookout", pathname: "/", search: "" });
vi.stubGlobal("window", globalThis);
vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });
/** What was asked, and what is answered: to the move, then to taking it back. */
const asked: [string, unknown][] = [];
let answers: Case[] = [];
vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
  asked.push([new URL(url, "http://lookout").pathname, JSON.parse(init.body as string)]);
  return Promise.resolve(new Response(JSON.stringify(answers.shift()), { status: 200 }));
});

const { move } = await import("../src/live/moves");
const { notices, undoLast } = await import("../src/live/notices");

const fresh = caseItem({ id: "c-1", state: "new", version: 1, allowed: ["confirm", "void"] });
const last = () => notices.value.at(-1);

describe("a report that somebody judges", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    asked.length = 0;
    notices.value = [];
  });

  it.each([
    ["confirm", {}, "confirmed"],
    ["void", { reason: "查无此事" }, "void"],
  ] as const)("can be taken back after %s, by the version that came of it", async (action, fields, state) => {
    answers = [caseItem({ ...fresh, state, version: 2 }), caseItem({ ...fresh, version: 3 })];
    const undone: Case[] = [];
    const after = await move(fresh, action, fields, "done", (back) => undone.push(back));
    expect([after?.state, last()?.text, typeof last()?.undo]).toEqual([state, "done", "function"]);
    await undoLast();
    expect(asked).toEqual([
      [`/api/v1/cases/c-1/${action}`, { version: 1, ...fields }],
      ["/api/v1/cases/c-1/take_back", { version: 2 }],
    ]);
    expect(undone.map((each) => [each.state, each.version])).toEqual([["new", 3]]);
    expect(last()?.undo).toBeUndefined();
  });

  it("offers no way back for what has gone out to somebody, nor once something was built on it", async () => {
    answers = [caseItem({ ...fresh, state: "confirmed", version: 2 }), caseItem({ ...fresh, state: "dispatched", version: 3 })];
    await move(fresh, "confirm", {}, "confirmed");
    await move(answers[0] as Case, "dispatch", { worker: "u-1" }, "sent");
    expect(notices.value.map((notice) => [notice.text, notice.undo])).toEqual([["sent", undefined]]);
  });
});
