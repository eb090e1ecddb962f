import { describe, expect, it } from "vitest";
import type { Told } from "../src/api/rounds";
import { callsRoom, folded, isUrgent } from "../src/live/inbox";

function told(id: string, case_id: string | null, severity: Told["severity"] = "blue"): Told {
  const at = "2026-05-04T06:00:00.000Z";
  return { id, case_id, severity, at, person: { id: "u-w", name: "王芳" }, kind: "approved", deliveries: [], text_zh: id, text_en: id };
}

describe("the inbox", () => {
  it("has one row for a case, where its newest notice stands", () => {
    const folds = folded([told("4", "c-2"), told("3", "c-1"), told("2", "c-2"), told("1", "c-1")]);
    expect(folds.map(({ newest, all }) => [newest.id, all.length])).toEqual([
      ["4", 2],
      ["3", 2],
    ]);
  });

  it("folds nothing that is about no case", () => {
    expect(folded([told("2", null), told("1", null)])).toHaveLength(2);
  });

  it("is urgent as long as anything in it is", () => {
    const [fold] = folded([told("2", "c-1"), told("1", "c-1", "red")]);
    expect(fold !== undefined && isUrgent(fold)).toBe(true);
  });

  it("calls the control room for help, when somebody has to be sent instead, and when what is red is in one more place or has become so", () => {
    const kinds = ["help", "handler_gone", "also_at", "raised", "approved"] as const;
    const called = (severity: Told["severity"]) => kinds.filter((kind) => callsRoom({ ...told("1", "c-1", severity), kind }));
    expect(called("red")).toEqual(["help", "handler_gone", "also_at", "raised"]);
    expect(called("yellow")).toEqual(["help", "handler_gone"]);
  });
});
