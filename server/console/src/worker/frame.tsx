import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { FeedAge, StaleBar, useLive } from "../components/feed-state";
import { LanguageSwitch } from "../components/language-switch";
import { follow, overview, stale } from "../live/live";
import { attempt, explain } from "../live/notices";
import { leave } from "../live/session";
import { clockTime } from "../text/format";
import { t } from "../text/i18n";
import { install } from "./install";
import { LargeType } from "./large-type";
import { keptSince, loadTasks, openShelf, outbox, takeMessage, tasks } from "./tasks";

/** What every worker page has: the head, the feed, and the worker's cases fetched and kept fresh. */
export function WorkerFrame({ children }: { children: ComponentChildren }) {
  const failure = useLive();
  const kept = keptSince.value;
  const waiting = outbox.jobs.value.length;
  useEffect(() => {
    void openShelf();
    void install();
  }, []);
  return (
    <div class={stale.value ? "shell phone stale" : "shell phone"}>
      <header class="phone-head">
        <a class="brand" href="/worker">
          {t("worker.title", { n: tasks.value?.length ?? 0 })}
        </a>
        <span class="grow" />
        {waiting > 0 ? <span class="waiting-count">{t("worker.waiting", { n: waiting })}</span> : null}
        <FeedAge />
      </header>
      <StaleBar failure={failure !== null && kept !== null ? t("worker.kept", { at: clockTime(kept) }) : failure} />
      <main class="phone-main">
        <Fed joined={overview.value !== null}>{children}</Fed>
      </main>
      <footer class="phone-foot">
        <LanguageSwitch />
        <LargeType />
        <button class="button small quiet" onClick={() => void attempt(leave)}>
          {t("action.leave")}
        </button>
      </footer>
    </div>
  );
}

/** The page, over tasks that are fetched once the feed is joined; kept ones are shown until then. */
function Fed({ joined, children }: { joined: boolean; children: ComponentChildren }) {
  const [error, setError] = useState<string | null>(null);
  const load = () => {
    setError(null);
    loadTasks().catch((reason: unknown) => setError(explain(reason)));
  };
  useEffect(() => {
    if (!joined) return undefined;
    const stop = follow(takeMessage, load);
    load();
    return stop;
  }, [joined]);
  return (
    <>
      {error === null ? null : (
        <div class="failed" role="alert">
          <p>{error}</p>
          <button class="button" onClick={load}>
            {t("action.again")}
          </button>
        </div>
      )}
      {tasks.value === null ? <p class="waiting">{t("state.loading")}</p> : children}
    </>
  );
}
