/** Plays a camera's stream in a video element as it arrives; what was seen is let go. */

import { stream } from "../api/client";
import { codecOf, introLength } from "./fragments";

/** Further behind the newest picture than this, it leaps to it. */
const BEHIND_S = 3;
const NEAR_S = 0.4;
/** How much of the past is kept. */
const KEPT_S = 15;

/** This browser cannot play what the camera sends. */
export class Unplayable extends Error {
  constructor(readonly codec: string | null) {
    super(`codec ${codec ?? "unknown"} cannot be played`);
    this.name = "Unplayable";
  }
}

/**
 * Play the stream at `path` until it ends or `signal` aborts it.
 *
 * @throws Problem, Unreachable (as `request`), Unplayable.
 */
export async function play(video: HTMLVideoElement, path: string, signal: AbortSignal): Promise<void> {
  const reader = (await stream(path, signal)).getReader();
  let url: string | null = null;
  try {
    const [intro, codec] = await readIntro(reader);
    const mime = `video/mp4; codecs="${codec ?? ""}"`;
    if (codec === null || !MediaSource.isTypeSupported(mime)) throw new Unplayable(codec);
    const source = new MediaSource();
    url = URL.createObjectURL(source);
    video.src = url;
    await once(source, "sourceopen", signal);
    const buffer = source.addSourceBuffer(mime);
    await append(buffer, intro, signal);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      await append(buffer, value, signal);
      await keepUp(video, buffer, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    reader.cancel().catch(() => undefined);
    if (url !== null) URL.revokeObjectURL(url);
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

async function readIntro(reader: Reader): Promise<[Uint8Array<ArrayBuffer>, string | null]> {
  let held = new Uint8Array();
  for (;;) {
    const length = introLength(held);
    if (length !== null) return [held, codecOf(held.subarray(0, length))];
    const { done, value } = await reader.read();
    if (done) throw new Unplayable(null);
    const longer = new Uint8Array(held.length + value.length);
    longer.set(held);
    longer.set(value, held.length);
    held = longer;
  }
}

async function append(buffer: SourceBuffer, bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<void> {
  buffer.appendBuffer(bytes);
  await once(buffer, "updateend", signal);
}

/** Stay near the newest picture, and let go of what was seen. */
async function keepUp(video: HTMLVideoElement, buffer: SourceBuffer, signal: AbortSignal): Promise<void> {
  const { buffered } = buffer;
  if (buffered.length === 0) return;
  const last = buffered.length - 1;
  const newest = buffered.end(last);
  if (video.currentTime < buffered.start(last) || newest - video.currentTime > BEHIND_S) {
    video.currentTime = Math.max(buffered.start(last), newest - NEAR_S);
  }
  if (video.paused) await video.play().catch(() => undefined);
  const old = video.currentTime - KEPT_S;
  if (buffered.start(0) < old) {
    buffer.remove(0, old);
    await once(buffer, "updateend", signal);
  }
}

function once(target: EventTarget, event: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    target.addEventListener(event, () => resolve(), { once: true });
  });
}
