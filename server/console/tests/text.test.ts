import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "../src/api/client";
import type { AlarmEvidence, Case, Condition, Overview } from "../src/api/models";
import { alarm as alarmItem, caseItem } from "./samples";

const store = new Map<string, string>();
vi.stubGlobal("localStorage", {
  getItem: (key: string) => store.get(key) ?? null,
  setItem: (key: string, value: string) => store.set(key, value),
});
vi.stubGlobal("document", { documentElement: {} });

const { inWords } = await import("../src/text/audit");
const { adviceFor } = await import("../src/text/advice");
const { markOf, sentence } = await import("../src/components/explain");
const { now } = await import("../src/live/clock");
const { whyNothing } = await import("../src/components/scene");
const { overview } = await import("../src/live/live");
const { explain } = await import("../src/live/notices");
const { clockTime, day, measure, momentTime, size, span, stopwatch } = await import("../src/text/format");
const { moveName, whyNobodySent } = await import("../src/text/move");
const { usedText } = await import("../src/text/plate");
const { caseTitle } = await import("../src/text/title");
const { everyWord, language, preferred, speak, startWords, t, word } = await import("../src/text/i18n");

describe("text", () => {
  beforeAll(async () => {
    await startWords();
    await everyWord();
  });
  beforeEach(() => speak("zh-CN"));

  it("says how often a pass was used, and of several gateways what each counted", () => {
    expect(usedText({ uses: null, visits: {} })).toEqual([]);
    expect(usedText({ uses: 3, visits: {} })).toEqual(["已用 0 / 3 次"]);
    expect(usedText({ uses: 3, visits: { "gw-east": 2 } })).toEqual(["已用 2 / 3 次"]);
    const apart = ["gw-east 已用 2 / 3 次", "gw-west 已用 1 / 3 次", "各网关分别计数，每处各限 3 次"];
    expect(usedText({ uses: 3, visits: { "gw-east": 2, "gw-west": 1 } })).toEqual(apart);
  });

  it("writes a day of the site the same wherever it is read", () => {
    expect(day("2026-11-22")).toBe("11/22");
  });

  it("fills the blanks, and falls back to the code for what is new", async () => {
    expect(t("room.pending", { n: 3 })).toBe("3 条新告警");
    expect(word("scenario", "garbage")).toBe("垃圾违规投放");
    expect(word("scenario", "flooding")).toBe("flooding");
    await speak("en");
    expect(word("scenario", "garbage")).toBe("Garbage violation");
    expect(store.get("lookout.language")).toBe("en");
  });

  it("counts one thing as one", async () => {
    await speak("en");
    expect([0, 1, 2].map((n) => t("hand.what", { n }))).toEqual(["0 cases go over", "1 case goes over", "2 cases go over"]);
    expect(t("holding.some", { n: 1, all: 3 })).toBe("1 of 3 gateways holds the newest list");
    expect(t("gateway.spool_holds", { events: 1, evidence: 2, age: "3 s" })).toBe("1 event, 2 files, the oldest 3 s");
  });

  it.each([
    [["en-GB", "zh-CN"], "en"],
    [["zh-TW", "en"], "zh-CN"],
    [["fr-FR", "fr", "en"], "en"],
    [["ja"], "zh-CN"],
    [[], "zh-CN"],
  ] as const)("begins in the first of %j that it speaks, and else in Chinese", (languages, spoken) => {
    expect(preferred(languages)).toBe(spoken);
  });

  it("begins in the browser's language without taking that for a choice, and then in the one that was chosen", async () => {
    vi.stubGlobal("navigator", { languages: ["en-US"] });
    store.clear();
    await startWords();
    expect([language.value, store.size]).toEqual(["en", 0]);
    await speak("zh-CN");
    await startWords();
    expect([language.value, store.get("lookout.language")]).toEqual(["zh-CN", "zh-CN"]);
    vi.stubGlobal("navigator", { languages: [] });
  });

  it("says what to do about a blind camera by its reason, and lets a newer gateway speak for itself", async () => {
    const detail = "no packet for 10 s: check the camera's power and network";
    expect(adviceFor({ reason: "stalled", detail })).toEqual({ text: "摄像头不再送来画面：请检查它的电源和网络。", told: detail });
    expect(adviceFor({ reason: "melted", detail })).toEqual({ text: detail, told: null });
    expect(adviceFor({ reason: null, detail })).toEqual({ text: detail, told: null });
    expect(adviceFor({ reason: "shutdown", detail: null })).toBeNull();
    await speak("en");
    expect(adviceFor({ reason: "stalled", detail })?.text).toBe("The camera sends no more pictures: check its power and the network.");
  });

  it.each([
    [{}, "电动车进楼 · 2单元楼道", "E-bike in corridor · 2单元楼道"],
    [{ topic: "report.garbage", scene: "3号楼北侧", camera: null }, "垃圾乱堆乱放 · 3号楼北侧", "Garbage in the wrong place · 3号楼北侧"],
    [{ topic: "report.blocked", scene: "07", camera: null, source: "hotline" }, "12345 · 通道被占 · 07", "12345 · Passage blocked · 07"],
    [{ topic: "danger.fire", scene: "王芳", camera: null }, "一键告警：火情 · 王芳", "Alarm button: Fire · 王芳"],
    [{ also: [{ id: "yard", name: "后院" }, { id: "gate", name: "东门" }] }, "电动车进楼 · 2单元楼道 等 3 处", "E-bike in corridor · 2单元楼道 (1 of 3 places)"],
    // From before there were topics: what a rule found is known by its camera, and the rest by its title.
    [{ topic: null, scene: null }, "电动车进楼 · 2单元楼道", "E-bike in corridor · 2单元楼道"],
    [{ topic: null, scene: null, camera: null, title: "其他 · 东门" }, "其他 · 东门", "其他 · 东门"],
    [{ topic: "weather.hail", title: "冰雹 · 东门" }, "冰雹 · 东门", "冰雹 · 东门"],
  ])("titles a case in the reader's language: %o", async (part, chinese, english) => {
    expect(caseTitle(caseItem(part))).toBe(chinese);
    await speak("en");
    expect(caseTitle(caseItem(part))).toBe(english);
  });

  it("tells the audit log's times by the site's clock and its codes in words", () => {
    overview.value = { site: { id: "s", name: "s", timezone: "Asia/Shanghai" } } as Overview;
    now.value = Date.parse("2026-11-30T20:10:00Z");
    expect(inWords("valid_until", "2026-12-02T20:10:57.310655+00:00")).toBe("12/03 04:10:57");
    expect(inWords("roles", "operator,care")).toBe(`${word("role", "operator")}${t("gateway.and")}${word("role", "care")}`);
  });

  it("shows times in the site's zone", () => {
    overview.value = { site: { id: "s", name: "s", timezone: "Asia/Shanghai" } } as Overview;
    expect(clockTime("2026-05-04T16:03:22Z")).toBe("00:03:22");
    overview.value = { site: { id: "s", name: "s", timezone: "UTC" } } as Overview;
    expect(clockTime("2026-05-04T16:03:22Z")).toBe("16:03:22");
  });

  it("says of a picture that is not there whether it may come", () => {
    const alarm = alarmItem({ received_at: "2026-05-04T06:00:00Z", evidence: [{ kind: "snapshot", available: false } as AlarmEvidence] });
    now.value = Date.parse("2026-05-05T05:59:00Z");
    expect(whyNothing(alarm)).toBe(t("scene.on_the_way"));
    now.value = Date.parse("2026-05-05T06:01:00Z");
    expect(whyNothing(alarm)).toBe(t("scene.gone"));
    expect(whyNothing(alarmItem({ evidence: [] }))).toBe(t("scene.none"));
  });

  it("names the day of what was not today, and the year of what was not this year", () => {
    overview.value = { site: { id: "s", name: "s", timezone: "Asia/Shanghai" } } as Overview;
    now.value = Date.parse("2026-05-04T16:03:22Z");
    expect(momentTime("2026-05-04T16:00:00Z")).toBe("00:00:00");
    expect(momentTime("2026-05-04T15:59:59Z")).toBe("05/04 23:59:59");
    expect(momentTime("2025-05-04T16:00:00Z")).toBe("2025/05/05 00:00:00");
  });

  it.each([
    [4.25, "4.3 秒"],
    [42, "42 秒"],
    [180, "3 分钟"],
    [252, "4 分 12 秒"],
    [7500, "2 小时 5 分"],
    [172_799, "47 小时 59 分"],
    [31_536_000, "365 天 0 小时"],
  ])("says a span of %d s", (seconds, said) => expect(span(seconds)).toBe(said));

  it.each([
    [271_000, "04:31"],
    [-61_000, "01:01"],
    [7_471_000, "2:04:31"],
    [90_061_000, "1 天 1:01:01"],
  ])("runs a clock of %d ms", (ms, said) => expect(stopwatch(ms)).toBe(said));

  it.each([
    [{ name: "zone", value: "frame", limit: null, unit: null }, "区域：整个画面"],
    [{ name: "sight", value: "frozen", limit: null, unit: null }, "画面：画面冻结"],
    [{ name: "plate_reads", value: 0, limit: 2, unit: "1" }, "车牌读出：0 次（界限 2 次）"],
    [{ name: "plate", value: "stranger", limit: "not resident", unit: null }, "车牌：不在住户名单（要求 非住户车辆）"],
    [{ name: "window", value: true, limit: true, unit: null }, "在布防时段：是"],
    [{ name: "dwell", value: 252, limit: 180, unit: "s" }, "停留：4 分 12 秒（界限 3 分钟）"],
  ])("says a condition plainly", (condition, said) => expect(sentence({ ...condition, met: true, bound: null })).toBe(said));

  it.each([
    [{ name: "flicker", value: 0, limit: 0.12, bound: "least" }, "闪烁：0（界限 0.12，未达到）"],
    [{ name: "growth", value: 2.5, limit: 1.3, bound: "least" }, "增长：2.50（界限 1.30，已达到）"],
    [{ name: "drift", value: 0.1, limit: 0.35, bound: "most" }, "位移：0.10（界限 0.35，未超出）"],
    [{ name: "drift", value: 0.5, limit: 0.35, bound: "most" }, "位移：0.50（界限 0.35，已超出）"],
    [{ name: "torso_tilt", value: null, limit: 60, bound: "least" }, "躯干倾斜：没有（界限 60）"],
    [{ name: "as_before", value: true, limit: false, bound: null }, "与出现前一样：是"],
    [{ name: "socket_zone", value: false, limit: null, bound: null }, "插座区：否"],
  ])("tells what merely informs without a tick, and on which side of its limit it is", (condition, said) => {
    expect(sentence({ ...condition, unit: null, met: true } as Condition)).toBe(said);
    expect(markOf({ ...condition, unit: null, met: true } as Condition)).toBe("informs");
  });

  it("ticks what decides, and crosses what was not met", () => {
    const dwell = { name: "dwell", value: 252, limit: 180, unit: "s", bound: null };
    expect(markOf({ ...dwell, met: true })).toBe("met");
    expect(markOf({ ...dwell, met: false })).toBe("unmet");
    expect(markOf({ name: "suppression", value: "s-1", limit: null, unit: null, met: false, bound: null })).toBe("unmet");
  });

  it("calls it sending somebody else once somebody has the case", async () => {
    const handler = { id: "u-wang", name: "王芳" };
    const said = (part: Partial<Case>) => moveName("dispatch", caseItem(part));
    expect(said({ state: "confirmed" })).toBe("派遣");
    expect(said({ state: "dispatched", handler })).toBe("改派");
    expect(said({ state: "accepted", handler })).toBe("改派");
    expect(moveName("close", caseItem({ state: "verifying", handler }))).toBe("结案");
    await speak("en");
    expect(said({ state: "accepted", handler })).toBe("Send somebody else");
  });

  it("says why the key sent nobody", () => {
    const sent = caseItem({ number: "20260504-0001", state: "dispatched", handler: { id: "u-wang", name: "王芳" } });
    expect(whyNobodySent(sent)).toBe("案件 20260504-0001 已派给王芳（已派遣），这次没有再派。要换人，请打开案件改派。");
    expect(whyNobodySent({ ...sent, state: "closed", handler: null })).toBe("案件 20260504-0001 现在是“已结案”，没有派遣。");
  });

  it("never shows a number without its unit", () => {
    expect(measure(252, "s")).toBe("4 分 12 秒");
    expect(measure(0.4, "1")).toBe("40 %");
    expect(measure(3, "px")).toBe("3 像素");
    expect(measure("unreadable", null)).toBe("看不清");
    expect(measure(null, null)).toBe("没有");
    expect(size(812_000)).toBe("812 kB");
  });
});

describe("what went wrong", () => {
  const invalid = (...where: string[]) => new Problem(422, { code: "invalid", detail: "as it says", errors: where.map((each) => ({ where: each })) });

  it("is that nothing is there, where an address cannot be anything's", () => {
    expect(explain(invalid("path.case_id"))).toBe("找不到这一项：它可能已被移走，或不归你的网格。");
  });

  it("is told in detail, where something that was filled in is not taken", () => {
    for (const error of [invalid("body.note"), invalid("path.case_id", "body.note"), invalid()]) {
      expect(explain(error)).toBe("没有执行，数据未改动：as it says");
    }
  });
});
