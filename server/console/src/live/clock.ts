/** The dispatcher's time, as well as it is known, so that a phone with a wrong clock still counts down rightly. */

import { signal } from "@preact/signals";

let offsetMs = 0;

/** The dispatcher's time now, in milliseconds since 1970; moves once a second. Reading it re-renders the reader. */
export const now = signal(Date.now());

/** Take the dispatcher's own time from a message that has just arrived. */
export function setServerTime(at: string): void {
  const server = Date.parse(at);
  if (!Number.isNaN(server)) offsetMs = server - Date.now();
}

/** Start the ticking; called once by the page's start. */
export function startClock(): void {
  setInterval(() => {
    now.value = Date.now() + offsetMs;
  }, 1000);
}
