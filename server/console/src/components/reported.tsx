import { useLayoutEffect, useState } from "preact/hooks";
import * as api from "../api/endpoints";
import type { Case, CaseAction } from "../api/models";
import type { Board } from "../live/board";
import { bindKeys } from "../live/keys";
import { move } from "../live/moves";
import { dayTime } from "../text/format";
import { t, word } from "../text/i18n";
import { caseTitle } from "../text/title";
import { Grade } from "./grade";
import { Show, useLoad } from "./load";
import { Reports } from "./reports";
import { SeenBy } from "./seen-by";
import { Words } from "./words";

/** What people reported, in their own words and pictures, and whether it is a case. */
export function Reported({ board, item }: { board: Board; item: Case }) {
  const detail = useLoad(() => api.caseDetail(item.id), `${item.id} ${item.version} ${item.updated_at}`);
  return (
    <>
      <h1 class="what">
        <Grade severity={item.severity} /> {caseTitle(item)}
      </h1>
      <p class="where">
        {[word("source", item.source), item.grid?.name].filter(Boolean).join(" · ")}
        {" · "}
        <time dateTime={item.opened_at}>{dayTime(item.opened_at)}</time>
      </p>
      <SeenBy item={item} />
      <Show of={detail}>{(found) => <Reports item={found} />}</Show>
      {item.allowed.includes("confirm") ? <Judge board={board} item={item} /> : null}
    </>
  );
}

function Judge({ board, item }: { board: Board; item: Case }) {
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const go = (action: CaseAction, fields: Record<string, unknown>) => {
    if (busy) return;
    setBusy(true);
    const heard = (after: Case | null) => {
      if (after !== null) board.putCase(after);
    };
    void move(item, action, fields, t("done.moved", { action: t(`case_action.${action}`), number: item.number }), heard)
      .then(heard)
      .finally(() => setBusy(false));
  };
  const confirm = () => go("confirm", {});
  const ask = () => setAsking((open) => !open);
  useLayoutEffect(() => bindKeys({ r: confirm, f: ask }));
  return (
    <div class="judge">
      <div class="buttons">
        <button class="button primary" disabled={busy} onClick={confirm}>
          {t("case_action.confirm")} <kbd>R</kbd>
        </button>
        <button class="button" disabled={busy} aria-expanded={asking} onClick={ask}>
          {t("case_action.void")} <kbd>F</kbd>
        </button>
      </div>
      {asking ? <Words action="void" busy={busy} onGo={go} /> : null}
    </div>
  );
}
