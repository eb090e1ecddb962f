import type { Case } from "../api/models";
import { now } from "../live/clock";
import { stopwatch } from "../text/format";
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
