import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Camera } from "../api/models";
import type { Still } from "../api/wall";
import { bindKeys } from "../live/keys";
import { explain } from "../live/notices";
import { cameraPath } from "../live/places";
import { play, Unplayable } from "../live/player";
import { t } from "../text/i18n";
import { CameraStill, StillAge } from "./camera-still";

type Looking = "still" | "asking" | "live" | "over";

/** The newest picture, and the camera's own stream for as long as somebody looks. */
export function LiveView({ camera, still }: { camera: Camera; still: Still | undefined }) {
  const [looking, setLooking] = useState<Looking>("still");
  const [failure, setFailure] = useState<string | null>(null);
  const video = useRef<HTMLVideoElement>(null);
  const streaming = looking === "asking" || looking === "live";
  useEffect(() => {
    if (!streaming || video.current === null) return;
    const leaving = new AbortController();
    play(video.current, `${cameraPath(camera)}/live`, leaving.signal).then(
      () => {
        if (!leaving.signal.aborted) setLooking("over");
      },
      (error: unknown) => {
        setLooking("still");
        setFailure(error instanceof Unplayable ? t("live.unplayable", { codec: error.codec ?? "?" }) : explain(error));
      },
    );
    return () => leaving.abort();
  }, [streaming, camera.gateway, camera.id]);
  const toggle = () => {
    setFailure(null);
    setLooking(streaming ? "still" : "asking");
  };
  useLayoutEffect(() => bindKeys({ l: toggle }));
  return (
    <figure class="camera-picture">
      <div class="camera-frame">
        {streaming ? (
          <video ref={video} muted playsInline aria-label={t("live.of", { camera: camera.name })} onPlaying={() => setLooking("live")} />
        ) : (
          <CameraStill camera={camera} still={still} />
        )}
        {looking === "asking" ? <span class="wall-sight">{t("live.asking")}</span> : null}
        {looking === "live" ? <span class="wall-sight live">{t("live.now")}</span> : null}
      </div>
      <div class="camera-bar">
        <button class={streaming ? "button" : "button primary"} onClick={toggle}>
          {t(streaming ? "live.stop" : looking === "over" ? "live.again" : "live.watch")} <kbd>L</kbd>
        </button>
        <figcaption class="quiet-text">
          <span role="status">{looking === "over" ? t("live.over") : streaming ? t("live.note") : null}</span>
          {streaming ? null : <StillAge still={still} />}
        </figcaption>
      </div>
      {failure === null ? null : (
        <p class="failed" role="alert">
          {failure}
        </p>
      )}
    </figure>
  );
}
