import { describe, expect, it } from "vitest";
import { sha256, sha256InScript } from "../src/api/sha256";

const bytes = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 31 + 7) % 256);

describe("sha256 without the browser's help", () => {
  it("gives the standard's own answer", () => {
    expect(sha256InScript(new TextEncoder().encode("abc"))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });

  it.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 100_001])("agrees with the browser's on %i bytes", async (length) => {
    expect(sha256InScript(bytes(length))).toBe(await sha256(bytes(length)));
  });
});
