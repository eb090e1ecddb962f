import { signal } from "@preact/signals";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Row } from "../src/live/rows";

/** What was played, in hertz. */
let played: number[] = [];
const node = { connect: (to: unknown) => to, start: () => undefined, stop: () => undefined };
const ramp = { setValueAtTime: () => undefined, linearRampToValueAtTime: () => undefined };

vi.stubGlobal("window", globalThis);
vi.stubGlobal("document", { addEventListener: () => undefined, visibilityState: "visible" });
vi.stubGlobal("location", { origin: "http://lookout", pathname: "/", search: "" });
vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });
vi.stubGlobal("addEventListener", () => undefined);
vi.stubGlobal("removeEventListener", () => undefined);
vi.stubGlobal(
  "AudioContext",
  class {
    state = "running";
    currentTime = 0;
    destination = node;
    addEventListener = () => undefined;
    removeEventListener = () => undefined;
  },
);
vi.stubGlobal("GainNode", class {
  gain = ramp;
  connect = node.connect;
});
vi.stubGlobal("OscillatorNode", class {
  constructor(_: unknown, { frequency }: { frequency: number }) {
    played.push(frequency);
  }
  connect = node.connect;
  start = node.start;
  stop = node.stop;
});

const { setVolume, soundFor } = await import("../src/live/sound");
const { blocked, deaf, feedAge, stayAwake } = await import("../src/live/live");

describe("a page that has something to say aloud", () => {
  it("holds a lock of the browser, which does not freeze it then, for as long as it is there", async () => {
    const held: Promise<unknown>[] = [];
    vi.stubGlobal("navigator", { locks: { request: (...given: unknown[]) => held.push((given.at(-1) as () => Promise<unknown>)()) } });
    let freed = false;
    const stop = stayAwake();
    void held[0]?.then(() => {
      freed = true;
    });
    await Promise.resolve();
    expect([held.length, freed]).toEqual([1, false]);
    stop();
    await held[0];
    expect(freed).toBe(true);
  });

  it("does without where the browser has none, as on plain http", () => {
    vi.stubGlobal("navigator", {});
    expect(() => stayAwake()()).not.toThrow();
  });
});

describe("a control room to which no alarm can come", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    played = [];
    feedAge.value = 0;
    blocked.value = null;
    setVolume(60);
  });
  const listen = () => soundFor({ sounding: signal<Row[]>([]) }, deaf);

  it("sounds once, other than for red, when the screen has been old for a quarter of a minute", () => {
    const stop = listen();
    feedAge.value = 19_500;
    expect(played).toEqual([]);
    feedAge.value = 20_000;
    expect(played).toEqual([523, 392, 294]);
    feedAge.value = 600_000;
    vi.advanceTimersByTime(600_000);
    expect(played).toHaveLength(3);
    stop();
  });

  it("sounds when the dispatcher says that nothing reaches it, and again when that happens again", () => {
    const stop = listen();
    blocked.value = "broker";
    expect(played).toHaveLength(3);
    blocked.value = "database";
    expect(played).toHaveLength(3);
    blocked.value = null;
    blocked.value = "broker";
    expect(played).toHaveLength(6);
    stop();
  });

  it("is silent where the sound is off", () => {
    setVolume(0);
    const stop = listen();
    blocked.value = "broker";
    expect(played).toEqual([]);
    stop();
  });
});

describe("red ones that wait", () => {
  const TONES = [659, 880];
  const row = (key: string) => ({ key }) as Row;
  beforeEach(() => {
    vi.useFakeTimers();
    played = [];
    setVolume(60);
  });
  const sounding = signal<Row[]>([]);
  const listen = (...rows: Row[]) => {
    sounding.value = rows;
    return soundFor({ sounding }, signal(false));
  };

  it("sound at once and every three seconds, whatever else the board learns", () => {
    const stop = listen(row("a"));
    expect(played).toEqual(TONES);
    vi.advanceTimersByTime(2_000);
    sounding.value = [row("a")];
    expect(played).toHaveLength(2);
    vi.advanceTimersByTime(1_000);
    expect(played).toHaveLength(4);
    stop();
    vi.advanceTimersByTime(9_000);
    expect(played).toHaveLength(4);
  });

  it("are joined at once by the next, and by one that is red again", () => {
    const stop = listen(row("a"));
    vi.advanceTimersByTime(1_000);
    sounding.value = [row("b"), row("a")];
    expect(played).toHaveLength(4);
    sounding.value = [row("b")];
    expect(played).toHaveLength(4);
    sounding.value = [row("a"), row("b")];
    expect(played).toHaveLength(6);
    stop();
  });

  it("are silent once nobody waits, and heard again later", () => {
    const stop = listen(row("a"));
    sounding.value = [];
    vi.advanceTimersByTime(60_000);
    expect(played).toHaveLength(2);
    sounding.value = [row("a")];
    expect(played).toHaveLength(4);
    vi.advanceTimersByTime(3_000);
    expect(played).toHaveLength(6);
    stop();
  });
});
