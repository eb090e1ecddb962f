import type { Camera } from "../api/models";
import type { Still } from "../api/wall";
import { now } from "../live/clock";
import { span } from "../text/format";
import { t } from "../text/i18n";
import "../styles/still.css";

/** Gateways send a picture a minute: older than this, it shows the past. */
const OLD_MS = 5 * 60_000;

export function isOld(still: Still): boolean {
  return now.value - Date.parse(still.at) > OLD_MS;
}

/** "画面 32 秒前", or that there is none. */
export function StillAge({ still }: { still: Still | undefined }) {
  if (still === undefined) return <span>{t("wall.no_still")}</span>;
  const age = span(Math.max(0, Math.floor((now.value - Date.parse(still.at)) / 1000)));
  return (
    <time dateTime={still.at} class={isOld(still) ? "old" : undefined}>
      {t("wall.still_age", { age })}
    </time>
  );
}

/** The newest picture, paled while it does not show the present. */
export function CameraStill({ camera, still }: { camera: Camera; still: Still | undefined }) {
  if (still === undefined) {
    return <span class="still-none">{t(camera.state === "watching" ? "wall.still_soon" : "wall.no_still")}</span>;
  }
  const past = camera.state !== "watching" || isOld(still);
  return <img class={past ? "past" : undefined} src={still.url} alt="" loading="lazy" decoding="async" />;
}
