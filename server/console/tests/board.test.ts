import { beforeEach, describe, expect, it } from "vitest";
import { Board } from "../src/live/board";
import { ANY, filterOf, queryOf } from "../src/live/room-filter";
import { isLoud, needOf } from "../src/live/rows";
import { alarm, caseItem, message } from "./samples";

function board(...ids: string[]): Board {
  const made = new Board();
  made.load(
    ids.map((id, index) => alarm({ id, started_at: `2026-05-04T06:0${index}:00Z` })),
    [],
  );
  return made;
}

const keys = (made: Board) => made.rows.value.map((row) => row.key);
const fresh = (made: Board) => made.pending.value.map((row) => row.key);

describe("the list", () => {
  it("shows the gravest first, then the newest", () => {
    const made = new Board();
    made.load(
      [
        alarm({ id: "a-old", started_at: "2026-05-04T06:00:00Z" }),
        alarm({ id: "a-new", started_at: "2026-05-04T06:05:00Z" }),
        alarm({ id: "a-red", severity: "red", started_at: "2026-05-04T05:00:00Z" }),
      ],
      [],
    );
    expect(keys(made)).toEqual(["a-red", "a-new", "a-old"]);
    expect(made.selectedKey.value).toBe("a-red");
  });

  it("keeps an alarm and its case in one row", () => {
    const made = new Board();
    made.load([], [caseItem({ alarms: ["a-1"] })]);
    expect(keys(made)).toEqual(["a-1"]);
    made.fill(alarm({ id: "a-1", disposition: "reported" }));
    expect(keys(made)).toEqual(["a-1"]);
    expect(made.selected.value?.alarm?.id).toBe("a-1");
    expect(needOf(made.rows.value[0]!)).toBe("dispatch");
  });

  it("goes on showing the other alarm of a case that somebody looks at", () => {
    const made = new Board();
    made.load([], [caseItem({ alarms: ["a-1", "a-2"] })]);
    made.fill(alarm({ id: "a-1", disposition: "reported" }));
    made.fill(alarm({ id: "a-2", disposition: "reported" }));
    const shown = () => made.rows.value.map((row) => [row.key, row.alarm?.id]);
    expect(shown()).toEqual([["a-1", "a-2"]]);
    made.take(message({ alarm: alarm({ id: "a-1", disposition: "reported", dwell_s: 20 }) }));
    expect(shown()).toEqual([["a-1", "a-2"]]);
    made.take(message({ case: caseItem({ alarms: ["a-1", "a-2"], state: "void", version: 2 }) }));
    made.take(message({ alarm: alarm({ id: "a-2" }) }), message({ alarm: alarm({ id: "a-1" }) }));
    expect(shown().sort()).toEqual([
      ["a-1", "a-1"],
      ["a-2", "a-2"],
    ]);
  });

  it("takes a new alarm at once while nobody is at work in it", () => {
    const made = board("a-1");
    made.take(message({ alarm: alarm({ id: "a-2", started_at: "2026-05-04T07:00:00Z" }) }));
    expect(keys(made)).toEqual(["a-2", "a-1"]);
    expect(made.selectedKey.value).toBe("a-1");
  });
});

describe("what people reported", () => {
  const told = (state: "new" | "confirmed" | "void") =>
    caseItem({ state, severity: "red", source: "resident", camera: null, alarms: [], version: state === "new" ? 1 : 2 });

  it("is to be judged before anybody can be sent, and sounds until it is", () => {
    const made = new Board();
    made.load([], [told("new")]);
    const needs = () => made.rows.value.map(needOf);
    expect(needs()).toEqual(["judge"]);
    expect(made.sounding.value).toHaveLength(1);
    made.take(message({ case: told("confirmed") }));
    expect(needs()).toEqual(["dispatch"]);
    made.take(message({ case: told("void") }));
    expect(made.sounding.value).toEqual([]);
  });
});

describe("what the dispatcher has sent for by itself", () => {
  const fire = (state: "dispatched" | "accepted" | "on_scene", severity: "red" | "yellow" = "red") =>
    caseItem({ state, severity, scenario: "fire_smoke", version: state === "dispatched" ? 2 : state === "accepted" ? 3 : 4 });

  it("stays on the screen while it is red, sounds until somebody has accepted, and leaves when they are there", () => {
    const made = board("a-1", "a-2");
    made.select("a-2");
    made.take(message({ alarm: alarm({ id: "a-1", severity: "red", disposition: "reported" }) }), message({ case: fire("dispatched") }));
    expect(needOf(made.rows.value.find((row) => row.key === "a-1")!)).toBe("watch");
    expect(made.sounding.value.map((row) => row.key)).toEqual(["a-1"]);
    made.hush();
    expect(made.sounding.value).toEqual([]);
    made.take(message({ case: fire("accepted") }));
    expect(keys(made)).toContain("a-1");
    made.take(message({ case: fire("on_scene") }));
    expect(keys(made)).not.toContain("a-1");
  });

  it("is there after the page was opened anew, and only what is red", () => {
    const made = new Board();
    made.load([], [fire("dispatched"), caseItem({ id: "c-2", state: "dispatched", alarms: ["a-2"] })]);
    expect(keys(made)).toEqual(["a-1"]);
    expect(made.sounding.value).toHaveLength(1);
  });
});

describe("nothing moves under a finger", () => {
  it("collects new rows once a row was selected, and shows them when asked", () => {
    const made = board("a-1", "a-2");
    made.select("a-2");
    made.take(message({ alarm: alarm({ id: "a-3", severity: "red" }) }));
    expect(keys(made)).toEqual(["a-2", "a-1"]);
    expect(fresh(made)).toEqual(["a-3"]);
    made.showPending();
    expect(keys(made)).toEqual(["a-3", "a-2", "a-1"]);
    expect(made.selectedKey.value).toBe("a-2");
    expect(fresh(made)).toEqual([]);
  });

  it("collects new rows while the list is scrolled or pointed at", () => {
    const made = board("a-1");
    made.busy.value = true;
    made.take(message({ alarm: alarm({ id: "a-2" }) }));
    expect(fresh(made)).toEqual(["a-2"]);
  });

  it("forgets a collected row that somebody else has dealt with", () => {
    const made = board("a-1");
    made.select("a-1");
    made.take(message({ alarm: alarm({ id: "a-2" }) }));
    made.take(message({ alarm: alarm({ id: "a-2", disposition: "dismissed" }) }));
    expect(fresh(made)).toEqual([]);
  });

  it("keeps the selected row until it is left", () => {
    const made = board("a-1", "a-2");
    made.select("a-1");
    made.take(message({ alarm: alarm({ id: "a-1", disposition: "dismissed" }) }));
    expect(keys(made)).toEqual(["a-2", "a-1"]);
    made.select("a-2");
    expect(keys(made)).toEqual(["a-2"]);
  });

  it("edits a row in place when its grade rises", () => {
    const made = board("a-1", "a-2");
    made.take(message({ alarm: alarm({ id: "a-1", severity: "red" }) }));
    expect(keys(made)).toEqual(["a-2", "a-1"]);
    expect(made.rows.value[1]?.alarm?.severity).toBe("red");
  });
});

describe("report and undo", () => {
  it("turns the row of an alarm into the row of its case", () => {
    const made = board("a-1");
    made.take(message({ alarm: alarm({ id: "a-1", disposition: "reported", case_id: "c-1" }) }));
    expect(needOf(made.rows.value[0]!)).toBe("dispatch");
    made.take(message({ case: caseItem({ alarms: ["a-1"] }) }));
    expect(keys(made)).toEqual(["a-1"]);
    expect(made.rows.value[0]?.case?.id).toBe("c-1");
  });

  it.each(["alarm first", "case first"])("opens the alarm again when the report is undone, %s", (order) => {
    const made = board("a-1");
    made.take(message({ alarm: alarm({ id: "a-1", disposition: "reported", case_id: "c-1" }) }));
    made.take(message({ case: caseItem({ alarms: ["a-1"] }) }));
    const undone = [
      message({ alarm: alarm({ id: "a-1", disposition: "open" }) }),
      message({ case: caseItem({ alarms: ["a-1"], state: "void", version: 2 }) }),
    ];
    for (const item of order === "alarm first" ? undone : undone.reverse()) made.take(item);
    expect(needOf(made.rows.value[0]!)).toBe("judge");
  });

  it("keeps the case when an older word of its alarm comes late", () => {
    const made = board("a-1");
    made.putAlarm(alarm({ id: "a-1", disposition: "reported", case_id: "c-1" }));
    made.putCase(caseItem({ alarms: ["a-1"] }));
    made.take(message({ alarm: alarm({ id: "a-1", disposition: "open", repeats: 2 }) }));
    expect(made.rows.value[0]?.case?.id).toBe("c-1");
    expect(needOf(made.rows.value[0]!)).toBe("dispatch");
  });

  it("leaves a merged case its row and the case it went into another", () => {
    const made = new Board();
    const [into, from] = [caseItem({ id: "c-1", alarms: ["a-1"] }), caseItem({ id: "c-2", alarms: ["a-2"] })];
    made.load([], [into, from]);
    made.fill(alarm({ id: "a-1", disposition: "reported" }));
    made.fill(alarm({ id: "a-2", disposition: "reported" }));
    made.select("a-2");
    made.take(
      message({ case: { ...into, alarms: ["a-1", "a-2"], version: 2 } }),
      message({ case: { ...from, alarms: [], state: "merged", version: 2 } }),
      message({ alarm: alarm({ id: "a-2", disposition: "reported", case_id: "c-1", repeats: 2 }) }),
    );
    expect(made.selected.value?.case?.id).toBe("c-2");
    expect(needOf(made.selected.value!)).toBe("none");
    made.select("a-1");
    made.putAlarm(alarm({ id: "a-2", disposition: "reported", case_id: "c-1", repeats: 3 }));
    expect(keys(made)).toEqual(["a-1"]);
    expect(made.selected.value?.alarm?.id).toBe("a-1");
  });

  it("gives a case of several alarms to the row that is looked at, and to no other", () => {
    const made = new Board();
    made.load([alarm({ id: "a-1" }), alarm({ id: "a-2" }), alarm({ id: "a-3" })], []);
    made.select("a-2");
    made.take(
      message({ alarm: alarm({ id: "a-2", disposition: "reported" }) }),
      message({ alarm: alarm({ id: "a-1", disposition: "reported" }) }),
      message({ case: caseItem({ alarms: ["a-1", "a-2"], state: "confirmed" }) }),
    );
    expect(made.selected.value?.case?.id).toBe("c-1");
    expect(keys(made).sort()).toEqual(["a-2", "a-3"]);
  });

  it("leads who looks at a joined alarm to the row of its case", () => {
    const made = new Board();
    made.load([alarm({ id: "a-1" }), alarm({ id: "a-2" })], [caseItem({ alarms: ["a-1"], state: "confirmed" })]);
    made.select("a-2");
    made.take(message({ case: caseItem({ alarms: ["a-1", "a-2"], state: "confirmed", version: 9 }) }));
    expect([made.selectedKey.value, keys(made)]).toEqual(["a-1", ["a-1"]]);
  });

  it("ignores a case that is older than the one it has", () => {
    const made = new Board();
    made.load([], [caseItem({ version: 3, state: "verifying" })]);
    made.take(message({ case: caseItem({ version: 2, state: "on_scene" }) }));
    expect(needOf(made.rows.value[0]!)).toBe("verify");
  });

  it("brings a case back when it waits for the control room again", () => {
    const made = new Board();
    made.load([], []);
    made.take(message({ case: caseItem({ state: "accepted" }) }));
    expect(keys(made)).toEqual([]);
    made.take(message({ case: caseItem({ state: "verifying", version: 4 }) }));
    expect(keys(made)).toEqual(["a-1"]);
  });
});

describe("stepping", () => {
  it("stops at both ends", () => {
    const made = board("a-1", "a-2");
    made.step(-1);
    expect(made.selectedKey.value).toBe("a-2");
    made.step(1);
    made.step(1);
    expect(made.selectedKey.value).toBe("a-1");
  });

  it("takes what is dated in the future for as old as its arrival", () => {
    const made = board("a-1", "a-2");
    const ahead = { started_at: "2026-05-04T09:00:00Z", received_at: "2026-05-04T05:00:00Z" };
    made.take(message({ alarm: alarm({ id: "a-3", ...ahead }) }));
    expect(keys(made).at(-1)).toBe("a-3");
  });

  it("lets go of the selection and looks at the first row", () => {
    const made = board("a-1", "a-2");
    made.select("a-1");
    made.release();
    expect(made.selectedKey.value).toBe("a-2");
    made.take(message({ alarm: alarm({ id: "a-3", started_at: "2026-05-04T09:00:00Z", received_at: "2026-05-04T09:00:01Z" }) }));
    expect(keys(made)[0]).toBe("a-3");
  });
});

describe("what is heard", () => {
  const heard = (made: Board) => made.sounding.value.map((row) => row.key);
  const red = (part = {}) => alarm({ id: "a-red", severity: "red", ...part });

  it("is red, also while it is held back", () => {
    const made = board("a-1");
    made.select("a-1");
    made.take(message({ alarm: alarm({ id: "a-2" }) }));
    expect(heard(made)).toEqual([]);
    made.take(message({ alarm: red() }));
    expect(fresh(made)).toContain("a-red");
    expect(heard(made)).toEqual(["a-red"]);
  });

  it("ends when somebody takes it up, puts it away or calls it false", () => {
    const ends = [
      { acknowledged_by: "u-li" },
      { standing: "shelved" as const },
      { standing: "out_of_service" as const },
      { disposition: "dismissed" as const },
    ];
    for (const part of ends) {
      const made = board();
      made.take(message({ alarm: red() }));
      expect(heard(made)).toEqual(["a-red"]);
      made.take(message({ alarm: red(part) }));
      expect(heard(made)).toEqual([]);
    }
  });

  it("goes on for a case that opened by itself until somebody who was sent has accepted", () => {
    const made = board();
    const fire = caseItem({ severity: "red", alarms: ["a-red"] });
    made.take(message({ case: fire }));
    expect(heard(made)).toEqual(["a-red"]);
    made.take(message({ case: { ...fire, state: "dispatched", version: 2 } }));
    expect(heard(made)).toEqual(["a-red"]);
    made.take(message({ case: { ...fire, state: "accepted", version: 9 } }));
    expect(heard(made)).toEqual([]);
  });

  it("is quieted for what sounds now, not for what comes next", () => {
    const made = board();
    made.take(message({ alarm: red() }));
    made.hush();
    made.take(message({ alarm: red({ repeats: 2 }) }));
    expect(heard(made)).toEqual([]);
    made.take(message({ alarm: red({ id: "a-next" }) }));
    expect(heard(made)).toEqual(["a-next"]);
  });

  describe("after it was quieted", () => {
    const fire = caseItem({ severity: "red", alarms: ["a-red"], due_at: "2026-05-04T06:02:00.000Z" });
    let ends: [() => void, number][];
    let made: Board;

    beforeEach(() => {
      ends = [];
      made = new Board([], (action, ms) => void ends.push([action, ms]));
      made.take(message({ case: fire }));
      made.hush();
      expect([heard(made), made.quieted.value.length]).toEqual([[], 1]);
    });

    it("sounds again in three minutes, counted from the last time", () => {
      made.hear("a-red");
      expect(ends.map(([, ms]) => ms)).toEqual([180_000, 180_000]);
      ends[0]![0]();
      expect(heard(made)).toEqual([]);
      ends[1]![0]();
      expect([heard(made), made.quieted.value]).toEqual([["a-red"], []]);
    });

    it("sounds again when a second camera joins its case", () => {
      made.take(message({ case: { ...fire, version: 2, alarms: ["a-red", "a-2"] } }));
      expect(heard(made)).toEqual(["a-red"]);
    });

    it("sounds again when its limit has gone by and the next rung is asked", () => {
      made.take(message({ case: { ...fire, version: 2, due_at: "2026-05-04T06:04:00.000Z" } }));
      expect(heard(made)).toEqual(["a-red"]);
    });

    it("sounds again when it was less grave for a while", () => {
      made.take(message({ case: { ...fire, version: 2, severity: "yellow" } }));
      made.take(message({ case: { ...fire, version: 3 } }));
      expect(heard(made)).toEqual(["a-red"]);
    });

    it("sounds again when all was fetched anew and it is worse, and not when it is the same", () => {
      made.load([], [{ ...fire }]);
      expect(heard(made)).toEqual([]);
      made.load([], [{ ...fire, alarms: ["a-red", "a-2"], version: 2 }]);
      expect(heard(made)).toEqual(["a-red"]);
    });

    it("stays quiet when somebody moves it on, and when other words of it come", () => {
      made.take(message({ case: { ...fire, version: 2, supervised: true } }));
      made.take(message({ case: { ...fire, version: 3, state: "dispatched", due_at: "2026-05-04T06:09:00.000Z" } }));
      expect(heard(made)).toEqual([]);
    });
  });
});

describe("a case whose handler cannot sign in any more", () => {
  it("waits for somebody else to be sent, and is heard when it is red", () => {
    const gone = { state: "accepted", handler: { id: "u-1", name: "王芳" }, handler_gone: true } as const;
    expect(needOf({ key: "c-1", alarm: null, case: caseItem(gone) })).toBe("dispatch");
    expect(needOf({ key: "c-1", alarm: null, case: caseItem({ ...gone, handler_gone: false }) })).toBe("none");
    expect(needOf({ key: "c-1", alarm: null, case: caseItem({ ...gone, state: "suspended" }) })).toBe("none");
    expect(isLoud({ key: "c-1", alarm: null, case: caseItem({ ...gone, severity: "red" }) })).toBe(true);
  });
});

describe("filters", () => {
  const made = () => {
    const held = new Board();
    held.load(
      [
        alarm({ id: "a-blue", severity: "blue", scenario: "garbage", camera: { id: "gate", name: "东门" } }),
        alarm({ id: "a-yellow", grid: { id: "grid-08", name: "08" } }),
        alarm({ id: "a-red", severity: "red", scenario: "garbage" }),
      ],
      [],
    );
    held.release();
    held.selectedKey.value = null;
    return held;
  };
  const shown = (held: Board) => held.shown.value.map((row) => row.key);

  it("leave what fits, by grade, kind, place and words, and never hide red that nobody has", () => {
    const held = made();
    held.filter.value = { ...ANY, severity: "blue" };
    expect(shown(held)).toEqual(["a-red", "a-blue"]);
    held.putAlarm(alarm({ id: "a-red", severity: "red", scenario: "garbage", acknowledged_by: "u-li" }));
    expect(shown(held)).toEqual(["a-blue"]);
    held.filter.value = { ...ANY, scenario: "garbage" };
    expect(shown(held)).toEqual(["a-red", "a-blue"]);
    held.filter.value = { ...ANY, place: "grid-08" };
    expect(shown(held)).toEqual(["a-yellow"]);
    held.filter.value = { ...ANY, q: "东门" };
    expect(shown(held)).toEqual(["a-blue"]);
    held.filter.value = { ...ANY, q: "garbage" };
    expect(shown(held)).toEqual(["a-red", "a-blue"]);
    held.filter.value = ANY;
    expect(shown(held)).toHaveLength(3);
  });

  it("keep the selected row and step through what is shown", () => {
    const held = made();
    held.select("a-yellow");
    held.filter.value = { ...ANY, severity: "blue" };
    expect(shown(held)).toEqual(["a-red", "a-yellow", "a-blue"]);
    held.step(1);
    expect(held.selectedKey.value).toBe("a-blue");
  });

  it("are kept as queries; a query that asks for more than rows can tell is no filter", () => {
    const filter = { ...ANY, severity: "red" as const, q: "东门" };
    expect(queryOf(filter)).toEqual({ severity: "red", q: "东门" });
    expect(filterOf(queryOf(filter))).toEqual(filter);
    expect(filterOf({ severity: "red", late: true })).toBeNull();
    expect(filterOf({})).toBeNull();
  });
});

describe("what was read", () => {
  it("is what somebody chose to look at", () => {
    const made = board("a-1", "a-2");
    expect(made.unread.value).toBe(2);
    made.select("a-1");
    expect(made.unread.value).toBe(1);
    made.take(message({ alarm: alarm({ id: "a-1", disposition: "dismissed" }) }));
    expect(made.unread.value).toBe(1);
    expect(new Board([...made.read.value]).read.value.has("a-1")).toBe(true);
  });
});

describe("a long list", () => {
  it("takes further pages without doubles and stays in order under ten thousand rows", () => {
    const many = Array.from({ length: 10_000 }, (_, index) => {
      const minute = String(index % 60).padStart(2, "0");
      const hour = String(Math.floor(index / 60) % 24).padStart(2, "0");
      const severity = (["blue", "yellow", "red"] as const)[index % 3] as "blue" | "yellow" | "red";
      return alarm({ id: `a-${index}`, severity, started_at: `2026-05-04T${hour}:${minute}:00.000Z` });
    });
    const made = new Board();
    made.load(many.slice(0, 4_000), []);
    for (let at = 3_000; at < many.length; at += 3_500) made.add(many.slice(at, at + 3_500));
    expect(made.rows.value).toHaveLength(10_000);
    made.take(...many.slice(0, 50).map((each) => message({ alarm: { ...each, id: `${each.id}-new` } })));
    const grades = made.rows.value.map((row) => row.alarm?.severity);
    expect(grades.indexOf("blue")).toBe(grades.lastIndexOf("yellow") + 1);
    expect(grades.indexOf("yellow")).toBe(grades.lastIndexOf("red") + 1);
    expect(made.rows.value).toHaveLength(10_050);
  }, 30_000);
});
