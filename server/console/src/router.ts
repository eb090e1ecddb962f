/** Paths: a signal that follows the address bar. */

import { signal } from "@preact/signals";

export const path = signal(globalThis.location?.pathname ?? "/");

/** What is asked before a page is left on which something was made and not sent yet. */
const asked = new Set<() => boolean>();

/** Ask before this page is left, by a link or the way back; returns the way to stop. */
export function askBeforeLeaving(ask: () => boolean): () => void {
  asked.add(ask);
  return () => asked.delete(ask);
}

const mayLeave = () => [...asked].every((ask) => ask());

/** `anyhow`: nobody is asked, since there is no staying. */
export function navigate(to: string, anyhow = false): void {
  if (to === path.value || !(anyhow || mayLeave())) return;
  history.pushState(null, "", to);
  path.value = new URL(to, location.origin).pathname;
  scrollTo(0, 0);
}

/** Follow the back button, and links inside the console without loading the page anew. */
export function startRouter(): void {
  addEventListener("popstate", () => {
    if (location.pathname !== path.value && !mayLeave()) history.pushState(null, "", path.value);
    else path.value = location.pathname;
  });
  addEventListener("click", (event) => {
    const link = (event.target as Element | null)?.closest?.("a[href^='/']");
    const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    const href = link?.getAttribute("href");
    if (!plain || event.defaultPrevented || !href || href.startsWith("/api/") || link?.hasAttribute("target")) return;
    event.preventDefault();
    navigate(href);
  });
}

/** The `:name` parts of `pattern` when `path` fits it, else null. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/");
  const given = path.replace(/(.)\/$/, "$1").split("/");
  if (wanted.length !== given.length) return null;
  const found: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const actual = given[index] ?? "";
    if (part.startsWith(":")) {
      if (actual === "") return null;
      found[part.slice(1)] = decodeURIComponent(actual);
    } else if (part !== actual) {
      return null;
    }
  }
  return found;
}
