/** Sharing where one is: on by one's own tap, while a page of the phone is open, and off at once. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Role, User } from "../api/models";
import { forgetPosition, sharePosition } from "../api/position";
import { user } from "../live/session";
import { currentPlace } from "./place";

/** A third of how long the dispatcher keeps it: one that fails does not end the sharing. */
const EVERY_MS = 200_000;
const FIELD: readonly Role[] = ["worker", "household_head"];

export type Sharing = { state: "off" | "locating" | "unknown" | "unsent" } | { state: "on"; at: number };

export const sharing = signal<Sharing>({ state: "off" });

/** Only who can be sent is asked: for everybody else there is no distance to know. */
export const maySharePosition = (person: User | null | undefined) => person != null && person.roles.some((role) => FIELD.includes(role));

/** Of this person, on this phone: the next one to sign in here has not agreed to anything. */
const keptAs = (person: User) => `lookout.shares_position.${person.id}`;

const hasAgreed = (person: User | null | undefined) => person != null && maySharePosition(person) && localStorage.getItem(keptAs(person)) === "1";

export async function startSharing(): Promise<void> {
  if (user.value == null) return;
  localStorage.setItem(keptAs(user.value), "1");
  await tellPosition();
}

/** @throws what `request` throws: then the dispatcher forgets it by itself, within minutes. */
export async function stopSharing(): Promise<void> {
  if (user.value != null) localStorage.removeItem(keptAs(user.value));
  sharing.value = { state: "off" };
  await forgetPosition();
}

async function tellPosition(): Promise<void> {
  if (!hasAgreed(user.value)) return;
  if (sharing.value.state === "off") sharing.value = { state: "locating" };
  const place = await currentPlace();
  // Somebody may have said no meanwhile.
  if (!hasAgreed(user.value)) return;
  if (place === undefined) {
    sharing.value = { state: "unknown" };
    return;
  }
  try {
    await sharePosition(place);
    sharing.value = hasAgreed(user.value) ? { state: "on", at: Date.now() } : { state: "off" };
  } catch {
    // Without network nobody is told; the next turn tries again.
    sharing.value = { state: "unsent" };
  }
}

/** Tell it now and every few minutes, as long as the page is to be seen and the person agrees. */
export function useSharing(): void {
  useEffect(() => {
    void tellPosition();
    const turn = () => {
      if (document.visibilityState === "visible") void tellPosition();
    };
    const timer = window.setInterval(turn, EVERY_MS);
    document.addEventListener("visibilitychange", turn);
    return () => {
      window.clearInterval(timer);
      document.removeEventListener("visibilitychange", turn);
    };
  }, []);
}
