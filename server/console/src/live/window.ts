/** Which rows of a long list are drawn: those in sight and a few beyond, all of one height. */

export interface Span {
  /** Index of the first that is drawn, and of the first after them that is not. */
  from: number;
  to: number;
}

/** Beyond each edge, so that a quick turn of the wheel shows no gap. */
const BEYOND = 8;

export function spanOf(top: number, height: number, rowPx: number, count: number): Span {
  const from = Math.max(0, Math.floor(top / rowPx) - BEYOND);
  return { from: Math.min(from, count), to: Math.min(count, Math.ceil((top + height) / rowPx) + BEYOND) };
}

/** Where the list has to be scrolled to for a row to be in sight: where it is, when the row is. */
export function topFor(index: number, top: number, height: number, rowPx: number): number {
  const [start, end] = [index * rowPx, (index + 1) * rowPx];
  if (start < top) return start;
  return end > top + height ? end - height : top;
}
