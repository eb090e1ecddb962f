/**
 * Words come from the catalogues in src/locales, Chinese first; English is fetched when it is asked for, and so are the
 * words that only heavy pages say (`words.vite.ts` tells which).
 */

import { signal } from "@preact/signals";
import i18next, { type ParseKeys } from "i18next";
import type zh from "../locales/zh-CN.json";
import light from "../locales/zh-CN.json?light";

export type Language = "zh-CN" | "en";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: typeof zh };
  }
}

const KEPT_AS = "lookout.language";
const words = i18next.createInstance();

/** Reading it re-renders the reader when the language changes. */
export const language = signal<Language>("zh-CN");

/** Whether a page is open that says more than light pages do. */
let everything = false;
const fetched = new Set<string>();

/** Load the light words of the language that was chosen last. */
export async function startWords(): Promise<void> {
  await words.init({
    lng: "zh-CN",
    fallbackLng: "zh-CN",
    resources: { "zh-CN": { translation: light as typeof zh } },
    interpolation: { escapeValue: false },
  });
  // Chinese is there already: without the words of another language the page opens all the same.
  await speak(localStorage.getItem(KEPT_AS) === "en" ? "en" : "zh-CN").catch(() => undefined);
}

/** The words of all pages; resolves when they are there. */
export async function everyWord(): Promise<void> {
  everything = true;
  await fetchWords(language.value);
}

async function fetchWords(wanted: Language): Promise<void> {
  const english = wanted === "en";
  if (english) await fetchPart(wanted, "light", () => import("../locales/en.json?light"));
  if (everything) {
    await fetchPart(wanted, "rest", () => (english ? import("../locales/en.json?rest") : import("../locales/zh-CN.json?rest")));
  }
}

async function fetchPart(wanted: Language, part: string, load: () => Promise<{ default: object }>): Promise<void> {
  if (fetched.has(`${wanted} ${part}`)) return;
  words.addResourceBundle(wanted, "translation", (await load()).default, true, true);
  fetched.add(`${wanted} ${part}`);
}

/** Change the language of the pages and remember it in this browser. */
export async function speak(wanted: Language): Promise<void> {
  await fetchWords(wanted);
  await words.changeLanguage(wanted);
  localStorage.setItem(KEPT_AS, wanted);
  document.documentElement.lang = wanted;
  document.title = words.t("brand");
  language.value = wanted;
}

/** A text of the catalogue with its blanks filled; keys are checked by the compiler. */
export function t(key: ParseKeys, values: Readonly<Record<string, string | number>> = {}): string {
  // Subscribes the component that asks.
  void language.value;
  return (words.t as (key: string, values: object) => string)(key, values);
}

/** The codes that a group has words for, in the catalogue's order. */
export function codesOf(group: keyof typeof zh): string[] {
  const codes = (node: object, prefix: string): string[] =>
    Object.entries(node).flatMap(([name, value]) =>
      typeof value === "object" ? codes(value, `${prefix}${name}.`) : [`${prefix}${name}`],
    );
  return codes(words.getResourceBundle(language.value, "translation")[group] ?? {}, "");
}

/** The text for a code that came over the wire, its blanks filled with what came beside it; null when it is new. */
export function filled(group: keyof typeof zh, code: string, values: Readonly<Record<string, string>>): string | null {
  void language.value;
  const key = `${String(group)}.${code}`;
  return words.exists(key) ? t(key as ParseKeys, values) : null;
}

/** A text that the dispatcher sends in both languages. */
export function inLanguage(told: { text_zh: string; text_en: string }): string {
  return language.value === "en" ? told.text_en : told.text_zh;
}

/** The word for a code that came over the wire, e.g. `word("scenario", "garbage")`; the code itself when it is new. */
export function word(group: keyof typeof zh, code: string): string {
  void language.value;
  const key = `${String(group)}.${code}`;
  return words.exists(key) ? t(key as ParseKeys) : code;
}
