/** What the moves of a case are called. */

import type { Case, CaseAction } from "../api/models";
import { t } from "./i18n";

/** Whether sending somebody takes the case from somebody who has it. */
export function isSentAgain(item: Pick<Case, "state" | "handler">): boolean {
  return item.handler !== null && item.state !== "confirmed";
}

/** Why the key sends nobody: another one may have done it a moment ago. */
export function whyNobodySent(item: Pick<Case, "state" | "handler" | "number">): string {
  const said = { number: item.number, state: t(`case_state.${item.state}`) };
  return item.handler === null ? t("dispatch.not_now", said) : t("dispatch.already", { ...said, name: item.handler.name });
}

/** "派遣" is "改派" once somebody has the case: the same move, and another decision. */
export function moveName(action: CaseAction, item: Pick<Case, "state" | "handler">): string {
  return action === "dispatch" && isSentAgain(item) ? t("action.reassign") : t(`case_action.${action}`);
}
