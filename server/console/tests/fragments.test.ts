import { describe, expect, it } from "vitest";
import { codecOf, introLength } from "../src/live/fragments";

const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

function box(kind: string, ...parts: Uint8Array[]): Uint8Array {
  const size = 8 + parts.reduce((sum, part) => sum + part.length, 0);
  const whole = new Uint8Array(size);
  new DataView(whole.buffer).setUint32(0, size);
  whole.set(bytes(kind), 4);
  let at = 8;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const moov = (entry: Uint8Array) =>
  box("moov", box("mvhd"), box("trak", box("mdia", box("minf", box("stbl", box("stsd", new Uint8Array(8), entry))))));
const joined = (...parts: Uint8Array[]) => box("x", ...parts).subarray(8);

describe("the description of a stream", () => {
  it("names the codec of H.264 by profile and level", () => {
    const avc = box("avc1", new Uint8Array(78), box("avcC", Uint8Array.of(1, 0x64, 0x00, 0x1f, 0xff)));
    expect(codecOf(joined(box("ftyp"), moov(avc)))).toBe("avc1.64001f");
  });

  it("names the codec of H.265 as ISO/IEC 14496-15 annex E has it", () => {
    const main = Uint8Array.of(1, 0x01, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 93);
    expect(codecOf(moov(box("hvc1", new Uint8Array(78), box("hvcC", main))))).toBe("hvc1.1.6.L93.90");
  });

  it("does not name what it does not know", () => {
    expect(codecOf(moov(box("mp4v", new Uint8Array(78))))).toBeNull();
  });

  it("is complete with its last byte, and refused when it is none", () => {
    const intro = joined(box("ftyp", bytes("iso5")), moov(box("avc1")));
    expect(introLength(intro.subarray(0, intro.length - 1))).toBeNull();
    expect(introLength(joined(intro, box("moof")))).toBe(intro.length);
    expect(() => introLength(bytes("<html><body>"))).toThrow("no stream");
  });
});
