import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

vi.stubGlobal("window", globalThis);
vi.stubGlobal("document", { addEventListener: () => undefined, visibilityState: "visible" });
vi.stubGlobal("location", { origin: "http://lookout", pathname: "/", search: "" });
vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });
vi.stubGlobal("addEventListener", () => undefined);
vi.stubGlobal("fetch", async () => new Response(JSON.stringify({ feed_seq: 7 }), { headers: { "content-type": "application/json" } }));

type Hear = (event: { data: string }) => void;
let heartbeats: Hear[] = [];
vi.stubGlobal(
  "EventSource",
  class {
    readyState = 1;
    addEventListener(type: string, hear: Hear) {
      if (type === "heartbeat") heartbeats.push(hear);
    }
    close() {}
  },
);

const { deaf, feedAge, goLive, goOffline, stale } = await import("../src/live/live");

describe("a feed that never gave a sign of life", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    heartbeats = [];
  });
  afterEach(() => {
    goOffline();
    vi.useRealTimers();
  });

  it("is called old, and then lost, as one that fell silent is", async () => {
    await goLive();
    await vi.advanceTimersByTimeAsync(4_000);
    expect([stale.value, deaf.value]).toEqual([false, false]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect([stale.value, deaf.value]).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(15_000);
    expect([stale.value, deaf.value]).toEqual([true, true]);
  });

  it("is live again with the first one", async () => {
    await goLive();
    await vi.advanceTimersByTimeAsync(8_000);
    heartbeats.at(-1)?.({ data: JSON.stringify({ at: "2026-01-01T00:00:00Z", seq: 7 }) });
    await vi.advanceTimersByTimeAsync(500);
    expect([stale.value, deaf.value]).toEqual([false, false]);
    expect(feedAge.value).toBeLessThanOrEqual(500);
  });
});
