/** What a browser said that it sees, too, at one place: kept by the browser, so that it counts once and can take it back. */

export interface Said {
  /** Random, of this browser and this place alone: it says nothing of whoever holds it. */
  device: string;
  /** By handle, until when it can be taken back. */
  until: Readonly<Record<string, string>>;
}

const KEPT_AS = "lookout.seen.";

/** Of this place; a new one when there is none. */
export function kept(code: string): Said {
  const fresh = { device: crypto.getRandomValues(new Uint32Array(4)).join("-"), until: {} };
  try {
    const found = JSON.parse(localStorage.getItem(KEPT_AS + code) ?? "{}") as Partial<Said> | null;
    return { device: found?.device ?? fresh.device, until: found?.until ?? fresh.until };
  } catch {
    // A browser that keeps nothing still says so; after a reload it would count once more.
    return fresh;
  }
}

/** `said` with one more, or one less where `until` is null. */
export function changed(said: Said, handle: string, until: string | null): Said {
  const { [handle]: _, ...others } = said.until;
  return { ...said, until: until === null ? others : { ...others, [handle]: until } };
}

/** Only what is still open: the rest would never be asked for again. */
export function keep(code: string, said: Said, open: readonly string[]): void {
  const until = Object.fromEntries(Object.entries(said.until).filter(([handle]) => open.includes(handle)));
  try {
    localStorage.setItem(KEPT_AS + code, JSON.stringify({ ...said, until }));
  } catch {
    // As above.
  }
}
