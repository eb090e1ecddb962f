/** Which labels an axis has room for. */

/** Pixels between two labels. */
const GAP = 8;

export interface Fitted {
  texts: readonly string[];
  /** Every which of them is shown. */
  step: number;
}

/** All labels where they fit beside each other in `room` pixels; else all, broken at their last blank; else every nth. */
export function fitted(labels: readonly string[], room: number, widthOf: (text: string) => number): Fitted {
  const each = Math.max(1, room) / Math.max(1, labels.length);
  const needed = (texts: readonly string[]) => GAP + Math.max(0, ...texts.flatMap((text) => text.split("\n")).map(widthOf));
  const broken = labels.map((label) => label.replace(/ (?=\S*$)/, "\n"));
  const texts = [labels, broken].find((some) => needed(some) <= each);
  return texts === undefined ? { texts: labels, step: Math.ceil(needed(labels) / each) } : { texts, step: 1 };
}
