/**
 * Splits the catalogues: what a light page (the phone's, the residents', signing in) says comes with it, the words of all
 * other pages are fetched with those. Which words a page says is read off its sources, so that nobody keeps a list.
 */

import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Plugin } from "vite";

interface Catalogue {
  [key: string]: string | Catalogue;
}

const APP = "src/app.tsx";
const ROUTE = /pattern: "([^"]*)"[^}]*?import\("\.\/(pages\/[\w-]+)"\)[^}]*?light: true/g;
const IMPORT = /(?:from|import) "(\.[^"]+)"/g;

/** The pages that routes call light, whose pattern begins so, as paths from the console's folder. */
export function lightPages(root: string, beginning = "/"): string[] {
  const found = [...readFileSync(join(root, APP), "utf-8").matchAll(ROUTE)];
  const pages = found.filter(([, pattern]) => pattern?.startsWith(beginning)).map(([, , page]) => `src/${page}.tsx`);
  if (pages.length === 0) throw new Error(`${APP} names no light page that begins with ${beginning}`);
  return pages;
}

/** `words.json?light` is what light pages say of a catalogue, `words.json?rest` everything else. */
export function splitWords(root: string): Plugin {
  return {
    name: "split-words",
    enforce: "pre",
    load(id) {
      const [file, part] = id.split("?");
      if (!file?.endsWith(".json") || (part !== "light" && part !== "rest")) return null;
      const said = whatIsSaid(root);
      const words = JSON.parse(readFileSync(file, "utf-8")) as Catalogue;
      const code = `export default ${JSON.stringify(taken(words, "", (key) => said(key) === (part === "light")))}`;
      return { code, moduleType: "js" };
    },
  };
}

/** Tells of a key whether a light page says it: by its name, or by a template or a group that it belongs to. */
function whatIsSaid(root: string): (key: string) => boolean {
  const code = reached(["src/main.tsx", ...lightPages(root)].map((page) => resolve(root, page))).join("\n");
  const names = new Set([...code.matchAll(/"([\w.]+)"/g)].map(([, name]) => name));
  const templates = [...code.matchAll(/`([\w.]+\.)\$\{/g)].map(([, start]) => start as string);
  const groups = [...code.matchAll(/(?:word|filled)\("(\w+)"/g)].map(([, group]) => `${group}.`);
  return (key) => names.has(key) || [...templates, ...groups].some((start) => key.startsWith(start));
}

/** The sources of these files and of all that they import, but for what is imported when it is needed. */
function reached(files: readonly string[]): string[] {
  const sources = new Map<string, string>();
  const visit = (file: string): void => {
    if (sources.has(file)) return;
    const code = readFileSync(file, "utf-8");
    sources.set(file, code);
    for (const [, path] of code.matchAll(IMPORT)) {
      const next = ["", ".ts", ".tsx"].map((ending) => join(dirname(file), `${path}${ending}`)).find(isSource);
      if (next !== undefined) visit(next);
    }
  };
  files.forEach(visit);
  return [...sources.values()];
}

function isSource(path: string): boolean {
  try {
    return /\.tsx?$/.test(path) && readFileSync(path).length > 0;
  } catch {
    return false;
  }
}

function taken(words: Catalogue, prefix: string, wanted: (key: string) => boolean): Catalogue {
  const kept: Catalogue = {};
  for (const [name, value] of Object.entries(words)) {
    const key = `${prefix}${name}`;
    if (typeof value === "string") {
      if (wanted(key)) kept[name] = value;
    } else {
      const part = taken(value, `${key}.`, wanted);
      if (Object.keys(part).length > 0) kept[name] = part;
    }
  }
  return kept;
}
