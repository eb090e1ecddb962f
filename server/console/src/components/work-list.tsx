import { useEffect, useRef } from "preact/hooks";
import { beganAt, type Board, type BoardState, needOf, type Row, severityOf } from "../live/board";
import { t, word } from "../text/i18n";
import { Age } from "./clocks";
import { Empty } from "./empty";
import { Grade } from "./grade";
import { SoundControl } from "./sound-control";

/** The rows that wait for the operator. New ones collect above it while somebody is at work in it. */
export function WorkList({ board, state }: { board: Board; state: BoardState }) {
  const rows = board.rows.value;
  const hover = (over: boolean) => () => {
    board.busy.value = over || scrolled.current;
  };
  const scrolled = useRef(false);
  return (
    <section class="list" aria-label={t("room.list")}>
      <header class="list-head">
        <h2>{t("room.list")}</h2>
        <span class="quiet-text">{t("room.count", { n: rows.length })}</span>
      </header>
      <SoundControl board={board} />
      <Pending board={board} />
      <Arrived row={board.arrived.value} />
      <div
        class="rows"
        role={rows.length > 0 ? "listbox" : undefined}
        aria-label={rows.length > 0 ? t("room.list") : undefined}
        onMouseEnter={hover(true)}
        onMouseLeave={hover(false)}
        onScroll={(event) => {
          scrolled.current = event.currentTarget.scrollTop > 0;
          board.busy.value = scrolled.current || event.currentTarget.matches(":hover");
        }}
      >
        {rows.map((row) => (
          <ListRow key={row.key} row={row} board={board} />
        ))}
        <Nothing state={state} empty={rows.length === 0} />
      </div>
    </section>
  );
}

/** "3 条新告警": what came meanwhile, gravest colour first. */
function Pending({ board }: { board: Board }) {
  const fresh = board.pending.value;
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
  const what = row === null ? "" : [t(`grade.${severityOf(row)}`), word("scenario", scenarioOf(row)), whereOf(row)].join(" ");
  return (
    <p class="unseen" role="status">
      {row === null ? "" : t("room.arrived", { what })}
    </p>
  );
}

function Nothing({ state, empty }: { state: BoardState; empty: boolean }) {
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
  if (empty) return <Empty title={t("room.empty")}>{t("room.empty_next")}</Empty>;
  return state.more ? <p class="note">{t("room.more")}</p> : null;
}

function ListRow({ row, board }: { row: Row; board: Board }) {
  const line = useRef<HTMLButtonElement>(null);
  const selected = board.selectedKey.value === row.key;
  useEffect(() => {
    if (selected) line.current?.scrollIntoView({ block: "nearest" });
  }, [selected]);
  const need = needOf(row);
  return (
    <button
      ref={line}
      class={need === "none" ? "row done" : "row"}
      role="option"
      aria-selected={selected}
      onClick={() => board.select(row.key)}
    >
      <Grade severity={severityOf(row)} bare />
      <span class="row-what">{word("scenario", scenarioOf(row))}</span>
      <Age since={beganAt(row)} />
      <span class="row-where">{whereOf(row)}</span>
      <span class={`need need-${need}`}>{need === "none" ? outcome(row) : t(`need.${need}`)}</span>
    </button>
  );
}

function scenarioOf(row: Row): string {
  return row.alarm?.scenario ?? row.case?.scenario ?? "manual";
}

function whereOf(row: Row): string {
  return row.alarm?.camera.name ?? row.case?.camera?.name ?? "";
}

function outcome(row: Row): string {
  if (row.case !== null) return t(`case_state.${row.case.state}`);
  return row.alarm?.disposition === "dismissed" ? t("need.dismissed") : "";
}
