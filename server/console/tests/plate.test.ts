import { describe, expect, it } from "vitest";
import { overview } from "../src/live/live";
import { endText, looksUsual, normalPlate, plateText, standingOf } from "../src/text/plate";
import type { Overview } from "../src/api/models";
import type { Said } from "../src/api/vehicles";

const NOON = Date.parse("2026-11-22T04:00:00Z");

function said(part: Partial<Said> = {}): Said {
  return { plate: "皖A12345", valid_from: null, valid_until: null, cameras: [], uses: null, note: "", ...part };
}

describe("plates", () => {
  it("are the same however they are written", () => {
    for (const text of ["皖A·12345", "皖a 12345", "皖Ａ－１２３４５", " 皖A.12345 "]) expect(normalPlate(text)).toBe("皖A12345");
  });

  it("are shown with the dot that stands on them", () => {
    expect(plateText("皖AD81234")).toBe("皖A·D81234");
    expect(plateText("粤Z1234港")).toBe("粤Z·1234港");
    expect(plateText("FV1234")).toBe("FV1234");
  });

  it("are doubted where they are written as none is in China", () => {
    for (const plate of ["皖A12345", "皖AD81234", "粤Z1234港", "皖A1234学"]) expect(looksUsual(plate)).toBe(true);
    for (const plate of ["皖A1234", "A12345", "皖A123456789", "皖112345"]) expect(looksUsual(plate)).toBe(false);
  });
});

describe("passes", () => {
  it("end at the midnight of the day that counts", () => {
    overview.value = { site: { timezone: "Asia/Shanghai" } } as Overview;
    expect(endText("2026-12-31T16:00:00.000Z")).toBe("2026-12-31 24:00");
    expect(endText("2026-12-31T10:00:00.000Z")).toBe("2026-12-31 18:00");
  });

  it("stand as their times and visits say", () => {
    expect(standingOf(said(), NOON)).toBe("resident");
    expect(standingOf(said({ uses: 2 }), NOON)).toBe("pass");
    expect(standingOf(said({ valid_until: "2026-11-22T04:00:01Z" }), NOON)).toBe("pass");
    expect(standingOf(said({ valid_until: "2026-11-22T04:00:00Z" }), NOON)).toBe("over");
    expect(standingOf(said({ valid_from: "2026-11-22T04:00:01Z" }), NOON)).toBe("later");
  });
});
