/** Days and clocks of the site, wherever the browser is. */

import { overview } from "../live/live";

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

function siteZone(): string {
  return overview.value?.site.timezone ?? "UTC";
}

/** The day at that moment: "2026-11-22". */
export function dayAt(ms: number, zone = siteZone()): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone }).format(ms);
}

/** The clock at that moment: "06:00". */
export function clockAt(ms: number, zone = siteZone()): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone, hour: "2-digit", minute: "2-digit" }).format(ms);
}

/** The moment at which the site's clock says so, in milliseconds; one that is skipped in spring is the moment after. */
export function momentOf(day: string, clock: string, zone = siteZone()): number {
  const wanted = Date.parse(`${day}T${clock}:00Z`);
  // The zone's distance may change between a guess and the answer, so it is asked for twice.
  const guess = wanted - distance(wanted, zone);
  return wanted - distance(guess, zone);
}

/** What a field for a day and a clock says ("2026-11-22T06:00"), as the site's clock means it. */
export function fieldMoment(text: string, zone = siteZone()): string {
  const [day = "", clock = ""] = text.split("T");
  return new Date(momentOf(day, clock.slice(0, 5), zone)).toISOString();
}

/** A moment as such a field is filled in. */
export function momentField(ms: number, zone = siteZone()): string {
  return `${dayAt(ms, zone)}T${clockAt(ms, zone)}`;
}

/** By how much the zone's clock is ahead of UTC at that moment, in milliseconds. */
function distance(ms: number, zone: string): number {
  const whole = Math.floor(ms / MINUTE_MS) * MINUTE_MS;
  return Date.parse(`${dayAt(whole, zone)}T${clockAt(whole, zone)}:00Z`) - whole;
}

/** A day so many days later. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The Monday of the week in which the day lies. */
export function mondayOf(day: string): string {
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
  return dayAfter(day, -((weekday + 6) % 7));
}
