/** Spans of time as the dispatcher writes them, and spans of the day. */

export const UNITS = ["s", "min", "h", "d", "s_working", "min_working", "h_working"] as const;
export type Unit = (typeof UNITS)[number];

export interface Span {
  count: number;
  unit: Unit;
}

const SPAN = /^(\d+) ?(s|min|h|d)( working)?$/;

/** "8h working" → 8 of "h_working". Days of working time are told in hours: such a day has no length of its own. */
export function readSpan(text: string): Span {
  const [, count = "1", unit = "min", working] = SPAN.exec(text) ?? [];
  if (working === undefined) return { count: Number(count), unit: unit as Unit };
  return unit === "d" ? { count: 24 * Number(count), unit: "h_working" } : { count: Number(count), unit: `${unit}_working` as Unit };
}

export function writeSpan({ count, unit }: Span): string {
  const [name = "min", working] = unit.split("_");
  return `${count}${name}${working === undefined ? "" : " working"}`;
}

/** "22:00-06:00" → its ends. */
export function readHours(text: string): [string, string] {
  const [from = "22:00", to = "06:00"] = text.split("-");
  return [from, to];
}
