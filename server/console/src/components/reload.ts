import { useEffect } from "preact/hooks";
import { follow } from "../live/live";

/** Fetch again when the feed tells of something of these kinds. */
export function useReload(reload: () => void, kinds: readonly string[]): void {
  useEffect(
    () =>
      follow((message) => {
        if (kinds.includes(message.kind)) reload();
      }, reload),
    [],
  );
}

/** Fetch again every so often, as long as somebody can see the page. */
export function useEvery(reload: () => void, everyMs: number): void {
  useEffect(() => {
    const timer = window.setInterval(() => {
      if (document.visibilityState === "visible") reload();
    }, everyMs);
    return () => window.clearInterval(timer);
  }, [reload, everyMs]);
}
