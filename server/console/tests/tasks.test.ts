import { beforeEach, describe, expect, it, vi } from "vitest";
import type { CaseDetail, User } from "../src/api/models";
import { caseDetail, message } from "./samples";

vi.stubGlobal("location", { origin: "http://lookout", pathname: "/worker", search: "" });
vi.stubGlobal("window", globalThis);
vi.stubGlobal("addEventListener", () => undefined);
vi.stubGlobal("document", { addEventListener: () => undefined, visibilityState: "visible" });
/** Requests that have not been answered, oldest first. */
const asked: ((item: CaseDetail) => void)[] = [];
let offline = false;
vi.stubGlobal("fetch", () =>
  offline
    ? Promise.reject(new TypeError("Failed to fetch"))
    : new Promise((answer) => asked.push((item) => answer(new Response(JSON.stringify(item))))),
);

const { user } = await import("../src/live/session");
const { refresh, takeMessage, tasks } = await import("../src/worker/tasks");

const WANG = { id: "u-wang", name: "王芳" };
let number = 0;

/** A case of its own for each test: what was heard of one is kept. */
function mine(version: number, part: Partial<CaseDetail> = {}): CaseDetail {
  return caseDetail({ id: `c-${number}`, state: "accepted", version, handler: WANG, ...part });
}

describe("answers that overtake each other", () => {
  beforeEach(() => {
    number += 1;
    asked.length = 0;
    user.value = { ...WANG, username: "wang", roles: ["worker"] } as unknown as User;
    tasks.value = [];
  });

  it("leave the newest on the screen", async () => {
    const [first, second] = [refresh(`c-${number}`), refresh(`c-${number}`)];
    asked[1]?.(mine(3, { state: "on_scene" }));
    await second;
    asked[0]?.(mine(2));
    await first;
    expect(tasks.value?.map((item) => item.state)).toEqual(["on_scene"]);
  });

  it("do not bring back what was given to somebody else", async () => {
    tasks.value = [mine(1)];
    const late = refresh(`c-${number}`);
    takeMessage(message({ alarm: null, case: mine(3, { handler: { id: "u-other", name: "张强" } }) }));
    asked[0]?.(mine(2));
    await late;
    expect(tasks.value).toEqual([]);
  });
});

describe("a change that is heard of and cannot be fetched", () => {
  it("is fetched as soon as it can be", async () => {
    vi.useFakeTimers();
    number += 1;
    asked.length = 0;
    user.value = { ...WANG, username: "wang", roles: ["worker"] } as unknown as User;
    tasks.value = [mine(1)];
    offline = true;
    takeMessage(message({ alarm: null, case: mine(2) }));
    takeMessage(message({ alarm: null, case: mine(3) }));
    await vi.advanceTimersByTimeAsync(12_000);
    offline = false;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked.length).toBe(1);
    asked[0]?.(mine(3, { state: "verifying" }));
    await vi.advanceTimersByTimeAsync(0);
    expect(tasks.value?.map((item) => item.state)).toEqual(["verifying"]);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(asked.length).toBe(1);
    vi.useRealTimers();
  });
});
