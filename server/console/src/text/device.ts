/** Marks in a browser's own description of itself, the telling ones first: all of them also name others. */
const BROWSERS = [
  ["Edg", "Edge"],
  ["Firefox", "Firefox"],
  ["Chrome", "Chrome"],
  ["Safari", "Safari"],
] as const;
const SYSTEMS = [
  ["Android", "Android"],
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Windows", "Windows"],
  ["Mac OS", "macOS"],
  ["Linux", "Linux"],
] as const;

/** Browser and system of a session by its User-Agent header; the header itself where it names neither. */
export function deviceName(agent: string): string {
  const named = [BROWSERS, SYSTEMS].map((marks) => marks.find(([mark]) => agent.includes(mark))?.[1]);
  return named.filter((name) => name !== undefined).join(" · ") || agent || "–";
}
