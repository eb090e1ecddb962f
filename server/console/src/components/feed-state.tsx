import { useEffect, useState } from "preact/hooks";
import { feedAge, goLive, overview, stale } from "../live/live";
import { explain } from "../live/notices";
import { span } from "../text/format";
import { t } from "../text/i18n";

const RETRY_MS = 3_000;

/** Why the feed cannot be joined, or null, and the way to try at once. */
export interface Live {
  failure: string | null;
  again: () => void;
}

/** Join the feed unless that has been done; keeps trying. */
export function useLive(): Live {
  const [failure, setFailure] = useState<string | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let current = true;
    let timer: number | undefined;
    const join = () =>
      goLive().then(
        () => setFailure(null),
        (error: unknown) => {
          if (!current) return;
          setFailure(explain(error));
          timer = window.setTimeout(() => void join(), RETRY_MS);
        },
      );
    if (overview.value === null) void join();
    return () => {
      current = false;
      window.clearTimeout(timer);
    };
  }, [turn]);
  return { failure, again: () => setTurn((count) => count + 1) };
}

/** What stands in for a page until the feed is joined. */
export function Joining({ live }: { live: Live }) {
  if (live.failure === null) return <p class="waiting">{t("state.loading")}</p>;
  // Why it failed stands in the bar above.
  return (
    <div class="failed">
      <button class="button" onClick={live.again}>
        {t("action.again")}
      </button>
    </div>
  );
}

/**
 * Says that what is on the screen may be old, and since when; or, in the control room's words, that no alarm can come in.
 * `own`: to somebody whose steps are kept and sent later.
 */
export function StaleBar({ failure, deaf = null, own = false }: { failure: string | null; deaf?: string | null; own?: boolean }) {
  const age = span(Math.round((feedAge.value ?? 0) / 1000));
  const silent = stale.value ? t(own ? "feed.stale_own" : "feed.stale", { age }) : null;
  const text = failure ?? silent ?? deaf;
  return (
    <div role="alert" class={text === null ? "unseen" : "stale-bar"}>
      {text}
    </div>
  );
}

/** How old the feed's last sign of life is; always visible. */
export function FeedAge() {
  const age = feedAge.value;
  const live = age !== null && !stale.value;
  return (
    <span class={live ? "feed-age" : "feed-age old"}>
      {age === null ? t("feed.connecting") : t(live ? "feed.live" : "feed.old", { age: (age / 1000).toFixed(1) })}
    </span>
  );
}
