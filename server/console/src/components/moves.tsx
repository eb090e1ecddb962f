import { useState } from "preact/hooks";
import type { Case, CaseAction, CaseState } from "../api/models";
import { move } from "../live/moves";
import { t } from "../text/i18n";
import { moveName } from "../text/move";
import { Closing, Departments, Into, Leaving, Score } from "./asks";
import { Candidates } from "./candidates";
import { Until } from "./until";
import { Words } from "./words";

type Ask = "nothing" | "reason" | "person" | "photo" | keyof typeof FORMS;

const FORMS = {
  until: Until,
  score: Score,
  closing: Closing,
  into: Into,
  leaving: Leaving,
  departments: Departments,
};

/** What each move asks for before it is made. */
const ASKS: Record<CaseAction, Ask> = {
  confirm: "nothing",
  dispatch: "person",
  accept: "nothing",
  return: "reason",
  arrive: "nothing",
  help: "nothing",
  feedback: "photo",
  close: "closing",
  rework: "reason",
  void: "reason",
  reopen: "reason",
  merge: "into",
  split: "leaving",
  ask_suspend: "until",
  ask_extend: "until",
  approve: "nothing",
  refuse: "reason",
  resume: "nothing",
  whistle: "departments",
  report_in: "nothing",
  supervise: "reason",
  follow_up: "nothing",
  evaluate: "score",
};

/** The one that moves the case on is the filled button; the rest are ways out. */
const FORWARD: readonly CaseAction[] = [
  "confirm",
  "dispatch",
  "accept",
  "arrive",
  "feedback",
  "close",
  "approve",
  "report_in",
  "resume",
  "evaluate",
];

/** What is seldom wanted waits behind one more tap. */
const SELDOM: readonly CaseAction[] = [
  "merge",
  "split",
  "ask_suspend",
  "ask_extend",
  "whistle",
  "supervise",
  "follow_up",
];

const SETTLED: readonly CaseState[] = ["closed", "evaluated", "void", "merged"];

/** What a request for more time or a suspension waits for. */
export const DECIDING: readonly CaseAction[] = ["approve", "refuse"];

interface MovesProps {
  item: Case;
  /** These alone, when they are legal. */
  only?: readonly CaseAction[];
  /** All that are legal but these. */
  without?: readonly CaseAction[];
  onDone: (after: Case) => void;
}

/** The legal next moves and nothing else. `onDone` hears the case as it is after one. */
export function Moves({ item, only, without = [], onDone }: MovesProps) {
  const [asking, setAsking] = useState<CaseAction | null>(null);
  const [busy, setBusy] = useState(false);
  const go = (action: CaseAction, fields: Record<string, unknown>) => {
    setBusy(true);
    void move(item, action, fields, t("done.moved", { action: t(`case_action.${action}`), number: item.number }), onDone)
      .then((after) => {
        if (after === null) return;
        setAsking(null);
        onDone(after);
      })
      .finally(() => setBusy(false));
  };
  const start = (action: CaseAction) => {
    if (ASKS[action] === "nothing") go(action, {});
    else setAsking(asking === action ? null : action);
  };
  const legal = item.allowed.filter((action) => (only?.includes(action) ?? true) && !without.includes(action));
  if (legal.length === 0) {
    return <p class="note">{t(SETTLED.includes(item.state) ? "case.settled" : "case.no_moves")}</p>;
  }
  const usual = legal.filter((action) => !SELDOM.includes(action));
  const seldom = legal.filter((action) => SELDOM.includes(action));
  const button = (action: CaseAction) => (
    <MoveButton key={action} item={item} action={action} open={asking === action} busy={busy} onPick={start} />
  );
  return (
    <div class="moves">
      {usual.length === 0 ? null : <div class="buttons">{usual.map(button)}</div>}
      {seldom.length === 0 ? null : (
        <details open={usual.length === 0}>
          <summary>{t("case.more")}</summary>
          <div class="buttons">{seldom.map(button)}</div>
        </details>
      )}
      {asking === null ? null : (
        <Asked key={asking} item={item} action={asking} busy={busy} onGo={go} onDispatched={onDone} />
      )}
    </div>
  );
}

interface MoveButtonProps {
  item: Case;
  action: CaseAction;
  open: boolean;
  busy: boolean;
  onPick: (action: CaseAction) => void;
}

function MoveButton({ item, action, open, busy, onPick }: MoveButtonProps) {
  const look = FORWARD.includes(action) ? "button primary" : "button";
  const name = moveName(action, item);
  if (ASKS[action] === "photo") {
    return (
      <a class={look} href={`/worker/cases/${item.id}`}>
        {name}
      </a>
    );
  }
  const asks = ASKS[action] !== "nothing";
  return (
    <button class={look} disabled={busy} aria-expanded={asks ? open : undefined} onClick={() => onPick(action)}>
      {name}
    </button>
  );
}

interface AskedProps {
  item: Case;
  action: CaseAction;
  busy: boolean;
  onGo: (action: CaseAction, fields: Record<string, unknown>) => void;
  onDispatched: (after: Case) => void;
}

function Asked({ item, action, busy, onGo, onDispatched }: AskedProps) {
  const ask = ASKS[action];
  if (ask === "person") return <Candidates item={item} onDone={onDispatched} />;
  if (ask === "reason") return <Words action={action} busy={busy} onGo={onGo} />;
  if (ask === "nothing" || ask === "photo") return null;
  const Wanted = FORMS[ask];
  return <Wanted item={item} action={action} busy={busy} onGo={onGo} />;
}
