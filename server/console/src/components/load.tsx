import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { passes } from "../api/client";
import { explain } from "../live/notices";
import { t } from "../text/i18n";

export type Loaded<T> = { value: T | null; error: string | null; reload: () => void; set: (value: T) => void };

/** What failed and may go well in a moment is tried again this much later, for as long as it is on the screen. */
const AGAIN_MS = 5_000;

/**
 * Fetch something now and whenever `key` changes or `reload` is called; the old value stays until the new one is here. Nobody has
 * to press anything for it to be there once the dispatcher is.
 */
export function useLoad<T>(fetch: () => Promise<T>, key: string): Loaded<T> {
  const [held, setHeld] = useState<{ key: string; value: T } | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [turn, setTurn] = useState(0);
  const byItself = useRef(false);
  useEffect(() => {
    let current = true;
    let timer: number | undefined;
    // Whoever tries again sees that it is being tried; what failed of something else is not this one's failure.
    if (held?.key !== key && !byItself.current) setError(null);
    byItself.current = false;
    fetch().then(
      (value) => {
        if (!current) return;
        setHeld({ key, value });
        setError(null);
      },
      (reason: unknown) => {
        if (!current) return;
        setError(explain(reason));
        if (passes(reason)) timer = window.setTimeout(again, AGAIN_MS);
      },
    );
    const again = () => {
      byItself.current = true;
      setTurn((count) => count + 1);
    };
    return () => {
      current = false;
      window.clearTimeout(timer);
    };
  }, [key, turn]);
  const reload = useCallback(() => setTurn((count) => count + 1), []);
  const set = useCallback((value: T) => setHeld({ key, value }), [key]);
  return { value: held?.key === key ? held.value : null, error, reload, set };
}

/** Shows the loaded thing, that it is on its way, or what went wrong with the way to try again. */
export function Show<T>({ of, children }: { of: Loaded<T>; children: (value: T) => ComponentChildren }) {
  return (
    <>
      <Failed of={of} />
      {of.value !== null ? children(of.value) : of.error === null ? <p class="waiting">{t("state.loading")}</p> : null}
    </>
  );
}

/** What went wrong with something that is shown in pieces, or without which the rest can be shown; nothing when it went well. */
export function Failed<T>({ of }: { of: Loaded<T> }) {
  if (of.error === null) return null;
  return (
    <div class="failed" role="alert">
      <p>{of.error}</p>
      <button type="button" class="button small" onClick={of.reload}>
        {t("action.again")}
      </button>
    </div>
  );
}
