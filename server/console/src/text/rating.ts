import { t } from "./i18n";

/** Three faces, as steps of the dispatcher's five. */
export const SCORES = [1, 3, 5] as const;

/** What somebody who rated below this hears back: that it is looked into again. */
export const CONTENT_FROM = 3;

/** A score in the word of the face that is nearest. */
export function ratingName(score: number): string {
  return t(`resident_score.${score < CONTENT_FROM ? 1 : score > CONTENT_FROM ? 5 : 3}`);
}
