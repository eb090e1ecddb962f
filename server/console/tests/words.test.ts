import { describe, expect, it } from "vitest";
import light from "../src/locales/zh-CN.json?light";
import rest from "../src/locales/zh-CN.json?rest";

type Words = Record<string, Record<string, string> | undefined>;

describe("words", () => {
  it("come with the light pages that say them, and else with the others", () => {
    const [few, others] = [light as Words, rest as Words];
    expect(few["worker"]?.["empty"]).toBeDefined();
    expect(few["case_action"]?.["accept"]).toBeDefined();
    expect(few["resident"]?.["send"]).toBeDefined();
    expect(few["keys"]).toBeUndefined();
    expect(others["keys"]?.["title"]).toBeDefined();
    expect(others["worker"]).toBeUndefined();
  });
});
