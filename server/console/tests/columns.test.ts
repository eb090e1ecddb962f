import { expect, test } from "vitest";
import { byColumn, overdue } from "../src/live/columns";
import { caseItem } from "./samples";

const at = (minute: number) => `2026-05-04T06:${String(minute).padStart(2, "0")}:00.000Z`;

test("a case stands in the column of its state, and settled ones in none", () => {
  const states = ["new", "dispatched", "rework", "verifying", "suspended", "closed"] as const;
  const columns = byColumn(states.map((state) => caseItem({ id: state, state })));
  const ids = Object.values(columns).map((items) => items.map((item) => item.id));
  expect(ids).toEqual([["new"], ["dispatched"], ["rework"], ["verifying"], ["suspended"]]);
});

test("the longest overdue comes first, what has no limit last, then grade and age decide", () => {
  const columns = byColumn([
    caseItem({ id: "old blue", severity: "blue", opened_at: at(1) }),
    caseItem({ id: "young red", severity: "red", opened_at: at(9) }),
    caseItem({ id: "old red", severity: "red", opened_at: at(2) }),
    caseItem({ id: "later", severity: "red", due_at: at(40) }),
    caseItem({ id: "overdue", severity: "blue", due_at: at(5) }),
  ]);
  expect(columns.to_send.map((item) => item.id)).toEqual(["overdue", "later", "old red", "young red", "old blue"]);
});

test("a suspended case is not overdue when its time to go on has come", () => {
  const items = [
    caseItem({ due_at: at(5) }),
    caseItem({ due_at: at(20) }),
    caseItem({ due_at: null }),
    caseItem({ state: "suspended", due_at: at(5) }),
  ];
  expect(overdue(items, Date.parse(at(10)))).toBe(1);
});
