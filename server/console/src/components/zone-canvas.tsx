import { useRef } from "preact/hooks";
import type { Corner, Zones } from "../api/ask";
import { t, word } from "../text/i18n";

/** The drawing's own units across; the height follows from the picture. */
const WIDTH = 1000;
const STEP = 0.005;
const LARGE_STEP = 0.05;
const ARROWS: Readonly<Record<string, Corner>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

interface CanvasProps {
  zones: Zones;
  chosen: string | null;
  /** Height of the picture for a width of 1. */
  aspect: number;
  onChoose: (name: string) => void;
  /** `goingOn`: the same movement as before. */
  onMove: (name: string, index: number, to: Corner, goingOn: boolean) => void;
  onSplit: (name: string, index: number) => void;
  onRemove: (name: string, index: number) => void;
}

/** Zones over a picture. The chosen one has corners to drag, or to move with the arrow keys. */
export function ZoneCanvas(props: CanvasProps) {
  const { zones, chosen, aspect } = props;
  const height = WIDTH * aspect;
  const points = (corners: readonly Corner[]) => corners.map(([x, y]) => `${x * WIDTH},${y * height}`).join(" ");
  const others = Object.entries(zones).filter(([name]) => name !== chosen);
  const corners = chosen === null ? undefined : zones[chosen];
  return (
    <svg class="zone-canvas" viewBox={`0 0 ${WIDTH} ${height}`} role="group" aria-label={t("zones.canvas")}>
      {others.map(([name, each]) => (
        <g key={name} class="zone-other" onPointerDown={() => props.onChoose(name)}>
          <polygon class="zone-edge" points={points(each)} />
          <polygon points={points(each)} />
        </g>
      ))}
      {chosen === null || corners === undefined ? null : (
        <>
          <g class="zone-chosen">
            <polygon class="zone-edge" points={points(corners)} />
            <polygon points={points(corners)} />
          </g>
          {corners.map((corner, index) => (
            <Middle key={`m${index}`} from={corner} to={corners[(index + 1) % corners.length] as Corner} height={height} onSplit={() => props.onSplit(chosen, index)} />
          ))}
          {corners.map((corner, index) => (
            <Handle key={index} {...props} name={chosen} index={index} corner={corner} height={height} />
          ))}
        </>
      )}
    </svg>
  );
}

function Middle({ from, to, height, onSplit }: { from: Corner; to: Corner; height: number; onSplit: () => void }) {
  const [x, y] = [((from[0] + to[0]) / 2) * WIDTH, ((from[1] + to[1]) / 2) * height];
  return (
    <circle class="zone-middle" cx={x} cy={y} r="8" onPointerDown={onSplit}>
      <title>{t("zones.split")}</title>
    </circle>
  );
}

interface HandleProps extends Omit<CanvasProps, "chosen" | "zones"> {
  name: string;
  index: number;
  corner: Corner;
  height: number;
}

function Handle({ name, index, corner: [x, y], height, onMove, onSplit, onRemove }: HandleProps) {
  const held = useRef<{ moved: boolean } | null>(null);
  const at = (event: PointerEvent): Corner => {
    const frame = (event.currentTarget as SVGElement).ownerSVGElement?.getBoundingClientRect();
    return frame ? [(event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height] : [x, y];
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey) return;
    const way = ARROWS[event.key];
    const step = event.shiftKey ? LARGE_STEP : STEP;
    if (way !== undefined) onMove(name, index, [x + way[0] * step, y + way[1] * step], event.repeat);
    else if (event.key === "Delete" || event.key === "Backspace") onRemove(name, index);
    else if (event.key === "+" || event.key === "=") onSplit(name, index);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const place = { zone: word("zone", name), n: index + 1, x: Math.round(x * 100), y: Math.round(y * 100) };
  return (
    <circle
      class="zone-corner"
      cx={x * WIDTH}
      cy={y * height}
      r="11"
      tabindex={0}
      role="button"
      aria-label={t("zones.corner", place)}
      onPointerDown={(event) => {
        (event.currentTarget as SVGElement).setPointerCapture(event.pointerId);
        held.current = { moved: false };
      }}
      onPointerMove={(event) => {
        if (held.current === null) return;
        onMove(name, index, at(event), held.current.moved);
        held.current.moved = true;
      }}
      onPointerUp={() => {
        held.current = null;
      }}
      onDblClick={() => onRemove(name, index)}
      onKeyDown={onKeyDown}
    />
  );
}
