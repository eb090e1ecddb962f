/** What a camera sees of a plan. */

import type { Standing } from "../api/plans";

/** Points on the arc of a view cone: enough for a round one. */
const ARC = 24;

export type Point = readonly [number, number];

/**
 * The corners of a camera's view on a picture that is `width` by `height`, from the top left: the camera itself and the
 * far edge; a full circle where it looks all around.
 */
export function coneOf({ x, y, heading, angle, reach }: Standing, width: number, height: number): Point[] {
  const [cx, cy, radius] = [x * width, y * height, reach * width];
  const edge: Point[] = [];
  for (let step = 0; step <= ARC; step += 1) {
    const turned = ((heading - angle / 2 + (angle * step) / ARC) * Math.PI) / 180;
    edge.push([cx + radius * Math.sin(turned), cy - radius * Math.cos(turned)]);
  }
  return angle >= 360 ? edge : [[cx, cy], ...edge];
}

/** Where a camera is put that has not been placed yet. */
export const MIDDLE: Standing = { x: 0.5, y: 0.5, heading: 180, angle: 80, reach: 0.12 };

const inside = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * 10_000) / 10_000;

/** A point of the picture as fractions, never outside of it. */
export const fractions = (x: number, y: number, width: number, height: number) => ({
  x: inside(x / width),
  y: inside(y / height),
});
