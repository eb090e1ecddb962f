/**
 * What is heard: two tones when something red waits, again and again until somebody has it; three that fall, once, when
 * no alarm can come any more.
 */

import { effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Board } from "./board";

const KEPT_AS = "lookout.volume";
const DEFAULT_VOLUME = 60;
/** Apart by a fourth, and below 1 kHz: people whose hearing of high tones is gone hear both. */
const RED_HZ = [659, 880] as const;
/** They fall, and are lower: nobody takes them for a red alarm. */
const DEAF_HZ = [523, 392, 294] as const;
const TONE_S = 0.25;
const REPEAT_MS = 3_000;
/** Tones start and end over this long, so that they do not click. */
const RAMP_S = 0.02;

/** 0 (off) to 100, kept by this browser. */
export const volume = signal(keptVolume());
/** The browser plays nothing until the page was clicked or a key was pressed; while that is so, the page says it. */
export const blocked = signal(false);

let context: AudioContext | null = null;

function keptVolume(): number {
  const kept = Number.parseInt(localStorage.getItem(KEPT_AS) ?? "", 10);
  return kept >= 0 && kept <= 100 ? kept : DEFAULT_VOLUME;
}

export function setVolume(percent: number): void {
  volume.value = percent;
  localStorage.setItem(KEPT_AS, String(percent));
}

/** Sound whenever the board has something to be heard, or none can come to it (`deaf`); returns the way to stop. */
export function soundFor(board: Pick<Board, "sounding">, deaf: ReadonlySignal<boolean>): () => void {
  const audio = (context ??= new AudioContext());
  const allowed = () => {
    blocked.value = audio.state !== "running";
  };
  const wake = () => void audio.resume();
  let timer: number | undefined;
  let before: ReadonlySet<string> = new Set();
  const stopWatching = effect(() => {
    const now = new Set(board.sounding.value.map((row) => row.key));
    // What the board learns about others must not bring the tones out of step: a busy hour would be one long howl.
    const isMore = [...now].some((key) => !before.has(key));
    before = now;
    if (isMore || now.size === 0) window.clearInterval(timer);
    if (!isMore) return;
    play(audio, RED_HZ);
    timer = window.setInterval(() => play(audio, RED_HZ), REPEAT_MS);
  });
  // Once: nobody can mend it from the list, and what goes on for an hour is switched off together with red.
  const stopListening = effect(() => {
    if (deaf.value) play(audio, DEAF_HZ);
  });
  allowed();
  audio.addEventListener("statechange", allowed);
  addEventListener("pointerdown", wake);
  addEventListener("keydown", wake);
  return () => {
    stopWatching();
    stopListening();
    window.clearInterval(timer);
    audio.removeEventListener("statechange", allowed);
    removeEventListener("pointerdown", wake);
    removeEventListener("keydown", wake);
  };
}

/** Let somebody who has set the volume hear how loud it is. */
export function tryOut(): void {
  if (context !== null) play(context, RED_HZ);
}

function play(audio: AudioContext, tones: readonly number[]): void {
  const loud = volume.peek() / 100;
  // While the browser holds sound back its clock stands still: tones would pile up and all come at once.
  if (loud === 0 || audio.state !== "running") return;
  for (const [index, hertz] of tones.entries()) {
    const from = audio.currentTime + index * TONE_S;
    const gain = new GainNode(audio, { gain: 0 });
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(loud, from + RAMP_S);
    gain.gain.setValueAtTime(loud, from + TONE_S - RAMP_S);
    gain.gain.linearRampToValueAtTime(0, from + TONE_S);
    const tone = new OscillatorNode(audio, { frequency: hertz });
    tone.connect(gain).connect(audio.destination);
    tone.start(from);
    tone.stop(from + TONE_S);
  }
}
