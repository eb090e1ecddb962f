/** What needs me now? The list of it, the one that is looked at, and whom to send. */

import { useEffect, useLayoutEffect, useMemo, useState } from "preact/hooks";
import * as api from "../api/endpoints";
import type { CaseState, FeedMessage } from "../api/models";
import { AlarmPane } from "../components/alarm-pane";
import { CONTROL_TOUR } from "../components/control-tour";
import { DispatchColumn } from "../components/dispatch-column";
import { KeysHelp } from "../components/keys-help";
import { OnDuty } from "../components/on-duty";
import { PlaceOnPlan } from "../components/place-on-plan";
import { Shell } from "../components/shell";
import { Tour } from "../components/tour";
import { WorkList } from "../components/work-list";
import { Board, type BoardState } from "../live/board";
import { bindKeys } from "../live/keys";
import { deaf, follow, stayAwake } from "../live/live";
import { explain } from "../live/notices";
import { keepRead, readKeys } from "../live/read-marks";
import { needOf } from "../live/rows";
import { soundFor } from "../live/sound";
import { t } from "../text/i18n";
import "../styles/room.css";
import "../styles/panel.css";

/** Cases in these states may wait for the control room; of those on their way the red ones, and those nobody goes to. */
const WAITING: readonly CaseState[] = ["new", "confirmed", "dispatched", "accepted", "on_scene", "rework", "feedback", "verifying"];

export default function ControlRoom() {
  return (
    <Shell wide>
      <Room />
    </Shell>
  );
}

function Room() {
  const board = useMemo(() => new Board(readKeys()), []);
  useEffect(() => keepRead(board), [board]);
  useTitle(board);
  const state = useBoard(board);
  const [help, setHelp] = useState(false);
  useLayoutEffect(
    () =>
      bindKeys({
        j: () => board.step(1),
        k: () => board.step(-1),
        n: () => board.showPending(),
        q: () => board.hush(),
        Escape: () => board.release(),
        "?": () => setHelp(true),
      }),
    [board],
  );
  useEffect(() => soundFor(board, deaf), [board]);
  useEffect(() => stayAwake(), []);
  const row = board.selected.value;
  return (
    <div class="room">
      <Tour name="control" steps={CONTROL_TOUR} />
      <WorkList board={board} state={state} />
      <section class="pane" aria-label={t("room.looked_at")}>
        {row === null ? null : <AlarmPane key={row.key} board={board} row={row} />}
      </section>
      <aside class="pane side" aria-label={t("room.side")}>
        {row === null ? null : <DispatchColumn key={row.key} board={board} row={row} />}
        {row?.alarm && needOf(row) === "judge" ? <OnDuty grid={row.alarm.grid} /> : null}
        {row === null ? null : <PlaceOnPlan row={row} />}
        <button class="button small quiet keys-button" onClick={() => setHelp(true)}>
          {t("keys.title")} <kbd>?</kbd>
        </button>
      </aside>
      {help ? <KeysHelp onClose={() => setHelp(false)} /> : null}
    </div>
  );
}

/** How many are unread, where a tab in the background shows it. */
function useTitle(board: Board): void {
  const unread = board.unread.value;
  const name = t("brand");
  useEffect(() => {
    document.title = unread === 0 ? name : `(${unread}) ${name}`;
    return () => {
      document.title = name;
    };
  }, [unread, name]);
}

/** Long enough to gather what comes in one burst, too short to be felt. */
const GATHER_MS = 40;
/** After a list that could not be fetched. */
const RETRY_MS = 3_000;
/** The list is windowed, but nobody works through more than this. */
const MOST_ROWS = 10_000;

/** Fill the board and keep it filled. Messages that come while the lists are on their way are applied on top of them. */
function useBoard(board: Board): BoardState {
  const [state, setState] = useState({ loading: true, error: null as string | null, more: false });
  const [turn, setTurn] = useState(0);
  const reload = () => setTurn((count) => count + 1);
  useEffect(() => {
    let current = true;
    let filled = false;
    let timer: number | undefined;
    let waiting: FeedMessage[] = [];
    const flush = () => {
      timer = undefined;
      if (filled) board.take(...waiting.splice(0));
    };
    const stop = follow((message) => {
      waiting.push(message);
      timer ??= window.setTimeout(flush, GATHER_MS);
    }, reload);
    const fill = async () => {
      const pages = api.openAlarmPages();
      const [first, cases] = await Promise.all([pages.next(), api.casesIn(WAITING)]);
      if (!current) return;
      board.load(first.value ?? [], cases.items);
      filled = true;
      flush();
      setState({ loading: false, error: null, more: cases.more });
      for await (const alarms of pages) {
        if (!current) return;
        board.add(alarms);
        if (board.rows.value.length < MOST_ROWS) continue;
        setState({ loading: false, error: null, more: true });
        return;
      }
    };
    fill().catch((error: unknown) => {
      if (!current) return;
      setState({ loading: false, error: explain(error), more: false });
      // Nobody has to press anything for the list to be there once the dispatcher is.
      timer = window.setTimeout(reload, RETRY_MS);
    });
    return () => {
      current = false;
      window.clearTimeout(timer);
      stop();
    };
  }, [board, turn]);
  return { ...state, reload };
}
