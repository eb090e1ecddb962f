import { useLayoutEffect } from "preact/hooks";
import type { Case } from "../api/models";
import { now } from "../live/clock";
import { byColumn, COLUMNS, overdue, type Column } from "../live/columns";
import { bindKeys } from "../live/keys";
import { dayTime } from "../text/format";
import { t } from "../text/i18n";
import { caseTitle } from "../text/title";
import { Age, Limit, OtherClock } from "./clocks";
import { Grade } from "./grade";
import { Gone } from "./handler";

/** Open cases in columns by who is to act next; in each the longest overdue comes first. */
export function CaseBoard({ items }: { items: readonly Case[] }) {
  const columns = byColumn(items);
  useLayoutEffect(() => bindKeys({ j: () => focusCard(1), k: () => focusCard(-1) }), []);
  return (
    <div class="board">
      {(Object.keys(COLUMNS) as Column[]).map((name) => (
        <BoardColumn key={name} name={name} items={columns[name]} />
      ))}
    </div>
  );
}

/** From the card that has the keyboard to the next one; from anywhere else to the first. */
function focusCard(by: number): void {
  const cards = [...document.querySelectorAll<HTMLElement>(".board-card")];
  const at = cards.findIndex((card) => card === document.activeElement);
  cards[at < 0 ? 0 : Math.min(cards.length - 1, Math.max(0, at + by))]?.focus();
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
  // The title has where it is: the grid is not said twice.
  const place = item.grid?.name === item.scene ? "" : (item.grid?.name ?? "");
  return (
    <a class="board-card" href={`/cases/${item.id}`}>
      <span class="board-line">
        <Grade severity={item.severity} />
        <Clock item={item} />
      </span>
      <strong>{caseTitle(item)}</strong>
      <span class="quiet-text">
        {[place, t(`case_state.${item.state}`), item.handler?.name ?? t("case.nobody")].filter(Boolean).join(" · ")}
        <Gone item={item} />
      </span>
      <Waits item={item} />
      <span class="board-line quiet-text">
        <span>{item.number}</span>
        <span>
          {t("cases.age")} <Age since={item.opened_at} />
        </span>
      </span>
    </a>
  );
}

/** What somebody has to decide or to come for, beside the case's own next step. */
function Waits({ item }: { item: Case }) {
  const said: string[] = [];
  if (item.supervised) said.push(t("board.supervised"));
  if (item.asked !== null) said.push(t("board.asked", { action: t(`case_action.${item.asked.action}`) }));
  const missing = item.whistles.filter((each) => each.reported_at === null);
  if (missing.length > 0) said.push(t("board.not_come", { names: missing.map((each) => each.name).join(", ") }));
  if (item.seen_by > 0) said.push(t("board.seen_by", { n: item.seen_by }));
  if (said.length === 0) return null;
  return <span class="board-waits">{said.join(" · ")}</span>;
}

function Clock({ item }: { item: Case }) {
  if (item.state !== "suspended") return <Limit item={item} />;
  if (item.due_at === null) return <OtherClock item={item} />;
  return <span class="clock">{t("board.goes_on", { at: dayTime(item.due_at) })}</span>;
}
