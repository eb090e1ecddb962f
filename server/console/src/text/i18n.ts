/**
 * Words come from the catalogues in src/locales, Chinese first; English is fetched when it is asked for, and so are the
 * words that only heavy pages say (`words.vite.ts` tells which).
 */

import { signal } from "@preact/signals";
import type zh from "../locales/zh-CN.json";
import light from "../locales/zh-CN.json?light";

export type Language = "zh-CN" | "en";

type KeysOf<Node, Prefix extends string = ""> = {
  [Name in keyof Node & string]: Node[Name] extends string ? `${Prefix}${Name}` : KeysOf<Node[Name], `${Prefix}${Name}.`>;
}[keyof Node & string];
/** The catalogue's keys, their parts joined by dots. */
export type Key = KeysOf<typeof zh>;

const KEPT_AS = "lookout.language";
/** Texts by their keys; what a language lacks is said in Chinese. */
const words: Record<Language, Map<string, string>> = { "zh-CN": new Map(), en: new Map() };

/** Reading it re-renders the reader when the language changes. */
export const language = signal<Language>("zh-CN");

/** Whether a page is open that says more than light pages do. */
let everything = false;
const fetched = new Set<string>();

/** Load the light words of the language that was chosen last, or else of the browser's. */
export async function startWords(): Promise<void> {
  learn("zh-CN", light);
  // Chinese is there already: without the words of another language the page opens all the same.
  await change(chosen() ?? preferred(navigator.languages ?? [])).catch(() => undefined);
}

function chosen(): Language | null {
  const kept = localStorage.getItem(KEPT_AS);
  return kept === "en" || kept === "zh-CN" ? kept : null;
}

/** The first of a browser's languages that the pages speak; Chinese when there is none. */
export function preferred(languages: readonly string[]): Language {
  const spoken = languages.map((each) => each.toLowerCase().split("-")[0]).find((each) => each === "zh" || each === "en");
  return spoken === "en" ? "en" : "zh-CN";
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
  learn(wanted, (await load()).default);
  fetched.add(`${wanted} ${part}`);
}

function learn(tongue: Language, texts: object, prefix = ""): void {
  for (const [name, text] of Object.entries(texts)) {
    if (typeof text === "string") words[tongue].set(prefix + name, text);
    else learn(tongue, text, `${prefix}${name}.`);
  }
}

function find(key: string): string | undefined {
  // Reading it subscribes the component that asks.
  return words[language.value].get(key) ?? words["zh-CN"].get(key);
}

/** Change the language of the pages and remember it in this browser. */
export async function speak(wanted: Language): Promise<void> {
  await change(wanted);
  localStorage.setItem(KEPT_AS, wanted);
}

async function change(wanted: Language): Promise<void> {
  await fetchWords(wanted);
  document.documentElement.lang = wanted;
  language.value = wanted;
  document.title = t("brand");
}

/** A blank: `{{name}}`, or `{{name|# case|# cases}}` with what is said of one and of any other number, `#` being it. */
const BLANK = /\{\{(\w+)(?:\|([^|}]*)\|([^|}]*))?\}\}/g;

/** A text of the catalogue with its blanks filled; keys are checked by the compiler. */
export function t(key: Key, values: Readonly<Record<string, string | number>> = {}): string {
  return (find(key) ?? key).replace(BLANK, (_, name: string, one?: string, other?: string) => {
    const value = `${values[name] ?? ""}`;
    const form = value === "1" ? one : other;
    return form === undefined ? value : form.replaceAll("#", value);
  });
}

/** The codes that a group has words for, in the catalogue's order. */
export function codesOf(group: keyof typeof zh): string[] {
  const prefix = `${group}.`;
  return [...words[language.value].keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
}

/** The text for a code that came over the wire, its blanks filled with what came beside it; null when it is new. */
export function filled(group: keyof typeof zh, code: string, values: Readonly<Record<string, string>> = {}): string | null {
  const key = `${group}.${code}`;
  return find(key) === undefined ? null : t(key as Key, values);
}

/** A text that the dispatcher sends in both languages. */
export function inLanguage(told: { text_zh: string; text_en: string }): string {
  return language.value === "en" ? told.text_en : told.text_zh;
}

/** The word for a code that came over the wire, e.g. `word("scenario", "garbage")`; the code itself when it is new. */
export function word(group: keyof typeof zh, code: string): string {
  return filled(group, code) ?? code;
}
