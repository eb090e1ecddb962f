import { useEffect, useState } from "preact/hooks";
import { passes } from "../api/client";
import { explain } from "../live/notices";
import { user } from "../live/session";
import { keepList, keptList } from "./shelf";
import { arrived } from "./tasks";

export interface KeptItems<T> {
  items: readonly T[] | null;
  /** When they were fetched, while they are the ones that this phone kept. */
  since: string | null;
  error: string | null;
  reload: () => void;
}

/** A list of the worker's own; without the dispatcher, as this phone last saw it. It is fetched again when a letter arrived. */
export function useKeptList<T>(name: string, fetch: () => Promise<readonly T[]>): KeptItems<T> {
  const [held, setHeld] = useState<{ items: readonly T[] | null; since: string | null }>({ items: null, since: null });
  const [error, setError] = useState<string | null>(null);
  const [turn, setTurn] = useState(0);
  const person = user.value?.id ?? "";
  useEffect(() => {
    let current = true;
    // Whoever tries again sees that it is being tried.
    if (held.items === null) setError(null);
    const old = async (reason: unknown) => {
      const kept = passes(reason) ? await keptList<T>(person, name).catch(() => undefined) : undefined;
      if (!current) return;
      if (kept === undefined) setError(explain(reason));
      else setHeld({ items: kept.items, since: kept.at });
    };
    const put = (items: readonly T[]) => {
      if (!current) return;
      setHeld({ items, since: null });
      setError(null);
      keepList(person, name, items).catch(() => undefined);
    };
    fetch().then(put, old);
    return () => {
      current = false;
    };
  }, [turn, arrived.value]);
  useEffect(() => {
    const again = () => setTurn((count) => count + 1);
    addEventListener("online", again);
    return () => removeEventListener("online", again);
  }, []);
  return { ...held, error, reload: () => setTurn((count) => count + 1) };
}
