/** What the signed-in person was told and has not read yet. */

import { useEffect, useState } from "preact/hooks";
import * as api from "../api/rounds";
import type { Told } from "../api/rounds";
import { follow } from "./live";
import { attempt } from "./notices";

const DELAY_MS = 500;

export interface Unread {
  notices: readonly Told[];
  /** The person has understood one; it is shown no more. */
  read: (notice: Told) => Promise<boolean>;
}

/** Unread notices that `wanted` lets through, newest first; fetched again whenever something changes. */
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
  const read = (notice: Told) =>
    attempt(async () => {
      const after = await api.acknowledgeNotice(notice.id);
      setAll((held) => held.map((each) => (each.id === after.id ? after : each)));
    });
  return { notices: all.filter((notice) => !wasRead(notice) && wanted(notice)), read };
}

function wasRead(notice: Told): boolean {
  return notice.deliveries.some((each) => each.channel === "in_app" && (each.state === "acknowledged" || each.state === "seen"));
}
