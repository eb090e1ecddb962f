import type { Case } from "../api/models";
import { now } from "../live/clock";
import { byColumn, COLUMNS, overdue, type Column } from "../live/columns";
import { dayTime } from "../text/format";
import { t } from "../text/i18n";
import { caseTitle } from "../text/title";
import { Age, Limit, OtherClock } from "./clocks";
import { Grade } from "./grade";

/** Open cases in columns by who is to act next; in each the longest overdue comes first. */
export function CaseBoard({ items }: { items: readonly Case[] }) {
  const columns = byColumn(items);
  return (
    <div class="board">
      {(Object.keys(COLUMNS) as Column[]).map((name) => (
        <BoardColumn key={name} name={name} items={columns[name]} />
      ))}
    </div>
  );
}

function BoardColumn({ name, items }: { name: Column; items: readonly Case[] }) {
  const late = overdue(items, now.value);
  return (
    <section class="board-column" aria-labelledby={`column-${name}`}>
      <h2 id={`column-${name}`}>
        {t(`board.${name}`)} <span class="count">{items.length}</span>
        {late === 0 ? null : <span class="clock over">{t("board.overdue", { n: late })}</span>}
      </h2>
      {items.length === 0 ? <p class="note">{t(`board.none_${name}`)}</p> : null}
      <ul>
        {items.map((item) => (
          <li key={item.id}>
            <BoardCard item={item} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function BoardCard({ item }: { item: Case }) {
  const where = [item.camera?.name, item.grid?.name].filter(Boolean).join(" · ");
  return (
    <a class="board-card" href={`/cases/${item.id}`}>
      <span class="board-line">
        <Grade severity={item.severity} />
        <Clock item={item} />
      </span>
      <strong>{caseTitle(item)}</strong>
      {where ? <span>{where}</span> : null}
      <span class="quiet-text">
        {t(`case_state.${item.state}`)} · {item.handler?.name ?? t("case.nobody")}
      </span>
      <span class="board-line quiet-text">
        <span>{item.number}</span>
        <span>
          {t("cases.age")} <Age since={item.opened_at} />
        </span>
      </span>
    </a>
  );
}

function Clock({ item }: { item: Case }) {
  if (item.state !== "suspended") return <Limit item={item} />;
  if (item.due_at === null) return <OtherClock item={item} />;
  return <span class="clock">{t("board.goes_on", { at: dayTime(item.due_at) })}</span>;
}
