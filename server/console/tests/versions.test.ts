import { expect, it } from "vitest";
import { Versions } from "../src/worker/versions";

it("takes what is as new as what was seen, of each case for itself", () => {
  const seen = new Versions();
  expect(seen.take({ id: "c-1", version: 3 })).toBe(true);
  expect(seen.take({ id: "c-2", version: 1 })).toBe(true);
  expect(seen.take({ id: "c-1", version: 2 })).toBe(false);
  expect(seen.take({ id: "c-1", version: 3 })).toBe(true);
  expect(seen.take({ id: "c-1", version: 4 })).toBe(true);
});
