import { describe, expect, it } from "vitest";
import type { Camera } from "../src/api/models";
import { unknownOf } from "../src/live/unknown";
import { countBySight, gravest, later, needyFirst, neighbour, newest, tilesOf, watchedShare } from "../src/live/wall";
import { alarm } from "./samples";

const camera = (id: string, given: Partial<Camera> = {}): Camera => ({
  id,
  name: id,
  gateway: "gw",
  grid: null,
  building: null,
  state: "watching",
  reason: null,
  detail: null,
  since: null,
  last_alarm_at: null,
  proofs: [],
  coverage: null,
  ...given,
});
const GRID = { id: "grid-01", name: "1" };

describe("the wall", () => {
  it("keeps a tile where it is whatever its camera sees, and those of one place together", () => {
    const cameras = [camera("b"), camera("a", { grid: GRID, state: "blind" }), camera("c", { grid: GRID })];
    const all = { sight: "all", grid: "", words: "" } as const;
    expect(tilesOf(cameras, all).map(({ id }) => id)).toEqual(["a", "c", "b"]);
    expect(tilesOf(cameras, { ...all, sight: "blind" }).map(({ id }) => id)).toEqual(["a"]);
    expect(tilesOf(cameras, { ...all, grid: "grid-01", words: " C" }).map(({ id }) => id)).toEqual(["c"]);
    expect(countBySight(cameras)).toEqual({ watching: 2, blind: 1, off: 0, unknown: 0 });
  });

  it("counts the numbers in names, and puts what nobody sees first where somebody asks what is wrong", () => {
    const cameras = [camera("12"), camera("3"), camera("20", { state: "unknown" }), camera("4", { grid: GRID }), camera("100", { state: "blind" })];
    const fails = camera("9", { reason: "plates_failed" });
    expect(tilesOf(cameras, { sight: "watching", grid: "", words: "" }).map(({ id }) => id)).toEqual(["4", "3", "12"]);
    expect(needyFirst([...cameras, fails]).map(({ id }) => id)).toEqual(["100", "9", "20", "4", "3", "12"]);
  });

  it("knows when a camera's newest alarm began, before the camera says so", () => {
    const at = (minute: number) => `2026-11-22T06:0${minute}:00.000Z`;
    const told = newest([alarm({ started_at: at(3) }), alarm({ started_at: at(5) }), alarm({ started_at: at(4) })]);
    expect([...told.values()]).toEqual([at(5)]);
    expect([later(null, at(5)), later(at(2), at(5)), later(at(7), at(5))]).toEqual([at(5), at(5), at(7)]);
  });

  it("shows the gravest of a camera's open alarms", () => {
    const told = [alarm({ id: "1", severity: "blue" }), alarm({ id: "2", severity: "red" }), alarm({ id: "3", severity: "yellow" })];
    expect([...gravest(told).values()]).toEqual(["red"]);
  });

  it("knows of what is known how much was watched", () => {
    const coverage = { day: "2026-11-22", watching_min: 90, blind_min: 6, off_min: 4 };
    expect(watchedShare(camera("a", { coverage }))).toBe(0.9);
    expect(watchedShare(camera("a", { coverage: { ...coverage, watching_min: 0, blind_min: 0, off_min: 0 } }))).toBeNull();
    expect(watchedShare(camera("a"))).toBeNull();
  });

  it("is walked by arrow keys", () => {
    expect(neighbour("ArrowRight", 0, 5, 3)).toBe(1);
    expect(neighbour("ArrowDown", 1, 5, 3)).toBe(4);
    expect(neighbour("ArrowDown", 2, 5, 3)).toBeNull();
    expect(neighbour("End", 0, 5, 3)).toBe(4);
    expect(neighbour("Home", 0, 5, 3)).toBeNull();
    expect(neighbour("x", 0, 5, 3)).toBeNull();
  });

  it("counts the cameras of which nobody can say anything", () => {
    expect(unknownOf({ watching: 40, blind: 2, off: 1, total: 55 })).toBe(12);
    expect(unknownOf({ watching: 53, blind: 2, off: 0, total: 55 })).toBe(0);
  });
});
