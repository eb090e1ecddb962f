import { describe, expect, it } from "vitest";
import { clockAt, dayAfter, dayAt, fieldMoment, momentOf, mondayOf } from "../src/text/zone";

describe("the site's clock", () => {
  it("is the same moment wherever the browser is", () => {
    const moment = momentOf("2026-11-22", "06:00", "Asia/Shanghai");
    expect(new Date(moment).toISOString()).toBe("2026-11-21T22:00:00.000Z");
    expect([dayAt(moment, "Asia/Shanghai"), clockAt(moment, "Asia/Shanghai")]).toEqual(["2026-11-22", "06:00"]);
  });

  it("is what fields mean, wherever the browser is", () => {
    expect(fieldMoment("2026-11-22T06:00", "Asia/Shanghai")).toBe("2026-11-21T22:00:00.000Z");
    expect(fieldMoment("2026-11-22T06:00:30", "Asia/Shanghai")).toBe("2026-11-21T22:00:00.000Z");
    expect(fieldMoment(`${dayAfter("2026-11-30", 1)}T00:00`, "America/Lima")).toBe("2026-12-01T05:00:00.000Z");
  });

  it("follows summer time on both of its days", () => {
    for (const [day, clock] of [
      ["2026-03-29", "00:30"],
      ["2026-03-29", "12:00"],
      ["2026-10-25", "00:30"],
      ["2026-10-25", "12:00"],
    ] as const) {
      const moment = momentOf(day, clock, "Europe/Berlin");
      expect([dayAt(moment, "Europe/Berlin"), clockAt(moment, "Europe/Berlin")]).toEqual([day, clock]);
    }
  });

  it("counts days across months, and weeks from Monday", () => {
    expect(dayAfter("2026-11-30", 1)).toBe("2026-12-01");
    expect(["2026-11-23", "2026-11-27", "2026-11-29"].map(mondayOf)).toEqual(["2026-11-23", "2026-11-23", "2026-11-23"]);
  });
});
