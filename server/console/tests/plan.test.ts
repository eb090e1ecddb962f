import { describe, expect, it } from "vitest";
import { coneOf, fractions, MIDDLE } from "../src/live/plan";

describe("what a camera sees of a plan", () => {
  it("is a sector from the camera, turned clockwise from the top", () => {
    const points = coneOf({ x: 0.5, y: 0.5, heading: 90, angle: 60, reach: 0.1 }, 1000, 600);
    expect(points[0]).toEqual([500, 300]);
    const middle = points[1 + 12];
    expect(middle?.[0]).toBeCloseTo(600);
    expect(middle?.[1]).toBeCloseTo(300);
    const up = coneOf({ ...MIDDLE, heading: 0 }, 1000, 1000)[1 + 12];
    expect(up?.[1]).toBeCloseTo(500 - 120);
  });

  it("is a circle where it looks all around", () => {
    const points = coneOf({ ...MIDDLE, angle: 360 }, 1000, 1000);
    expect(points.every(([x, y]) => Math.abs(Math.hypot(x - 500, y - 500) - 120) < 1e-6)).toBe(true);
  });

  it("stays on the picture", () => {
    expect(fractions(-20, 300, 1000, 600)).toEqual({ x: 0, y: 0.5 });
    expect(fractions(1200, 601, 1000, 600)).toEqual({ x: 1, y: 1 });
  });
});
