/** What is out of the ordinary about a case: a request that waits, departments that were called, where it went. */

import type { CaseDetail } from "../api/models";
import { now } from "../live/clock";
import { dayTime } from "../text/format";
import { t } from "../text/i18n";
import { Limit } from "./clocks";
import { DECIDING, Moves } from "./moves";

export function Standing({ item, reload }: { item: CaseDetail; reload: () => void }) {
  return (
    <>
      {item.asked === null ? null : <Asked item={item} asked={item.asked} reload={reload} />}
      {item.whistles.length === 0 ? null : <Called item={item} />}
    </>
  );
}

interface AskedProps {
  item: CaseDetail;
  asked: NonNullable<CaseDetail["asked"]>;
  reload: () => void;
}

/** An extension or a suspension that somebody wants, and the decision to whom it is. */
function Asked({ item, asked, reload }: AskedProps) {
  const by = asked.by_name;
  const mine = item.allowed.some((action) => DECIDING.includes(action));
  return (
    <section class="panel" aria-labelledby="case-asked">
      <h2 id="case-asked">{t(`case_action.${asked.action}`)}</h2>
      <p>{t("case.asked_by", { name: by, until: dayTime(asked.until) })}</p>
      <p class="quote">{asked.reason}</p>
      {mine ? <Moves item={item} only={DECIDING} onDone={reload} /> : <p class="quiet-text">{t("case.asked_waits")}</p>}
    </section>
  );
}

/** The departments that were whistled for: who has come, and how long the others may take. */
function Called({ item }: { item: CaseDetail }) {
  return (
    <section class="panel" aria-labelledby="case-called">
      <h2 id="case-called">{t("case.whistle")}</h2>
      <ul class="called">
        {item.whistles.map((each) => (
          <li key={each.department}>
            <strong>{each.name}</strong>
            {each.reported_at === null ? (
              <span>
                {t("case.not_come")} <Limit item={each} />
              </span>
            ) : (
              <span class="quiet-text">{t("case.came", { at: dayTime(each.reported_at) })}</span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** One line: under supervision, merged, how risky, how it was evaluated. */
export function Remarks({ item }: { item: CaseDetail }) {
  const said: preact.ComponentChild[] = [];
  if (item.supervised) said.push(<strong>{t("case.supervised")}</strong>);
  if (item.merged_into !== null) {
    const number = item.merged_into.replace(/^c-/, "");
    said.push(<a href={`/cases/${item.merged_into}`}>{t("case.merged_into", { number })}</a>);
  }
  if (item.tier !== null) said.push(t("case.tier", { tier: t(`tier.${item.tier}`) }));
  if (item.score !== null) said.push(t("case.score", { n: item.score }));
  if (item.alarms.length > 1) said.push(t("case.alarms", { n: item.alarms.length }));
  if (item.state === "suspended" && item.due_at !== null && Date.parse(item.due_at) > now.value) {
    said.push(t("board.goes_on", { at: dayTime(item.due_at) }));
  }
  if (said.length === 0) return null;
  return (
    <p class="remarks">
      {said.map((each, index) => (
        <span key={index}>{each}</span>
      ))}
    </p>
  );
}
