import type { Case } from "../api/models";
import { now } from "../live/clock";
import { dayTime, stopwatch } from "../text/format";
import { t } from "../text/i18n";

/** Time left of the present step's limit, counting down, then counting over. Nothing when the step has none. */
export function Limit({ item }: { item: Pick<Case, "due_at"> }) {
  if (item.due_at === null) return null;
  const left = Date.parse(item.due_at) - now.value;
  return (
    <span class={left < 0 ? "clock over" : "clock"}>
      {t(left < 0 ? "clock.over" : "clock.left", { clock: stopwatch(left) })}
    </span>
  );
}

/** How long ago, as a running clock. */
export function Age({ since }: { since: string }) {
  return (
    <time class="clock" dateTime={since}>
      {stopwatch(Math.max(0, now.value - Date.parse(since)))}
    </time>
  );
}

/** The clocks beside the running one: what an extension replaced, or what a suspension has stopped. */
export function OtherClock({ item }: { item: Pick<Case, "first_due_at" | "paused_left_s"> }) {
  if (item.paused_left_s !== null) {
    return <span class="quiet-text">{t("clock.paused", { clock: stopwatch(item.paused_left_s * 1000) })}</span>;
  }
  if (item.first_due_at !== null) {
    return <span class="quiet-text">{t("clock.first", { at: dayTime(item.first_due_at) })}</span>;
  }
  return null;
}
