import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { LanguageSwitch } from "../components/language-switch";
import { FeedAge, StaleBar, useLive } from "../components/feed-state";
import { follow, overview, stale } from "../live/live";
import { attempt, explain } from "../live/notices";
import { leave } from "../live/session";
import { t } from "../text/i18n";
import { loadTasks, outbox, takeMessage, tasks } from "./tasks";

/** What every worker page has: the head, the feed, and the worker's cases fetched and kept fresh. */
export function WorkerFrame({ children }: { children: ComponentChildren }) {
  const failure = useLive();
  const waiting = outbox.jobs.value.length;
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
      <StaleBar failure={failure} />
      <main class="phone-main">{overview.value === null ? <p class="waiting">{t("state.loading")}</p> : <Fed>{children}</Fed>}</main>
      <footer class="phone-foot">
        <LanguageSwitch />
        <button class="button small quiet" onClick={() => void attempt(leave)}>
          {t("action.leave")}
        </button>
      </footer>
    </div>
  );
}

function Fed({ children }: { children: ComponentChildren }) {
  const [error, setError] = useState<string | null>(null);
  const load = () => {
    setError(null);
    loadTasks().catch((reason: unknown) => setError(explain(reason)));
  };
  useEffect(() => {
    const stop = follow(takeMessage, load);
    load();
    return stop;
  }, []);
  if (error !== null) {
    return (
      <div class="failed" role="alert">
        <p>{error}</p>
        <button class="button" onClick={load}>
          {t("action.again")}
        </button>
      </div>
    );
  }
  return tasks.value === null ? <p class="waiting">{t("state.loading")}</p> : <>{children}</>;
}
