import { expect, it } from "vitest";
import { mapAddress } from "../src/worker/way";
import { caseDetail } from "./samples";

const line = { seq: 1, at: "", actor: null, action: "report", from_state: null, to_state: "new", note: null } as const;

it("leads to the place that was sent with the case, else to its name", () => {
  const named = caseDetail();
  expect(mapAddress(named, "康乐", "Android")).toBe(`geo:0,0?q=${encodeURIComponent("康乐 07 2单元楼道")}`);
  expect(mapAddress(named, "康乐", "iPhone")).toMatch(/^maps:\?q=/);
  const placed = caseDetail({ history: [{ ...line, data: { place: { lat: 31.86, lon: 117.28 } } }] });
  expect(mapAddress(placed, "", "Android")).toContain("geo:31.86,117.28?q=31.86,117.28(");
  expect(mapAddress(placed, "", "iPhone")).toContain("maps:?ll=31.86,117.28");
});
