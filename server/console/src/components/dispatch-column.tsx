import { batch } from "@preact/signals";
import { useLayoutEffect, useState } from "preact/hooks";
import * as api from "../api/endpoints";
import type { Case, CaseAction, CaseDetail } from "../api/models";
import type { Board } from "../live/board";
import { bindKeys } from "../live/keys";
import { move } from "../live/moves";
import { trouble } from "../live/notices";
import { needOf, type Row } from "../live/rows";
import { t } from "../text/i18n";
import { whyNobodySent } from "../text/move";
import { Into } from "./asks";
import { Candidates } from "./candidates";
import { Age, Limit } from "./clocks";
import { Empty } from "./empty";
import { Evidence } from "./evidence";
import { NobodyGoes } from "./handler";
import { Show, useLoad } from "./load";
import { Moves } from "./moves";

/** Beside the alarm: whom to send, or what was done and whether it is good. */
export function DispatchColumn({ board, row }: { board: Board; row: Row }) {
  const need = needOf(row);
  const item = row.case;
  if (item === null) return <NotYet said={need === "judge" ? t("dispatch.report_first") : null} merge />;
  return (
    <>
      <h2>
        <a href={`/cases/${item.id}`}>{t("case.numbered", { number: item.number })}</a>
      </h2>
      <p class="where">
        {t(`case_state.${item.state}`)} · {t("cases.age")} <Age since={item.opened_at} />
        {item.due_at === null ? null : (
          <>
            {" · "}
            <Limit item={item} />
          </>
        )}
      </p>
      {need === "judge" ? (
        <NotYet said={t("dispatch.confirm_first")} />
      ) : need === "dispatch" ? (
        <>
          <NobodyGoes item={item} />
          <Candidates
            item={item}
            onDone={(after) => {
              // Who sent somebody has heard it; elsewhere it sounds until that person has accepted.
              batch(() => {
                board.putCase(after);
                board.hear(row.key);
              });
            }}
          />
        </>
      ) : (
        <>
          <NobodySent said={whyNobodySent(item)} />
          {item.handler === null ? null : <p>{t("case.with", { name: item.handler.name })}</p>}
          {need === "watch" ? <p class="note">{t(item.state === "dispatched" ? "dispatch.not_accepted" : "dispatch.on_the_way")}</p> : null}
          {need === "verify" ? <Check item={item} board={board} /> : null}
        </>
      )}
      {(need === "judge" || need === "dispatch") && item.allowed.includes("merge") ? <Merging item={item} board={board} /> : null}
    </>
  );
}

/** Sending somebody needs a confirmed case first; the key says so too. `merge`: so does merging. */
function NotYet({ said, merge = false }: { said: string | null; merge?: boolean }) {
  useLayoutEffect(() => {
    const first = () => trouble(said ?? t("dispatch.report_first"));
    return bindKeys({ d: first, ...(merge ? { m: () => trouble(t("dispatch.merge_first")) } : {}) });
  }, [said, merge]);
  return said === null ? null : <Empty title={t("dispatch.judge_first")}>{said}</Empty>;
}

/** The key says why it sends nobody. */
function NobodySent({ said }: { said: string }) {
  useLayoutEffect(() => bindKeys({ d: () => trouble(said) }), [said]);
  return null;
}

/** The same thing has a case already: this one goes on in that. */
function Merging({ item, board }: { item: Case; board: Board }) {
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  useLayoutEffect(() => bindKeys({ m: () => setOpen((was) => !was) }), []);
  const go = (action: CaseAction, fields: Record<string, unknown>) => {
    setBusy(true);
    void move(item, action, fields, t("done.moved", { action: t("case_action.merge"), number: item.number }))
      .then((after) => {
        if (after !== null) board.putCase(after);
      })
      .finally(() => setBusy(false));
  };
  return (
    <section class="merging">
      <button class="button small" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t("case_action.merge")} <kbd>M</kbd>
      </button>
      {open ? <Into item={item} action="merge" busy={busy} onGo={go} /> : null}
    </section>
  );
}

/** What came back from the scene, and the moves that end it or send it back. */
function Check({ item, board }: { item: Case; board: Board }) {
  const detail = useLoad<CaseDetail>(() => api.caseDetail(item.id), `${item.id} ${item.version} ${item.updated_at}`);
  return (
    <Show of={detail}>
      {(found) => (
        <>
          <Evidence files={found.evidence.filter((file) => file.stage === "after")} empty={t("case.no_after")} />
          <Moves item={found} onDone={(after) => board.putCase(after)} />
        </>
      )}
    </Show>
  );
}
