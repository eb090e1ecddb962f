import type { Overview } from "../api/models";

/** Cameras of which nobody can say anything, as while their gateway is gone: those that see, do not, or are off are not all. */
export function unknownOf({ watching, blind, off, total }: Overview["cameras"]): number {
  return Math.max(0, total - watching - blind - off);
}
