/** Short words at the foot of the page: what was done, how to undo it, or what went wrong and what became of the data. */

import { signal } from "@preact/signals";
import { Problem, Unreachable, Unreadable, isMissing } from "../api/client";
import { t, word } from "../text/i18n";

export interface Notice {
  id: number;
  tone: "done" | "trouble";
  text: string;
  undo?: (() => Promise<void>) | undefined;
  /** Until somebody puts it away. */
  stays?: boolean;
}

export const UNDO_MS = 5_000;
const TROUBLE_MS = 10_000;
/** Of those that go by themselves; more would cover the page. */
const MOST_PASSING = 3;

export const notices = signal<readonly Notice[]>([]);
let count = 0;

/** Say what was done; with `undo` it can be taken back for five seconds. */
export function tell(text: string, undo?: () => Promise<void>): void {
  add({ id: (count += 1), tone: "done", text, undo }, UNDO_MS);
}

export function trouble(text: string): void {
  add({ id: (count += 1), tone: "trouble", text }, TROUBLE_MS);
}

/** Say what somebody has to know who may not be looking now: it stays until they put it away. */
export function leaveWord(text: string): void {
  if (notices.value.some((notice) => notice.text === text)) return;
  add({ id: (count += 1), tone: "trouble", text, stays: true }, null);
}

export function dismissNotice(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** What was done has been built upon: there is no way back by one key any more. */
export function withdrawUndo(): void {
  notices.value = notices.value.filter((notice) => notice.undo === undefined);
}

/** Undo the newest thing that still can be. */
export async function undoLast(): Promise<void> {
  const last = notices.value.findLast((notice) => notice.undo !== undefined);
  if (last === undefined) return;
  dismissNotice(last.id);
  await attempt(last.undo as () => Promise<void>);
}

/** Run what may fail; a failure is told, with what became of the data. Returns whether it went well. */
export async function attempt(action: () => Promise<void>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    trouble(explain(error));
    return false;
  }
}

/** A failure in words. What is neither a refusal nor a lost connection is a defect, and told to the browser's console as well. */
export function explain(error: unknown): string {
  if (error instanceof Unreachable) return t(error.reading ? "problem.unread" : "problem.unreachable");
  if (error instanceof Unreadable) return t("problem.file_lost");
  if (!(error instanceof Problem)) {
    reportDefect(error);
    return t("problem.defect");
  }
  if (isMissing(error)) return t("problem.not_found");
  const known = word("problem", error.code);
  return known === error.code ? t("problem.refused", { detail: error.message }) : known;
}

const reported = new WeakSet<object>();

/** Tell the browser's console of a defect, once however often the page says it. */
export function reportDefect(error: unknown): void {
  if (typeof error === "object" && error !== null) {
    if (reported.has(error)) return;
    reported.add(error);
  }
  reportError(error);
}

function add(notice: Notice, forMs: number | null): void {
  const all = [...notices.value, notice];
  const passing = all.filter((each) => !each.stays).slice(-MOST_PASSING);
  notices.value = all.filter((each) => each.stays || passing.includes(each));
  if (forMs !== null) setTimeout(() => dismissNotice(notice.id), forMs);
}
