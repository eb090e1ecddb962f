import { useEffect, useState } from "preact/hooks";
import * as api from "../api/endpoints";
import type { Case, CaseState } from "../api/models";
import { CaseBoard } from "../components/case-board";
import { Age, Limit } from "../components/clocks";
import { Empty } from "../components/empty";
import { Grade } from "../components/grade";
import { Gone } from "../components/handler";
import { Show, useLoad } from "../components/load";
import { Shell } from "../components/shell";
import { OPEN_STATES } from "../live/columns";
import { follow } from "../live/live";
import { attempt } from "../live/notices";
import { t } from "../text/i18n";
import { caseTitle } from "../text/title";
import "../styles/cases.css";

/** Long enough to gather what one step of a case sends, too short to be seen. */
const GATHER_MS = 100;

/** Listed page by page; what is open is on the board, and all of it. */
const LISTS = {
  settled: ["closed", "follow_up", "evaluated", "void", "merged"],
  all: undefined,
} as const satisfies Record<string, readonly CaseState[] | undefined>;

type ListName = keyof typeof LISTS;
type View = "open" | ListName;
const VIEWS: readonly View[] = ["open", "settled", "all"];

export default function CasesPage() {
  const [view, setView] = useState<View>("open");
  return (
    <Shell wide>
      <div class="page-body">
        <div class="page-head">
          <h1>{t("nav.cases")}</h1>
          <div class="buttons" role="group" aria-label={t("cases.filter")}>
            {VIEWS.map((name) => (
              <button key={name} class="button small" aria-pressed={view === name} onClick={() => setView(name)}>
                {t(`cases.${name}`)}
              </button>
            ))}
          </div>
        </div>
        {view === "open" ? <OpenCases /> : <CaseList key={view} list={view} />}
      </div>
    </Shell>
  );
}

function OpenCases() {
  const found = useLoad(() => api.casesIn(OPEN_STATES), "open");
  useReloadOnCases(found.reload);
  return (
    <Show of={found}>
      {({ items, more }) => (
        <>
          {more ? <p class="note">{t("board.more", { n: items.length })}</p> : null}
          {items.length === 0 ? <NoCases /> : <CaseBoard items={items} />}
        </>
      )}
    </Show>
  );
}

function CaseList({ list }: { list: ListName }) {
  const found = useLoad(() => api.cases({ state: LISTS[list] }), list);
  useReloadOnCases(found.reload);
  const more = (cursor: string) =>
    attempt(async () => {
      const next = await api.cases({ state: LISTS[list], cursor });
      found.set({ items: [...(found.value?.items ?? []), ...next.items], next_cursor: next.next_cursor });
    });
  return (
    <Show of={found}>
      {(page) => (
        <>
          {page.items.length === 0 ? <NoCases /> : <Table items={page.items} />}
          {page.next_cursor === null ? null : (
            <button class="button" onClick={() => void more(page.next_cursor as string)}>
              {t("cases.more")}
            </button>
          )}
        </>
      )}
    </Show>
  );
}

/** Every change of a case fetches anew; changes that come together do so once. */
function useReloadOnCases(reload: () => void) {
  useEffect(() => {
    let waiting: number | undefined;
    const leave = follow((message) => {
      if (message.case) waiting ??= window.setTimeout(() => ((waiting = undefined), reload()), GATHER_MS);
    }, reload);
    return () => {
      window.clearTimeout(waiting);
      leave();
    };
  }, [reload]);
}

function NoCases() {
  return <Empty title={t("cases.empty")}>{t("cases.empty_next")}</Empty>;
}

function Table({ items }: { items: readonly Case[] }) {
  return (
    <div class="scroller">
      <table class="cases">
        <thead>
          <tr>
            <th>{t("cases.grade")}</th>
            <th>{t("cases.case")}</th>
            <th>{t("cases.place")}</th>
            <th>{t("cases.state")}</th>
            <th>{t("cases.handler")}</th>
            <th>{t("cases.limit")}</th>
            <th>{t("cases.age")}</th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <CaseRow key={item.id} item={item} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CaseRow({ item }: { item: Case }) {
  return (
    <tr>
      <td>
        <Grade severity={item.severity} />
      </td>
      <td>
        <a href={`/cases/${item.id}`}>{caseTitle(item)}</a>
        <div class="quiet-text">{item.number}</div>
      </td>
      <td>{[item.camera?.name, item.grid?.name].filter(Boolean).join(" · ")}</td>
      <td>{t(`case_state.${item.state}`)}</td>
      <td>
        {item.handler?.name ?? "–"}
        <Gone item={item} />
      </td>
      <td>{item.due_at === null ? "–" : <Limit item={item} />}</td>
      <td>
        <Age since={item.opened_at} />
      </td>
    </tr>
  );
}
