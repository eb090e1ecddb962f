/** Charts by uPlot, in the page's own colours; the numbers are below each one, for those who read rather than look. */

import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { fitted } from "../text/axis";
import { language, t } from "../text/i18n";
import { Table } from "./table";

export interface Series {
  name: string;
  /** As many as there are labels; null where nothing is known. */
  values: readonly (number | null)[];
  drawn: "bars" | "line";
}

interface Props {
  title: string;
  /** What the labels are: the name of the table's first column. */
  along: string;
  labels: readonly string[];
  series: readonly Series[];
  format: (value: number) => string;
  /** For what spans orders of magnitude, as seconds and hours do: a logarithmic scale with these lines, rising. */
  lines?: readonly number[];
}

const HEIGHT = 220;
const AXIS_PX = 64;
/** Of the axis along the bottom, for labels of one line and of two. */
const LABELS_PX = [32, 48] as const;
const FONT = '12px "Noto Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", system-ui, sans-serif';

export function Chart(props: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const legend = useRef<HTMLUListElement>(null);
  const [at, setAt] = useState<number | null>(null);
  useEffect(() => keepDrawn(frame.current, legend.current, props, setAt), [props, language.value]);
  const { title, along, labels, series, format } = props;
  const shown = (values: readonly (number | null)[], index: number) => {
    const value = values[index] ?? null;
    return value === null ? "–" : format(value);
  };
  return (
    <figure class="chart">
      <figcaption class="unseen">{title}</figcaption>
      <ul class="legend" ref={legend}>
        {series.map((each, index) => (
          <li key={each.name}>
            <span class={`swatch tone-${index} ${each.drawn}`} />
            {each.name}
            {at === null ? null : <strong>{shown(each.values, at)}</strong>}
          </li>
        ))}
        {at === null ? null : <li class="quiet-text">{labels[at]}</li>}
      </ul>
      <div class="plot" ref={frame} aria-hidden="true" />
      <details class="numbers">
        <summary>{t("table.numbers")}</summary>
        <Table
          caption={title}
          columns={[
            { name: along, cell: (index: number) => labels[index] },
            ...series.map((each) => ({ name: each.name, number: true, cell: (index: number) => shown(each.values, index) })),
          ]}
          rows={labels.map((_, index) => index)}
          keyOf={String}
        />
      </details>
    </figure>
  );
}

/** Draw, and draw again when the room or the theme changes, and in paper's colours for the printer. */
function keepDrawn(
  frame: HTMLDivElement | null,
  legend: HTMLUListElement | null,
  props: Props,
  onCursor: (index: number | null) => void,
): (() => void) | undefined {
  if (frame === null || legend === null) return undefined;
  let plot: uPlot | undefined;
  let width = 0;
  const draw = () => {
    width = frame.clientWidth;
    plot?.destroy();
    plot = new uPlot(options(props, width, legend, onCursor), dataOf(props), frame);
  };
  const room = new ResizeObserver(() => {
    if (frame.clientWidth !== width) draw();
  });
  room.observe(frame);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", draw);
  addEventListener("beforeprint", draw);
  addEventListener("afterprint", draw);
  return () => {
    room.disconnect();
    dark.removeEventListener("change", draw);
    removeEventListener("beforeprint", draw);
    removeEventListener("afterprint", draw);
    plot?.destroy();
    onCursor(null);
  };
}

function dataOf({ labels, series }: Props): uPlot.AlignedData {
  return [labels.map((_, index) => index), ...series.map((each) => [...each.values])];
}

function options(
  { labels, series, format, lines }: Props,
  width: number,
  legend: HTMLUListElement,
  onCursor: (index: number | null) => void,
): uPlot.Options {
  const quiet = getComputedStyle(legend).color;
  const line = getComputedStyle(legend).borderBottomColor;
  const tones = [...legend.querySelectorAll(".swatch")].map((swatch) => getComputedStyle(swatch).color);
  const bars = series.filter((each) => each.drawn === "bars").length;
  const axis = { stroke: quiet, font: FONT, ticks: { show: false } };
  const pen = document.createElement("canvas").getContext("2d");
  if (pen !== null) pen.font = FONT;
  const along = fitted(labels, width - AXIS_PX, (text) => pen?.measureText(text).width ?? 0);
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { time: false, range: [-0.5, labels.length - 0.5] },
      y: lines ? { distr: 3, range: () => around(series, lines) } : { range: (_, __, most) => [0, Math.max(1, most * 1.08)] },
    },
    axes: [
      {
        ...axis,
        size: LABELS_PX[along.texts.some((text) => text.includes("\n")) ? 1 : 0],
        lineGap: 1.3,
        grid: { show: false },
        splits: () => everyNth(labels.length, along.step),
        values: (_, splits) => splits.map((index) => along.texts[index] ?? ""),
      },
      {
        ...axis,
        size: AXIS_PX,
        grid: { stroke: line, width: 1 },
        ...(lines ? { splits: (_, __, least, most) => lines.filter((each) => each >= least && each <= most), filter: (_, splits) => splits } : {}),
        values: (_, splits) => splits.map((value) => (value === null ? "" : format(value))),
      },
    ],
    series: [
      {},
      ...series.map((each, index): uPlot.Series => {
        const tone = tones[index] ?? quiet;
        if (each.drawn === "line") return { stroke: tone, width: 2, points: { show: labels.length < 16, size: 5 } };
        const side = bars === 1 ? 0 : index === 0 ? -1 : 1;
        const paths = uPlot.paths.bars?.({ size: [bars === 1 ? 0.6 : 0.32, 44], align: side });
        return { fill: tone, stroke: tone, width: 0, points: { show: false }, ...(paths ? { paths } : {}) };
      }),
    ],
    hooks: { setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)] },
  };
}

/** The lines just below and above all values, so that the smallest bar has a height. */
function around(series: readonly Series[], lines: readonly number[]): [number, number] {
  const values = series.flatMap((each) => each.values.filter((value) => value !== null));
  const least = lines.findLast((line) => line < Math.min(...values)) ?? Math.min(...values) / 2;
  return [least, lines.find((line) => line >= Math.max(...values)) ?? Math.max(...values)];
}

function everyNth(count: number, step: number): number[] {
  return Array.from({ length: Math.ceil(count / Math.max(1, step)) }, (_, index) => index * Math.max(1, step));
}
