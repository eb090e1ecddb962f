/** Numbers with their units and times with their clock. */

import type { Condition, ConditionValue } from "../api/models";
import { now } from "../live/clock";
import { overview } from "../live/live";
import { language, t, word } from "./i18n";

const formats = new Map<string, Intl.DateTimeFormat>();

function formatter(options: Intl.DateTimeFormatOptions, zone = overview.value?.site.timezone): Intl.DateTimeFormat {
  // The site's own zone: an operator abroad and one in the room must read the same time off the same alarm.
  const key = `${language.value} ${zone ?? ""} ${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(language.value, { ...options, hour12: false, ...(zone ? { timeZone: zone } : {}) });
    formats.set(key, format);
  }
  return format;
}

/** "14:03:22" */
export function clockTime(at: string): string {
  return formatter({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(at));
}

/** Day and time: "11/22 14:03:22". `zone`: the site's, where nobody is signed in who would know it. */
export function dayTime(at: string, zone?: string): string {
  const options = { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
  return formatter(options, zone).format(new Date(at));
}

/** "14:03:22" of today, "11/22 14:03:22" of another day, and with its year where that is another one. */
export function momentTime(at: string): string {
  const year = formatter({ year: "numeric" });
  const today = new Date(now.peek());
  if (year.format(new Date(at)) !== year.format(today)) return `${formatter({ year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(at))} ${clockTime(at)}`;
  return date(at) === date(today.toISOString()) ? clockTime(at) : dayTime(at);
}

/** "11/22" */
export function date(at: string): string {
  return formatter({ month: "2-digit", day: "2-digit" }).format(new Date(at));
}

/** "11/22" of a day "2026-11-22", which is the same wherever it is read. */
export function day(of: string): string {
  return formatter({ month: "2-digit", day: "2-digit" }, "UTC").format(new Date(of));
}

/** A running clock from milliseconds: "04:31", "2:04:31", "3 d 2:04:31". Negative spans are shown without sign. */
export function stopwatch(ms: number): string {
  const total = Math.floor(Math.abs(ms) / 1000);
  const seconds = String(total % 60).padStart(2, "0");
  const minutes = Math.floor(total / 60) % 60;
  const hours = Math.floor(total / 3600) % 24;
  const days = Math.floor(total / 86_400);
  const short = `${String(minutes).padStart(2, "0")}:${seconds}`;
  if (days > 0) return t("time.days", { days, clock: `${hours}:${short}` });
  return hours > 0 ? `${hours}:${short}` : short;
}

/** A span in words: "42 秒", "4 分 12 秒", "2 小时 5 分", "3 天 4 小时". */
export function span(seconds: number): string {
  const total = Math.max(0, seconds);
  if (total < 10) return t("time.seconds", { s: Math.round(total * 10) / 10 });
  if (total < 60) return t("time.seconds", { s: Math.round(total) });
  const whole = Math.round(total);
  if (whole < 3600 && whole % 60 === 0) return t("time.minutes_even", { m: whole / 60 });
  if (whole < 3600) return t("time.minutes", { m: Math.floor(whole / 60), s: whole % 60 });
  if (whole >= 2 * 86_400) return t("time.whole_days", { d: Math.floor(whole / 86_400), h: Math.floor((whole % 86_400) / 3600) });
  return t("time.hours", { h: Math.floor(whole / 3600), m: Math.floor((whole % 3600) / 60) });
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** "812 kB", "3.4 MB" */
export function size(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** One side of a condition with its unit. */
export function measure(value: ConditionValue, unit: string | null): string {
  if (value === null) return t("explain_word.none");
  if (typeof value === "boolean") return t(value ? "explain_word.yes" : "explain_word.no");
  if (typeof value === "string") return word("value", value);
  if (unit === "s") return span(value);
  if (unit === "1") return percent(value);
  const number = Number.isInteger(value) ? String(value) : value.toFixed(2);
  return unit === null ? number : `${number} ${word("unit", unit)}`;
}

/** What the condition was compared with, or null when it stands for itself. */
export function limitOf(condition: Condition): string | null {
  return condition.limit === null ? null : measure(condition.limit, condition.unit);
}

/** A day of the calendar, "2026-11-22", as a column's head: "11/22 周日". */
export function weekday(day: string): string {
  const at = new Date(`${day}T12:00:00Z`);
  const name = new Intl.DateTimeFormat(language.value, { weekday: "short", timeZone: "UTC" }).format(at);
  return `${day.slice(5).replace("-", "/")} ${name}`;
}
