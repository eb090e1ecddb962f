/** Keys as well as taps: one listener, and whoever is on the screen says what the keys mean. */

type Bindings = Readonly<Record<string, () => void>>;

const layers: Bindings[] = [];

/** Bind keys (as KeyboardEvent.key, letters in lower case) while a part of the page is shown; returns the way to stop. */
export function bindKeys(bindings: Bindings): () => void {
  layers.push(bindings);
  if (layers.length === 1) addEventListener("keydown", onKey);
  return () => {
    layers.splice(layers.indexOf(bindings), 1);
    if (layers.length === 0) removeEventListener("keydown", onKey);
  };
}

function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const target = event.target as HTMLElement;
  if (target.matches("input, textarea, select, [contenteditable]")) return;
  // A dialog has the keyboard to itself, and nothing but stepping happens again while a key is held down.
  if (document.querySelector("dialog[open]") !== null || (event.repeat && !"jkJK".includes(event.key))) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // What was opened last goes first.
  const action = layers.findLast((bindings) => bindings[key] !== undefined)?.[key];
  if (action === undefined) return;
  event.preventDefault();
  action();
}
