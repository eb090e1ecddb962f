/** What residents ask of the dispatcher, without an account. */

import { Problem, isMissing, request } from "../api/client";

interface Kind {
  kind: string;
  text_zh: string;
  text_en: string;
}

export interface OpenReport {
  kind: string;
  kind_zh: string;
  kind_en: string;
  /** A day of the site, "2026-11-22". */
  since: string;
  text_zh: string;
  text_en: string;
  times: number;
  /** Names it to whoever sees it, too. */
  handle: string;
  seen_by: number;
}

export interface Place {
  code: string;
  name: string;
  site: string;
  grid: string | null;
  kinds: readonly Kind[];
  /** What was reported here already and is being seen to, the newest first. */
  open_reports: readonly OpenReport[];
  max_photos: number;
}

interface Milestone {
  progress: string;
  at: string;
  text_zh: string;
  text_en: string;
}

export interface Followed {
  place: string;
  kind_zh: string;
  kind_en: string;
  reported_at: string;
  text_zh: string;
  text_en: string;
  milestones: readonly Milestone[];
  can_rate: boolean;
  score: number | null;
  /** The site's: residents are not signed in. */
  timezone: string;
}

export const place = (code: string) =>
  found("no_place", request<Place>("GET", `/public/places/${encodeURIComponent(code)}`));

/** `asked`, or the problem `code`: residents hear of their sheet of paper, and not of grids. */
async function found<T>(code: string, asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw isMissing(error) ? new Problem(404, { code }) : error;
  }
}

/** Returns the tracking code, which is told this once. The same `key` again is the same report. */
export async function report(
  code: string,
  said: { kind: string; words: string; photos: readonly Blob[] },
  key: string,
): Promise<string> {
  const form = new FormData();
  form.set("kind", said.kind);
  form.set("words", said.words);
  for (const [number, photo] of said.photos.entries()) form.append("photos", photo, `${number + 1}.jpg`);
  const path = `/public/places/${encodeURIComponent(code)}/reports`;
  return (await request<{ tracking: string }>("POST", path, form, key)).tracking;
}

export interface Seen {
  seen_by: number;
  /** Until when it can be taken back; null: it is not said. */
  until: string | null;
}

/** Say that one sees it, too, or take it back. The same `device` counts once. */
export const seeToo = (code: string, handle: string, device: string, back: boolean) =>
  request<Seen>("POST", `/public/places/${encodeURIComponent(code)}/seen${back ? "/take-back" : ""}`, { handle, device });

export const follow = (tracking: string) =>
  found("no_report", request<Followed>("GET", `/public/reports/${encodeURIComponent(tracking)}`));

export const rate = (tracking: string, score: number, words: string) =>
  request<Followed>("POST", `/public/reports/${encodeURIComponent(tracking)}/rating`, {
    score,
    ...(words === "" ? {} : { words }),
  });
