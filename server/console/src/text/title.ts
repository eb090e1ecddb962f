import type { Case } from "../api/models";
import { word } from "./i18n";

/** What a case is about, in the reader's language; its own title when no rule made it. */
export function caseTitle(item: Pick<Case, "title" | "scenario" | "camera">): string {
  if (item.scenario === null) return item.title;
  const what = word("scenario", item.scenario);
  return item.camera === null ? what : `${what} · ${item.camera.name}`;
}
