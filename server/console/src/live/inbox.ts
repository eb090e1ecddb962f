/** What the signed-in person was told and has not read yet. */

import { useEffect, useState } from "preact/hooks";
import * as api from "../api/rounds";
import type { Told } from "../api/rounds";
import { follow } from "./live";
import { attempt } from "./notices";

const DELAY_MS = 500;

/** What was told of one thing: its newest notice, and how many there are of it. */
export interface Folded {
  newest: Told;
  /** Newest first. */
  all: readonly Told[];
}

export interface Unread {
  folds: readonly Folded[];
  /** The person has understood all that was told of one thing; it is shown no more. */
  read: (fold: Folded) => Promise<boolean>;
}

/** Unread notices that `wanted` lets through, folded, newest first; fetched again whenever something changes. */
export function useUnread(wanted: (notice: Told) => boolean): Unread {
  const [all, setAll] = useState<readonly Told[]>([]);
  useEffect(() => {
    let timer: number | undefined;
    // Without a network there is nothing new to read, and the page says so already.
    const load = () => void api.told().then(setAll, () => undefined);
    const soon = () => {
      window.clearTimeout(timer);
      timer = window.setTimeout(load, DELAY_MS);
    };
    const stop = follow(soon, load);
    load();
    return () => {
      window.clearTimeout(timer);
      stop();
    };
  }, []);
  const read = (fold: Folded) =>
    attempt(async () => {
      for (const notice of fold.all) {
        const after = await api.acknowledgeNotice(notice.id);
        setAll((held) => held.map((each) => (each.id === after.id ? after : each)));
      }
    });
  return { folds: folded(all.filter((notice) => !wasRead(notice) && wanted(notice))), read };
}

/** One entry for each case, and for what is about none one each, in the order of the newest. */
export function folded(notices: readonly Told[]): Folded[] {
  const folds = new Map<string, Told[]>();
  for (const notice of notices) {
    const key = notice.case_id ?? notice.id;
    folds.set(key, [...(folds.get(key) ?? []), notice]);
  }
  return [...folds.values()].map((all) => ({ newest: all[0] as Told, all }));
}

/** Whether it has to be read in the control room whatever somebody is looking at there. */
export function callsRoom(notice: Told): boolean {
  if (notice.kind === "help" || notice.kind === "handler_gone") return true;
  return (notice.kind === "also_at" || notice.kind === "raised") && notice.severity === "red";
}

export function isUrgent(fold: Folded): boolean {
  return fold.all.some((notice) => notice.severity === "red");
}

function wasRead(notice: Told): boolean {
  return notice.deliveries.some((each) => each.channel === "in_app" && (each.state === "acknowledged" || each.state === "seen"));
}
