/** What to do about a camera that does not see, in the reader's language. */

import type { Camera } from "../api/models";
import { word } from "./i18n";

/** `told`: what its gateway says in its own words, where those are not the advice itself; they hold addresses and figures. */
export interface Advice {
  text: string;
  told: string | null;
}

/** By the reason's code; a reason from a newer gateway has its own sentence. Null: there is nothing to say. */
export function adviceFor({ reason, detail }: Pick<Camera, "reason" | "detail">): Advice | null {
  if (detail === null) return null;
  const text = reason === null ? detail : word("sight_advice", reason);
  // A code without words comes back as it is.
  return text === reason || text === detail ? { text: detail, told: null } : { text, told: detail };
}
