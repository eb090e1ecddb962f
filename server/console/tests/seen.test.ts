import { beforeEach, describe, expect, it, vi } from "vitest";
import { changed, keep, kept } from "../src/resident/seen";

const shelf = new Map<string, string>();

beforeEach(() => {
  shelf.clear();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => shelf.get(key) ?? null,
    setItem: (key: string, value: string) => void shelf.set(key, value),
  });
});

describe("what a browser said that it sees, too", () => {
  it("is of one place, and is the same after a reload", () => {
    const said = changed(kept("gate"), "pothole", "2026-05-04T06:10:00Z");
    keep("gate", said, ["pothole"]);
    expect(kept("gate")).toEqual(said);
    expect(kept("lobby").device).not.toBe(said.device);
    expect(kept("lobby").until).toEqual({});
  });

  it("is forgotten when it is taken back, and when it is over", () => {
    const both = changed(changed(kept("gate"), "pothole", "2026-05-04T06:10:00Z"), "lamp", "2026-05-04T06:11:00Z");
    expect(Object.keys(changed(both, "lamp", null).until)).toEqual(["pothole"]);
    keep("gate", both, ["lamp"]);
    expect(Object.keys(kept("gate").until)).toEqual(["lamp"]);
    expect(kept("gate").device).toBe(both.device);
  });

  it.each(["null", "{}", "{", '{"device": null, "until": null}'])("begins anew where the browser kept %s", (text) => {
    shelf.set("lookout.seen.gate", text);
    const found = kept("gate");
    expect(found.device.length).toBeGreaterThan(20);
    expect(found.until).toEqual({});
  });

  it("is said all the same where a browser keeps nothing", () => {
    vi.stubGlobal("localStorage", {
      getItem: () => {
        throw new Error("denied");
      },
      setItem: () => {
        throw new Error("denied");
      },
    });
    const said = kept("gate");
    expect(() => keep("gate", said, [])).not.toThrow();
    expect(said.until).toEqual({});
  });
});
