/** Which rows were looked at, kept for as long as the browser's tab lives. */

import { effect } from "@preact/signals";
import type { Board } from "./board";

const KEPT_AS = "lookout.read";
const MOST = 2_000;

export function readKeys(): string[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEPT_AS) ?? "[]");
    return Array.isArray(kept) ? kept.filter((key): key is string => typeof key === "string") : [];
  } catch {
    return [];
  }
}

/** Keep them from now on; returns the way to stop. */
export function keepRead(board: Board): () => void {
  return effect(() => sessionStorage.setItem(KEPT_AS, JSON.stringify([...board.read.value].slice(-MOST))));
}
