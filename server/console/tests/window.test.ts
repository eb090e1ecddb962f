import { expect, test } from "vitest";
import { spanOf, topFor } from "../src/live/window";

test("of ten thousand rows only those in sight and a few beyond are drawn", () => {
  expect(spanOf(0, 600, 60, 10_000)).toEqual({ from: 0, to: 18 });
  expect(spanOf(300_000, 600, 60, 10_000)).toEqual({ from: 4_992, to: 5_018 });
  expect(spanOf(599_400, 600, 60, 10_000)).toEqual({ from: 9_982, to: 10_000 });
  expect(spanOf(600, 600, 60, 3)).toEqual({ from: 2, to: 3 });
  expect(spanOf(0, 600, 60, 0)).toEqual({ from: 0, to: 0 });
});

test("a row is brought into sight by the shortest way, and one in sight moves nothing", () => {
  expect(topFor(5, 0, 600, 60)).toBe(0);
  expect(topFor(10, 0, 600, 60)).toBe(60);
  expect(topFor(2, 600, 600, 60)).toBe(120);
});
