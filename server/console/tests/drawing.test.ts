import { describe, expect, it } from "vitest";
import type { Zones } from "../src/api/ask";
import * as drawing from "../src/live/drawing";

const LANE: Zones = { lane: [[0, 0], [1, 0], [1, 1]] };

describe("drawing zones", () => {
  it("goes back and forth, a drag being one step", () => {
    let state = drawing.begin(LANE);
    state = drawing.draw(state, drawing.moveCorner(state.zones, "lane", 0, [0.1, 0.1]));
    state = drawing.draw(state, drawing.moveCorner(state.zones, "lane", 0, [0.2, 0.2]), true);
    expect(state.zones["lane"]?.[0]).toEqual([0.2, 0.2]);
    state = drawing.undo(state);
    expect(drawing.isSame(state.zones, LANE)).toBe(true);
    state = drawing.redo(state);
    expect(state.zones["lane"]?.[0]).toEqual([0.2, 0.2]);
    expect(drawing.redo(state)).toBe(state);
    expect(drawing.undo(drawing.begin(LANE)).zones).toBe(LANE);
  });

  it("forgets what was undone once something else is drawn", () => {
    let state = drawing.draw(drawing.begin(LANE), drawing.addZone(LANE, "b"));
    state = drawing.draw(drawing.undo(state), drawing.addZone(LANE, "c"));
    expect(drawing.redo(state).zones).toEqual(state.zones);
  });

  it("keeps corners in the picture, and three of them", () => {
    expect(drawing.moveCorner(LANE, "lane", 1, [1.4, -0.2])["lane"]?.[1]).toEqual([1, 0]);
    expect(drawing.removeCorner(LANE, "lane", 0)).toBe(LANE);
    const four = drawing.splitEdge(LANE, "lane", 2);
    expect(four["lane"]).toEqual([[0, 0], [1, 0], [1, 1], [0.5, 0.5]]);
    expect(drawing.removeCorner(four, "lane", 3)).toEqual(LANE);
  });

  it("takes names that the gateway takes, once each", () => {
    expect(drawing.isFreeName(LANE, "fire_lane")).toBe(true);
    for (const name of ["lane", "", "Gasse 3", "-a"]) expect(drawing.isFreeName(LANE, name)).toBe(false);
    expect(Object.keys(drawing.removeZone(drawing.addZone(LANE, "b"), "lane"))).toEqual(["b"]);
  });
});
