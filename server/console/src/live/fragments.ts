/** What a browser must know of a stream of MP4 fragments before it plays it (ISO/IEC 14496-12 and -15). */

const HEADER = 8;
/** The boxes in which a codec's parameters lie, and the bytes before their children. */
const INSIDE: Readonly<Record<string, number>> = { moov: 0, trak: 0, mdia: 0, minf: 0, stbl: 0, stsd: 8 };
/** The fixed part of a visual sample entry. */
const SAMPLE_ENTRY = 78;
const MOST_INTRO = 1_000_000;

/** Bytes of the stream's description at its beginning, once all of it is there; else null. @throws Error when it is none. */
export function introLength(bytes: Uint8Array): number | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + HEADER <= bytes.length) {
    const size = view.getUint32(at);
    if (size < HEADER || size > MOST_INTRO) throw new Error("this is no stream of MP4 fragments");
    if (at + size > bytes.length) return null;
    if (kindAt(bytes, at) === "moov") return at + size;
    at += size;
  }
  return null;
}

/** What MediaSource calls the codec that the description tells of (RFC 6381), e.g. `avc1.64001f`; null for others. */
export function codecOf(intro: Uint8Array): string | null {
  for (const [kind, body] of entries(intro)) {
    if (kind === "avc1" || kind === "avc3") {
      const found = child(body.subarray(SAMPLE_ENTRY), "avcC");
      return found === undefined ? null : `${kind}.${hex(found.subarray(1, 4))}`;
    }
    if (kind === "hvc1" || kind === "hev1") {
      const found = child(body.subarray(SAMPLE_ENTRY), "hvcC");
      return found === undefined ? null : hevc(kind, found);
    }
    if (kind === "av01") return "av01.0.08M.08";
    if (kind === "vp09") return "vp09.00.40.08";
  }
  return null;
}

function hevc(kind: string, config: Uint8Array): string {
  const view = new DataView(config.buffer, config.byteOffset, config.byteLength);
  const first = config[1] ?? 0;
  const space = ["", "A", "B", "C"][first >> 6] ?? "";
  // The flags are told with their bits in the opposite order.
  let flags = 0;
  for (let bit = 0; bit < 32; bit += 1) flags = (flags * 2 + ((view.getUint32(2) >>> bit) & 1)) >>> 0;
  const tier = (first >> 5) & 1 ? "H" : "L";
  const constraints = [...config.subarray(6, 12)];
  while (constraints.length > 0 && constraints.at(-1) === 0) constraints.pop();
  const rest = constraints.map((byte) => `.${byte.toString(16).toUpperCase()}`).join("");
  return `${kind}.${space}${first & 31}.${flags.toString(16).toUpperCase()}.${tier}${config[12] ?? 0}${rest}`;
}

/** The sample entries of all tracks. */
function* entries(bytes: Uint8Array): Generator<[string, Uint8Array]> {
  for (const [kind, body] of boxes(bytes)) {
    const skipped = INSIDE[kind];
    if (kind === "stsd") yield* boxes(body.subarray(INSIDE["stsd"]));
    else if (skipped !== undefined) yield* entries(body.subarray(skipped));
  }
}

function child(bytes: Uint8Array, wanted: string): Uint8Array | undefined {
  for (const [kind, body] of boxes(bytes)) if (kind === wanted) return body;
  return undefined;
}

function* boxes(bytes: Uint8Array): Generator<[string, Uint8Array]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const size = view.getUint32(at);
    if (size < HEADER || at + size > bytes.length) return;
    yield [kindAt(bytes, at), bytes.subarray(at + HEADER, at + size)];
    at += size;
  }
}

const kindAt = (bytes: Uint8Array, at: number) => String.fromCharCode(...bytes.subarray(at + 4, at + HEADER));
const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
