import { describe, expect, it } from "vitest";
import { fitted } from "../src/text/axis";

const wide = (text: string) => text.length * 10;

describe("the labels of an axis", () => {
  const steps = ["sent (25)", "there (24)", "on scene (22)"];

  it("stand in one line where there is room, and else in two", () => {
    expect(fitted(steps, 450, wide)).toEqual({ texts: steps, step: 1 });
    expect(fitted(steps, 300, wide)).toEqual({ texts: ["sent\n(25)", "there\n(24)", "on scene\n(22)"], step: 1 });
  });

  it("are left out evenly where neither fits", () => {
    const days = Array.from({ length: 30 }, (_, day) => `11/${10 + day}`);
    expect(fitted(days, 580, wide)).toEqual({ texts: days, step: 3 });
  });
});
