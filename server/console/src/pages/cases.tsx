import { useEffect, useState } from "preact/hooks";
import * as api from "../api/endpoints";
import type { Case, CaseState } from "../api/models";
import { Age, Limit } from "../components/clocks";
import { Empty } from "../components/empty";
import { Grade } from "../components/grade";
import { Show, useLoad } from "../components/load";
import { Shell } from "../components/shell";
import { follow } from "../live/live";
import { attempt } from "../live/notices";
import { t } from "../text/i18n";
import { caseTitle } from "../text/title";

const FILTERS = {
  open: ["new", "confirmed", "dispatched", "accepted", "on_scene", "feedback", "verifying", "rework", "suspended"],
  settled: ["closed", "follow_up", "evaluated", "void", "merged"],
  all: undefined,
} as const satisfies Record<string, readonly CaseState[] | undefined>;

type Filter = keyof typeof FILTERS;

export default function CasesPage() {
  return (
    <Shell>
      <CaseList />
    </Shell>
  );
}

function CaseList() {
  const [filter, setFilter] = useState<Filter>("open");
  const found = useLoad(() => api.cases({ state: FILTERS[filter] }), filter);
  useEffect(
    () =>
      follow((message) => {
        if (message.case) found.reload();
      }, found.reload),
    [filter],
  );
  const more = (cursor: string) =>
    attempt(async () => {
      const next = await api.cases({ state: FILTERS[filter], cursor });
      found.set({ items: [...(found.value?.items ?? []), ...next.items], next_cursor: next.next_cursor });
    });
  return (
    <>
      <div class="page-head">
        <h1>{t("nav.cases")}</h1>
        <div class="buttons" role="group" aria-label={t("cases.filter")}>
          {(Object.keys(FILTERS) as Filter[]).map((name) => (
            <button key={name} class="button small" aria-pressed={filter === name} onClick={() => setFilter(name)}>
              {t(`cases.${name}`)}
            </button>
          ))}
        </div>
      </div>
      <Show of={found}>
        {(page) => (
          <>
            {page.items.length === 0 ? <Empty title={t("cases.empty")}>{t("cases.empty_next")}</Empty> : <Table items={page.items} />}
            {page.next_cursor === null ? null : (
              <button class="button" onClick={() => void more(page.next_cursor as string)}>
                {t("cases.more")}
              </button>
            )}
          </>
        )}
      </Show>
    </>
  );
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
      <td>{item.handler?.name ?? "–"}</td>
      <td>{item.due_at === null ? "–" : <Limit item={item} />}</td>
      <td>
        <Age since={item.opened_at} />
      </td>
    </tr>
  );
}
