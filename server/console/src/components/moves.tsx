import { useState } from "preact/hooks";
import type { Case, CaseAction, CaseState } from "../api/models";
import { move } from "../live/moves";
import { t } from "../text/i18n";
import { Candidates } from "./candidates";
import { Words } from "./words";

/** What each move asks for before it is made. */
const ASKS: Record<CaseAction, "nothing" | "note" | "reason" | "person" | "photo"> = {
  confirm: "nothing",
  dispatch: "person",
  accept: "nothing",
  return: "reason",
  arrive: "nothing",
  feedback: "photo",
  close: "note",
  rework: "reason",
  void: "reason",
  reopen: "reason",
};

/** The one that moves the case on is the filled button; the rest are ways out. */
const FORWARD: readonly CaseAction[] = ["confirm", "dispatch", "accept", "arrive", "feedback", "close"];

const SETTLED: readonly CaseState[] = ["closed", "evaluated", "void", "merged"];

/** The legal next moves and nothing else. `onDone` hears the case as it is after one. */
export function Moves({ item, onDone }: { item: Case; onDone: (after: Case) => void }) {
  const [asking, setAsking] = useState<CaseAction | null>(null);
  const [busy, setBusy] = useState(false);
  const go = (action: CaseAction, fields: Record<string, unknown>) => {
    setBusy(true);
    void move(item, action, fields, t("done.moved", { action: t(`case_action.${action}`), number: item.number }))
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
  if (item.allowed.length === 0) {
    return <p class="note">{t(SETTLED.includes(item.state) ? "case.settled" : "case.no_moves")}</p>;
  }
  return (
    <div class="moves">
      <div class="buttons">
        {item.allowed.map((action) => (
          <MoveButton key={action} item={item} action={action} open={asking === action} busy={busy} onPick={start} />
        ))}
      </div>
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
  const name = t(`case_action.${action}`);
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
  if (ASKS[action] === "person") return <Candidates item={item} onDone={onDispatched} />;
  const field = ASKS[action] === "reason" ? "reason" : "note";
  return <Words action={action} field={field} busy={busy} onGo={onGo} />;
}
