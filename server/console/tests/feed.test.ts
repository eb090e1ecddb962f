import { beforeEach, describe, expect, it } from "vitest";
import { Feed, type FeedSource } from "../src/live/feed";

class FakeSource implements FeedSource {
  readyState = 1;
  private readonly listeners = new Map<string, (event: { data?: unknown }) => void>();

  constructor(readonly url: string) {}

  addEventListener(type: string, listener: (event: { data?: unknown }) => void): void {
    this.listeners.set(type, listener);
  }

  close(): void {
    this.readyState = 2;
  }

  send(type: string, data: object): void {
    this.listeners.get(type)?.({ data: JSON.stringify(data) });
  }
}

describe("feed", () => {
  let sources: FakeSource[];
  let now: number;
  let seen: string[];
  let feed: Feed;

  beforeEach(() => {
    sources = [];
    now = 1000;
    seen = [];
    feed = new Feed(
      (url) => {
        const source = new FakeSource(url);
        sources.push(source);
        return source;
      },
      () => now,
      {
        onMessage: (message) => seen.push(`${message.kind} ${message.seq}`),
        onHeartbeat: () => undefined,
        onRestart: () => seen.push("restart"),
        onRefused: () => seen.push("refused"),
      },
    );
  });

  const last = () => sources.at(-1) as FakeSource;
  const alarm = (seq: number) => ({ seq, at: "", kind: "alarm", id: "a", change: "created" });

  it("starts after the number it was given", () => {
    feed.start(41);
    expect(last().url).toBe("/api/v1/feed?after=41");
  });

  it("hands on each message once, in order", () => {
    feed.start(0);
    last().send("alarm", alarm(1));
    last().send("alarm", alarm(2));
    last().send("alarm", alarm(2));
    expect(seen).toEqual(["alarm 1", "alarm 2"]);
  });

  it("opens again after the last number seen when the browser has given up", () => {
    feed.start(0);
    last().send("alarm", alarm(7));
    last().readyState = 2;
    feed.check();
    expect(sources).toHaveLength(1);
    now += 2_000;
    feed.check();
    expect(seen).toEqual(["alarm 7", "refused"]);
    expect(last().url).toBe("/api/v1/feed?after=7");
  });

  it("goes on where it was paused, and is not called dead for the time that nobody looked", () => {
    feed.start(0);
    last().send("alarm", alarm(7));
    feed.pause();
    expect(last().readyState).toBe(2);
    now += 3_600_000;
    feed.check();
    expect(sources).toHaveLength(1);
    feed.resume();
    expect(last().url).toBe("/api/v1/feed?after=7");
    expect(feed.beatAt.value).toBe(now);
    feed.resume();
    expect(sources).toHaveLength(2);
  });

  it("does not come back when it was stopped while it was paused", () => {
    feed.start(0);
    feed.pause();
    feed.stop();
    feed.resume();
    expect(sources).toHaveLength(1);
  });

  it("takes a silent connection for dead", () => {
    feed.start(3);
    last().send("heartbeat", { at: "", seq: 3 });
    now += 14_000;
    feed.check();
    expect(sources).toHaveLength(1);
    now += 1_000;
    feed.check();
    expect(sources).toHaveLength(2);
    expect(sources[0]?.readyState).toBe(2);
  });

  it("gives a new connection its own time before it is taken for dead", () => {
    feed.start(3);
    now += 15_000;
    feed.check();
    now += 1_000;
    feed.check();
    expect(sources).toHaveLength(2);
  });

  it("asks for everything again when the dispatcher numbers anew", () => {
    feed.start(90);
    last().send("heartbeat", { at: "", seq: 4 });
    expect(seen).toEqual(["restart"]);
  });

  it("survives what is not JSON", () => {
    feed.start(0);
    last().send("alarm", alarm(1));
    (last() as unknown as { listeners: Map<string, (event: { data: string }) => void> }).listeners.get("alarm")?.({
      data: "<html>",
    });
    expect(seen).toEqual(["alarm 1"]);
  });
});
