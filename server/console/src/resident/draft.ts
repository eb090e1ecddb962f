/** What a resident has begun to report, kept by the tab: a reload, or a phone that makes room for its camera, loses no words. */

export interface Draft {
  /** One for all tries: a report whose answer was lost is not made twice. */
  key: string;
  kind: string | null;
  words: string;
  /** It was sent as it stands, without an answer: it may have arrived. */
  tried: boolean;
  /** Once it was sent: it is told this once, and stays until another report is begun. */
  tracking: string | null;
}

const KEPT_AS = "lookout.report.";

export function fresh(): Draft {
  return { key: newKey(), kind: null, words: "", tried: false, tracking: null };
}

/** What a draft needs to be changed: what may have arrived says something else, and under its key nothing more is heard. */
export function anew({ key, tried }: Draft): Pick<Draft, "key" | "tried"> {
  return { key: tried ? newKey() : key, tried: false };
}

function newKey(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}

/** Of this place; a new one when there is none. */
export function kept(code: string): Draft {
  try {
    return { ...fresh(), ...(JSON.parse(sessionStorage.getItem(KEPT_AS + code) ?? "{}") as Partial<Draft>) };
  } catch {
    // A browser that keeps nothing still reports.
    return fresh();
  }
}

export function keep(code: string, draft: Draft): void {
  try {
    sessionStorage.setItem(KEPT_AS + code, JSON.stringify(draft));
  } catch {
    // As above.
  }
}
