/** Plates and passes as people write them. */

import type { Said, Vehicle } from "../api/vehicles";
import { clockAt, dayAt } from "./zone";
import { t } from "./i18n";

/** A province's character and the letter of a town, which a dot sets apart on the plate. */
const BEGINNING = /^(\p{Script=Han}[A-Z])([A-Z0-9\p{Script=Han}]{3,})$/u;
/** After GA 36: seven characters, eight with new energy, the last of which may be a character of its own. */
const USUAL = /^\p{Script=Han}[A-Z][A-Z0-9]{4,6}\p{Script=Han}?$/u;

export function plateText(plate: string): string {
  return plate.replace(BEGINNING, "$1·$2");
}

/** As the dispatcher will keep it. */
export function normalPlate(text: string): string {
  return text
    .normalize("NFKC")
    .replace(/[\s·•.-]/g, "")
    .toUpperCase();
}

/** Whether it is written as plates in China are; others may be right as well. */
export function looksUsual(plate: string): boolean {
  return USUAL.test(plate) && plate.length >= 7 && plate.length <= 8;
}

/** "2026-12-31 24:00": a day that is over belongs to the day that it ends. */
export function endText(at: string): string {
  const ms = Date.parse(at);
  const clock = clockAt(ms);
  return clock === "00:00" ? `${dayAt(ms - 1)} 24:00` : `${dayAt(ms)} ${clock}`;
}

export function beginText(at: string): string {
  const ms = Date.parse(at);
  return `${dayAt(ms)} ${clockAt(ms)}`;
}

export type Standing = "resident" | "pass" | "later" | "over";

export function standingOf(said: Said, now: number): Standing {
  if (said.valid_until !== null && Date.parse(said.valid_until) <= now) return "over";
  if (said.valid_from !== null && Date.parse(said.valid_from) > now) return "later";
  return said.valid_until === null && said.uses === null ? "resident" : "pass";
}

/** For how long, in words. */
export function validText(said: Said): string {
  const parts: string[] = [];
  if (said.valid_from !== null) parts.push(t("vehicle.from", { at: beginText(said.valid_from) }));
  parts.push(said.valid_until === null ? t("vehicle.for_good") : t("vehicle.until", { at: endText(said.valid_until) }));
  return parts.join(" · ");
}

/** How often a pass was used, line by line. A sum over gateways would count a visit that two of them saw twice. */
export function usedText({ uses, visits }: Pick<Vehicle, "uses" | "visits">): string[] {
  if (uses === null) return [];
  const counted = Object.entries(visits);
  if (counted.length < 2) return [t("vehicle.used", { used: counted[0]?.[1] ?? 0, n: uses })];
  return [...counted.map(([gateway, used]) => t("vehicle.used_at", { gateway, used, n: uses })), t("vehicle.used_apart", { n: uses })];
}
