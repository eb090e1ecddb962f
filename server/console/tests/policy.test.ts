import { describe, expect, it } from "vitest";
import { readHours, readSpan, writeSpan } from "../src/policy/spans";

describe("spans of a policy", () => {
  it.each([
    ["90s", 90, "s"],
    ["5min", 5, "min"],
    ["8h working", 8, "h_working"],
    ["30 min working", 30, "min_working"],
    ["7d", 7, "d"],
  ])("reads %s", (text, count, unit) => {
    expect(readSpan(text)).toEqual({ count, unit });
    expect(readSpan(writeSpan(readSpan(text)))).toEqual({ count, unit });
  });

  it("tells days of working time in hours, since such a day has no length of its own", () => {
    expect(writeSpan(readSpan("2d working"))).toBe("48h working");
  });

  it("reads hours of the day", () => {
    expect(readHours("22:00-06:30")).toEqual(["22:00", "06:30"]);
  });
});
