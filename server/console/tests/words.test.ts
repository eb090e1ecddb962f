import { describe, expect, it, vi } from "vitest";
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

describe("texts", async () => {
  vi.stubGlobal("navigator", { languages: ["zh-CN"] });
vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
  vi.stubGlobal("document", { documentElement: {}, title: "" });
  const { codesOf, everyWord, filled, speak, startWords, t, word } = await import("../src/text/i18n");
  await startWords();

  it("have their blanks filled, with nothing where there is nothing", () => {
    expect(t("feed.live", { age: 3 })).toBe("实时 · 3 s");
    expect(t("feed.live")).toBe("实时 ·  s");
    expect(t("feed.live", { age: "$& {{age}}" })).toBe("实时 · $& {{age}} s");
  });

  it("are the code itself where a code is new, or no code at all", () => {
    expect([word("case_action", "accept"), word("case_action", "fly"), word("case_action", "toString")]).toEqual(["签收", "fly", "toString"]);
    expect(filled("case_action", "fly", {})).toBeNull();
    // A group of texts is none.
    expect(word("feed", "blocked")).toBe("blocked");
  });

  it("come with the pages that say them, in the catalogue's order, and in the language that was chosen", async () => {
    expect(word("keys", "title")).toBe("title");
    await everyWord();
    expect(word("keys", "title")).toBe((rest as Words)["keys"]?.["title"]);
    await speak("en");
    expect(document.title).toBe(t("brand"));
    expect(t("feed.live", { age: 3 })).toBe("Live · 3 s");
    expect(codesOf("resident_score")).toEqual(["1", "3", "5"]);
    expect(codesOf("feed")).toContain("blocked.database");
  });
});
