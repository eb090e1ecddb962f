/** What an operator does to alarms and cases, and how each is taken back. */

import { batch } from "@preact/signals";
import * as api from "../api/endpoints";
import type { Candidate, Case, CaseAction, DismissReason } from "../api/models";
import { t } from "../text/i18n";
import { isSentAgain } from "../text/move";
import type { Board } from "./board";
import { attempt, tell, withdrawUndo } from "./notices";
import type { Row } from "./rows";

/** Why a case that was reported by a slip is void; the dispatcher then opens its alarm again. */
const UNDO = "undo";

/** One-tap report. It is sent at once, so that no red alarm waits for a timer in a browser; undo voids the case. */
export async function report(board: Board, row: Row): Promise<void> {
  const alarm = row.alarm;
  if (alarm === null) return;
  await attempt(async () => {
    const made = await api.report(alarm.id);
    batch(() => {
      board.putAlarm({ ...alarm, disposition: "reported", case_id: made.id });
      board.putCase(made);
      // It may have joined a case that has a row.
      board.hear(row.key);
    });
    tell(t("done.reported", { number: made.number }), async () => {
      // Somebody may have dispatched it meanwhile; the version makes sure that only what was seen is undone.
      board.putCase(await api.act(made.id, "void", made.version, { reason: UNDO }));
      board.putAlarm(await api.alarm(alarm.id));
      tell(t("done.report_undone"));
    });
  });
}

/** Take an alarm up, so that the others know; without progress it is everybody's again. */
export async function takeUp(board: Board, row: Row): Promise<void> {
  const alarm = row.alarm;
  if (alarm === null) return;
  await attempt(async () => {
    board.putAlarm(await api.acknowledge(alarm.id));
    tell(t("done.taken"));
  });
}

export async function dismiss(board: Board, row: Row, reason: DismissReason): Promise<void> {
  const alarm = row.alarm;
  if (alarm === null) return;
  await attempt(async () => {
    board.putAlarm(await api.dismiss(alarm.id, reason));
    tell(t("done.dismissed", { reason: t(`dismiss_reason.${reason}`) }), async () => {
      board.putAlarm(await api.undismiss(alarm.id));
      tell(t("done.dismiss_undone"));
    });
  });
}

/** Send somebody. Returns the case as it is then, or null when it did not work. */
export async function dispatch(item: Case, candidate: Candidate): Promise<Case | null> {
  const said = t(isSentAgain(item) ? "done.reassigned" : "done.dispatched", { name: candidate.user.name });
  return move(item, "dispatch", { worker: candidate.user.id }, said);
}

/** What one tap decides, one key takes back. */
const JUDGEMENTS: readonly CaseAction[] = ["confirm", "void"];

/**
 * Make a move and say so. Returns the case as it is then, or null when it did not work. `onUndone` hears the case that
 * is as it was before: once somebody has built on the move, the version keeps it from being undone.
 */
export async function move(
  item: Case,
  action: CaseAction,
  fields: Record<string, unknown>,
  said: string,
  onUndone?: (back: Case) => void,
): Promise<Case | null> {
  let after: Case | null = null;
  await attempt(async () => {
    const made = await api.act(item.id, action, item.version, fields);
    after = made;
    withdrawUndo();
    tell(said, JUDGEMENTS.includes(action) ? () => takeBack(made, onUndone) : undefined);
  });
  return after;
}

async function takeBack(made: Case, onUndone?: (back: Case) => void): Promise<void> {
  const back = await api.takeBack(made.id, made.version);
  onUndone?.(back);
  tell(t("done.taken_back", { number: back.number, state: t(`case_state.${back.state}`) }));
}
