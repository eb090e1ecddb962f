import { beforeEach, describe, expect, it, vi } from "vitest";

vi.stubGlobal("location", { origin: "http://lookout", pathname: "/", search: "" });
vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });

const { dismissNotice, explain, leaveWord, notices, tell, trouble } = await import("../src/live/notices");
const { Unreadable } = await import("../src/api/client");

const texts = () => notices.value.map((notice) => notice.text);

describe("notices", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    notices.value = [];
  });

  it("keep what somebody has to know until they put it away, whatever is done meanwhile", () => {
    leaveWord("taken away");
    for (const word of ["one", "two", "three"]) tell(word);
    trouble("four");
    expect(texts()).toEqual(["taken away", "two", "three", "four"]);
    vi.advanceTimersByTime(60_000);
    expect(texts()).toEqual(["taken away"]);
    dismissNotice(notices.value[0]!.id);
    expect(texts()).toEqual([]);
  });

  it("leave what was just done where it is when word is left", () => {
    for (const word of ["one", "two", "three"]) tell(word);
    leaveWord("taken away");
    leaveWord("taken away");
    expect(texts()).toEqual(["one", "two", "three", "taken away"]);
  });

  it("tell the browser's console of a defect once, however often it is shown, and of a lost file not at all", () => {
    const reported: unknown[] = [];
    vi.stubGlobal("reportError", (error: unknown) => reported.push(error));
    const odd = new Error("odd");
    expect(explain(odd)).toBe(explain(odd));
    explain(new Unreadable());
    expect(reported).toEqual([odd]);
  });
});
