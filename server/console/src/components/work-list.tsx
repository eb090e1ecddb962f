import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Board, BoardState } from "../live/board";
import { overview } from "../live/live";
import { isAny } from "../live/room-filter";
import { beganAt, needOf, type Row, severityOf, timesOf, turnOf } from "../live/rows";
import { spanOf, topFor } from "../live/window";
import { t, word } from "../text/i18n";
import { placeOf, whatOf } from "../text/title";
import { Age } from "./clocks";
import { Empty } from "./empty";
import { Grade } from "./grade";
import { NoCameras } from "./no-cameras";
import { RoomFilterBar } from "./room-filter-bar";
import { SoundControl } from "./sound-control";

/** The rows that wait for the operator. New ones collect above it while somebody is at work in it. */
export function WorkList({ board, state }: { board: Board; state: BoardState }) {
  const rows = board.shown.value;
  const unread = board.unread.value;
  // Nothing is known yet: none would be a claim.
  const unknown = rows.length === 0 && (state.loading || state.error !== null);
  return (
    <section class="list" aria-label={t("room.list")}>
      <header class="list-head">
        <h2>{t("room.list")}</h2>
        <span class="quiet-text">
          {unknown ? null : t("room.count", { n: rows.length })}
          {unread === 0 ? null : <strong> · {t("room.unread", { n: unread })}</strong>}
        </span>
      </header>
      <RoomFilterBar board={board} />
      <SoundControl board={board} />
      <Pending board={board} />
      <Arrived row={board.arrived.value} />
      <Rows board={board} rows={rows} />
      <Nothing state={state} board={board} />
    </section>
  );
}

/** The height of a row; room.css draws it so. */
const ROW_PX = 60;

/** Draws what is in sight of however many rows there are; keyboard and screen reader go through all of them. */
function Rows({ board, rows }: { board: Board; rows: readonly Row[] }) {
  const list = useRef<HTMLDivElement>(null);
  const [sight, setSight] = useState({ top: 0, height: 600 });
  const look = () => {
    const { scrollTop, clientHeight } = list.current as HTMLDivElement;
    setSight((old) => (old.top === scrollTop && old.height === clientHeight ? old : { top: scrollTop, height: clientHeight }));
  };
  useLayoutEffect(() => {
    const observer = new ResizeObserver(look);
    observer.observe(list.current as HTMLDivElement);
    return () => observer.disconnect();
  }, []);
  const selected = board.selectedKey.value;
  const at = rows.findIndex((row) => row.key === selected);
  useLayoutEffect(() => {
    const { current } = list;
    if (current === null || at < 0) return;
    current.scrollTop = topFor(at, current.scrollTop, current.clientHeight, ROW_PX);
    // Only the operator's own steps move the list, not rows that come above the selected one.
  }, [selected]);
  const busy = () => {
    const { current } = list;
    if (current !== null) board.busy.value = current.scrollTop > 0 || current.matches(":hover");
  };
  const { from, to } = spanOf(sight.top, sight.height, ROW_PX, rows.length);
  const drawn = at >= from && at < to;
  return (
    <div
      ref={list}
      class={rows.length === 0 ? "rows none" : "rows"}
      role={rows.length > 0 ? "listbox" : undefined}
      tabIndex={rows.length > 0 ? 0 : undefined}
      aria-label={rows.length > 0 ? t("room.list") : undefined}
      aria-activedescendant={drawn && selected !== null ? `row-${selected}` : undefined}
      onMouseEnter={busy}
      onMouseLeave={busy}
      onScroll={() => {
        busy();
        look();
      }}
      onKeyDown={(event) => onKey(event, board, Math.floor(sight.height / ROW_PX))}
    >
      <div role="presentation" style={{ height: `${from * ROW_PX}px` }} />
      {rows.slice(from, to).map((row, index) => (
        <ListRow key={row.key} row={row} board={board} position={from + index + 1} count={rows.length} />
      ))}
      <div role="presentation" style={{ height: `${(rows.length - to) * ROW_PX}px` }} />
    </div>
  );
}

function onKey(event: KeyboardEvent, board: Board, page: number): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const steps: Record<string, number> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: page,
    PageUp: -page,
    Home: -Infinity,
    End: Infinity,
  };
  const by = steps[event.key];
  if (by === undefined) return;
  event.preventDefault();
  board.step(by);
}

/** "3 条新告警": what came meanwhile, gravest colour first. */
function Pending({ board }: { board: Board }) {
  const fresh = board.fresh.value;
  const red = fresh.some((row) => severityOf(row) === "red");
  return (
    <div>
      {fresh.length === 0 ? null : (
        <button class={red ? "pending red" : "pending"} onClick={() => board.showPending()}>
          {red ? <Grade severity="red" bare /> : null} {t("room.pending", { n: fresh.length })} <kbd>N</kbd>
        </button>
      )}
    </div>
  );
}

/** Read out, not shown: what has just come. */
function Arrived({ row }: { row: Row | null }) {
  const what = row === null ? "" : [t(`grade.${severityOf(row)}`), nameOf(row), whereOf(row)].join(" ");
  return (
    <p class="unseen" role="status">
      {row === null ? "" : t("room.arrived", { what })}
    </p>
  );
}

function Nothing({ state, board }: { state: BoardState; board: Board }) {
  if (state.error !== null) {
    return (
      <div class="failed" role="alert">
        <p>{state.error}</p>
        <button class="button small" onClick={state.reload}>
          {t("action.again")}
        </button>
      </div>
    );
  }
  if (state.loading) return <p class="waiting">{t("state.loading")}</p>;
  if (board.shown.value.length === 0) {
    if (overview.value?.cameras.total === 0) return <NoCameras />;
    return isAny(board.filter.value) ? (
      <Empty title={t("room.empty")}>{t("room.empty_next")}</Empty>
    ) : (
      <Empty title={t("room.none_fit")}>{t("room.none_fit_next", { n: board.rows.value.length })}</Empty>
    );
  }
  return state.more ? <p class="note list-more">{t("room.more")}</p> : null;
}

interface ListRowProps {
  row: Row;
  board: Board;
  position: number;
  count: number;
}

function ListRow({ row, board, position, count }: ListRowProps) {
  const need = needOf(row);
  const unread = need !== "none" && !board.read.value.has(row.key);
  const [times, turn] = [timesOf(row), turnOf(row)];
  return (
    <div
      id={`row-${row.key}`}
      class={need === "none" ? "row done" : unread ? "row unread" : "row"}
      role="option"
      aria-selected={board.selectedKey.value === row.key}
      aria-posinset={position}
      aria-setsize={count}
      onClick={() => board.select(row.key)}
    >
      <Grade severity={severityOf(row)} bare />
      <span class="row-what">
        {nameOf(row)}
        {times > 1 ? <span class="times"> {t("room.times", { n: times })}</span> : null}
        {turn > 1 ? <span class="times"> {t("room.turn", { n: turn })}</span> : null}
        {unread ? <span class="unseen"> {t("room.is_unread")}</span> : null}
      </span>
      <Age since={beganAt(row)} />
      <span class="row-where">{whereOf(row)}</span>
      <span class={`need need-${need}`}>{need === "none" || need === "watch" ? outcome(row) : t(`need.${need}`)}</span>
    </div>
  );
}

/** What it is: by the rule that saw it, or by what people said. */
function nameOf(row: Row): string {
  if (row.alarm !== null) return word("scenario", row.alarm.scenario);
  return (row.case === null ? undefined : whatOf(row.case)) ?? word("scenario", row.case?.scenario ?? "manual");
}

function whereOf(row: Row): string {
  // A case of several places is called by all of them, whichever is looked at.
  if (row.case?.camera && row.case.also.length > 0) return placeOf(row.case, "");
  return row.alarm?.camera.name ?? row.case?.camera?.name ?? row.case?.scene ?? row.case?.title ?? "";
}

function outcome(row: Row): string {
  if (row.case !== null) return t(`case_state.${row.case.state}`);
  return row.alarm?.disposition === "dismissed" ? t("need.dismissed") : "";
}
