import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { FeedAge, Joining, type Live, StaleBar, useLive } from "../components/feed-state";
import { LanguageSwitch } from "../components/language-switch";
import { TourAgain } from "../components/tour";
import { follow, overview, stale } from "../live/live";
import { explain } from "../live/notices";
import { path } from "../router";
import { clockTime } from "../text/format";
import { t } from "../text/i18n";
import { install } from "./install";
import { LargeType } from "./large-type";
import { Leaving } from "./leaving";
import { PushSwitch } from "./push";
import { keptSince, loadTasks, openShelf, outbox, takeMessage, tasks } from "./tasks";
import { sharing, useSharing } from "./whereabouts";

/** What every worker page has: the head, the feed, the ways to the other pages, and the worker's cases kept fresh. */
export function WorkerFrame({ children }: { children: ComponentChildren }) {
  const live = useLive();
  useSharing();
  const kept = keptSince.value;
  useEffect(() => {
    void openShelf();
    void install();
  }, []);
  return (
    <div class={stale.value ? "shell phone stale" : "shell phone"}>
      <Head />
      <StaleBar own failure={live.failure !== null && kept !== null ? t("worker.kept", { at: clockTime(kept) }) : live.failure} />
      <main class="phone-main">
        <Fed live={live}>{children}</Fed>
        <div class="phone-settings">
          <LanguageSwitch />
          <LargeType />
          <PushSwitch />
          <a class="button small quiet" href="/hand-over">
            {t("hand.title")}
          </a>
          <a class="button small quiet" href="/worker/me">
            {t("mine.title")}
          </a>
          {path.value === "/worker" ? <TourAgain name="worker" /> : null}
          <Leaving />
        </div>
      </main>
      <nav class="tabs" aria-label={t("nav.label")}>
        <Tab to="/worker" text={t("tab.tasks")} icon="M4 6h12M4 10h12M4 14h8" />
        <Tab to="/worker/diary" text={t("tab.diary")} icon="M5 3h9l2 2v12H5zM8 8h5M8 12h5" />
        <Tab to="/worker/rounds" text={t("tab.rounds")} icon="M4 10l4 4 8-9" />
        <Tab to="/worker/alarm" text={t("tab.alarm")} icon="M10 3a7 7 0 1 0 .01 0zM10 6v5M10 13.2v.6" />
      </nav>
    </div>
  );
}

function Head() {
  const waiting = outbox.jobs.value.filter((job) => job.state !== "held").length;
  return (
    <header class="phone-head">
      <a class="brand" href="/worker">
        {t("worker.title", { n: tasks.value?.length ?? 0 })}
      </a>
      {waiting > 0 ? (
        <a class="waiting-count" href="/worker">
          {t("worker.waiting", { n: waiting })}
        </a>
      ) : null}
      <span class="grow" />
      {sharing.value.state === "on" ? (
        <a class="sharing" href="/worker/me" title={t("mine.sharing_now")}>
          <span aria-hidden="true">◎</span>
          <span class="unseen">{t("mine.sharing_now")}</span>
        </a>
      ) : null}
      <FeedAge />
      <a class="button small help" href="/worker/help">
        <span aria-hidden="true">⚑</span> {t("case_action.help")}
      </a>
    </header>
  );
}

function Tab({ to, text, icon }: { to: string; text: string; icon: string }) {
  const inCases = to === "/worker" && (path.value.startsWith("/worker/cases") || path.value === "/worker/help");
  const here = path.value === to || inCases || (to === "/worker/rounds" && path.value.startsWith(`${to}/`));
  return (
    <a href={to} aria-current={here ? "page" : undefined}>
      <svg viewBox="0 0 20 20" aria-hidden="true">
        <path d={icon} />
      </svg>
      {text}
    </a>
  );
}

/** The page, over tasks that are fetched once the feed is joined; kept ones are shown until then. */
function Fed({ live, children }: { live: Live; children: ComponentChildren }) {
  const joined = overview.value !== null;
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
      {tasks.value !== null ? children : joined && error !== null ? null : <Joining live={live} />}
    </>
  );
}
