import { useEffect, useState } from "preact/hooks";
import { feedAge, goLive, overview, stale } from "../live/live";
import { explain } from "../live/notices";
import { span } from "../text/format";
import { t } from "../text/i18n";

const RETRY_MS = 3_000;

/** Join the feed unless that has been done; keeps trying. Returns why it does not work, or null. */
export function useLive(): string | null {
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    let timer: number | undefined;
    const join = () =>
      goLive().then(
        () => setFailure(null),
        (error: unknown) => {
          setFailure(explain(error));
          timer = window.setTimeout(() => void join(), RETRY_MS);
        },
      );
    if (overview.value === null) void join();
    return () => window.clearTimeout(timer);
  }, []);
  return failure;
}

/** Says that what is on the screen may be old, and since when. */
export function StaleBar({ failure }: { failure: string | null }) {
  const silent = stale.value ? t("feed.stale", { age: span(Math.round((feedAge.value ?? 0) / 1000)) }) : null;
  const text = failure ?? silent;
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
