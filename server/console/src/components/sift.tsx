import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { t } from "../text/i18n";

/** So many are seen at one look. */
const FEW = 12;

/** Of a long list of choices those whose name has what is typed, and what is chosen already; the field to type it in. */
export function useSift<T>(all: readonly T[], nameOf: (each: T) => string, isChosen: (each: T) => boolean): { shown: readonly T[]; field: ComponentChildren } {
  const [typed, setTyped] = useState("");
  const sought = typed.trim().toLowerCase();
  if (all.length <= FEW) return { shown: all, field: null };
  const shown = sought === "" ? all : all.filter((each) => isChosen(each) || nameOf(each).toLowerCase().includes(sought));
  // Enter would send the form that the list is part of.
  const stay = (event: KeyboardEvent) => (event.key === "Enter" ? event.preventDefault() : undefined);
  return {
    shown,
    field: (
      <div class="sift">
        <input type="search" aria-label={t("sift.find")} value={typed} placeholder={t("sift.hint", { n: all.length })} autocomplete="off" onKeyDown={stay} onInput={(event) => setTyped(event.currentTarget.value)} />
        {shown.length === 0 ? <span class="quiet-text">{t("sift.none")}</span> : null}
      </div>
    ),
  };
}
