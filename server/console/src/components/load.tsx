import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { explain } from "../live/notices";
import { t } from "../text/i18n";

export type Loaded<T> = { value: T | null; error: string | null; reload: () => void; set: (value: T) => void };

/** Fetch something now and whenever `key` changes or `reload` is called; the old value stays until the new one is here. */
export function useLoad<T>(fetch: () => Promise<T>, key: string): Loaded<T> {
  const [held, setHeld] = useState<{ key: string; value: T } | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let current = true;
    fetch().then(
      (value) => {
        if (!current) return;
        setHeld({ key, value });
        setError(null);
      },
      (reason: unknown) => {
        if (current) setError(explain(reason));
      },
    );
    return () => {
      current = false;
    };
  }, [key, turn]);
  const reload = useCallback(() => setTurn((count) => count + 1), []);
  const set = useCallback((value: T) => setHeld({ key, value }), [key]);
  return { value: held?.key === key ? held.value : null, error, reload, set };
}

/** Shows the loaded thing, that it is on its way, or what went wrong with the way to try again. */
export function Show<T>({ of, children }: { of: Loaded<T>; children: (value: T) => ComponentChildren }) {
  if (of.value !== null) {
    return (
      <>
        {of.error === null ? null : <Failed of={of} />}
        {children(of.value)}
      </>
    );
  }
  return of.error === null ? <p class="waiting">{t("state.loading")}</p> : <Failed of={of} />;
}

function Failed<T>({ of }: { of: Loaded<T> }) {
  return (
    <div class="failed" role="alert">
      <p>{of.error}</p>
      <button class="button small" onClick={of.reload}>
        {t("action.again")}
      </button>
    </div>
  );
}
