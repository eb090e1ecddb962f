import { useEffect, useRef, useState } from "preact/hooks";
import type { Alarm, AlarmEvidence, DetectedObject } from "../api/models";
import { now } from "../live/clock";
import { stale } from "../live/live";
import { percent } from "../text/format";
import { t, word } from "../text/i18n";

type Size = { width: number; height: number };

/** What the camera saw: the looping clip or the snapshot, with a box around each thing that the rule judged. */
export function Scene({ alarm }: { alarm: Alarm }) {
  const clip = alarm.evidence.find((item) => item.kind === "clip");
  const still = alarm.evidence.find((item) => item.kind === "snapshot");
  const [wanted, setWanted] = useState<"clip" | "snapshot">("clip");
  const [broken, setBroken] = useState(false);
  const [turn, setTurn] = useState(0);
  const away = stale.value;
  useEffect(() => {
    if (!away) return undefined;
    return () => {
      // What failed while the dispatcher was away, clip or picture, can be had again.
      setBroken(false);
      setTurn((count) => count + 1);
    };
  }, [away]);
  const moving = clip?.available === true && !broken && (wanted === "clip" || still?.available !== true);
  const shown = moving ? clip : still?.available ? still : undefined;
  return (
    <figure class="scene">
      <div class="scene-frame">
        {shown === undefined ? (
          <p class="scene-none">{whyNothing(alarm)}</p>
        ) : (
          <Media
            key={`${shown.sha256} ${turn}`}
            file={shown}
            moving={moving}
            poster={still?.available ? still.url : undefined}
            alarm={alarm}
            onBroken={() => setBroken(true)}
          />
        )}
      </div>
      {clip?.available && still?.available && !broken ? (
        <div class="scene-switch" role="group" aria-label={t("scene.which")}>
          {(["clip", "snapshot"] as const).map((kind) => (
            <button class="button small" aria-pressed={wanted === kind} onClick={() => setWanted(kind)}>
              {t(`evidence.${kind}`)}
            </button>
          ))}
        </div>
      ) : null}
      {broken ? <p class="note">{t(away ? "scene.not_loaded" : "scene.clip_unplayable")}</p> : null}
    </figure>
  );
}

/** What has not come by then hardly ever does: its gateway gave it up, or it was there and its time is over. */
const COMES_WITHIN_MS = 24 * 3_600_000;

export function whyNothing(alarm: Alarm): string {
  if (alarm.evidence.length === 0) return t("scene.none");
  return t(now.value - Date.parse(alarm.received_at) < COMES_WITHIN_MS ? "scene.on_the_way" : "scene.gone");
}

interface MediaProps {
  file: AlarmEvidence;
  moving: boolean;
  /** What is seen until the clip has come. */
  poster: string | undefined;
  alarm: Alarm;
  onBroken: () => void;
}

function Media({ file, moving, poster, alarm, onBroken }: MediaProps) {
  const [size, setSize] = useState<Size | null>(null);
  useEffect(() => {
    if (!moving || poster === undefined) return undefined;
    // The boxes are wanted as soon as there is something to see: on a slow line the film comes long after its poster.
    const picture = new Image();
    picture.onload = () => setSize((known) => known ?? { width: picture.naturalWidth, height: picture.naturalHeight });
    picture.src = poster;
    return () => {
      picture.onload = null;
    };
  }, [moving, poster]);
  const says = t("scene.says", { scenario: word("scenario", alarm.scenario), camera: alarm.camera.name });
  return (
    <>
      {moving ? (
        <video
          src={file.url}
          poster={poster}
          autoplay
          loop
          muted
          playsInline
          aria-label={says}
          onLoadedMetadata={({ currentTarget: video }) => setSize({ width: video.videoWidth, height: video.videoHeight })}
          onError={onBroken}
        />
      ) : (
        <img
          src={file.url}
          alt={says}
          onLoad={({ currentTarget: image }) => setSize({ width: image.naturalWidth, height: image.naturalHeight })}
        />
      )}
      {size === null ? null : <Boxes objects={alarm.objects} outline={alarm.outline ?? []} size={size} />}
    </>
  );
}

/** The size of a box's label on the page. */
const TEXT_PX = 14;

interface BoxesProps {
  objects: readonly DetectedObject[];
  /** The zone's corners; empty: all of the picture. */
  outline: readonly (readonly [number, number])[];
  size: Size;
}

/** The zone, and boxes, in the picture's own pixels; letterboxed by the same rule as the picture, so that they lie on it. */
function Boxes({ objects, outline, size }: BoxesProps) {
  const drawing = useRef<SVGSVGElement>(null);
  const [scale, setScale] = useState(1);
  useEffect(() => {
    const measured = drawing.current;
    if (measured === null) return;
    const measure = () => setScale(Math.min(measured.clientWidth / size.width, measured.clientHeight / size.height) || 1);
    const observer = new ResizeObserver(measure);
    observer.observe(measured);
    return () => observer.disconnect();
  }, [size]);
  // The drawing is in the picture's pixels, the text as large as text on the page, whatever the picture's size.
  const text = TEXT_PX / scale;
  return (
    <svg ref={drawing} class="boxes" viewBox={`0 0 ${size.width} ${size.height}`} aria-hidden="true">
      {outline.length === 0 ? null : <polygon points={outline.map(([x, y]) => `${x * size.width},${y * size.height}`).join(" ")} />}
      {objects.map(({ box: [x1, y1, x2, y2], label, score, track }) => {
        const top = y1 * size.height;
        return (
          <g key={track ?? `${x1} ${y1}`}>
            <rect x={x1 * size.width} y={top} width={(x2 - x1) * size.width} height={(y2 - y1) * size.height} />
            <text x={x1 * size.width} y={top > text * 1.5 ? top - text * 0.4 : top + text * 1.1} font-size={text}>
              {word("label", label)} {percent(score)}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
