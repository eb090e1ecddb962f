import { describe, expect, it } from "vitest";
import { match } from "../src/router";

describe("match", () => {
  it("fits whole paths only, with or without a slash at the end", () => {
    expect(match("/cases", "/cases")).toEqual({});
    expect(match("/cases", "/cases/")).toEqual({});
    expect(match("/", "/")).toEqual({});
    expect(match("/cases", "/cases/c-1")).toBeNull();
  });

  it("names the parts", () => {
    expect(match("/cases/:id", "/cases/c-20261122-0007")).toEqual({ id: "c-20261122-0007" });
    expect(match("/cases/:id", "/cases/")).toBeNull();
  });
});
