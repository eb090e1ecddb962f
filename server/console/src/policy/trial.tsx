import type { Compared, Trial } from "../api/policy";
import { Grade } from "../components/grade";
import { Table } from "../components/table";
import { t, word } from "../text/i18n";

/** What a draft would have meant for the past, beside the policy in force. */
export function TrialResult({ trial }: { trial: Trial }) {
  if (trial.cases === 0) return <p class="warning">{t("policy.no_past", { n: trial.days })}</p>;
  return (
    <div class="stack" role="status">
      <p>{t("policy.tried", { days: trial.days, cases: trial.cases, steps: trial.steps })}</p>
      <dl class="key-figures">
        <Figure name={t("policy.pages")} of={trial.pages} />
        <Figure name={t("policy.late_cases")} of={trial.late_cases} />
      </dl>
      <Numbers text={t("policy.newly_late", { n: trial.newly_late_count })} numbers={trial.newly_late} count={trial.newly_late_count} />
      <Numbers text={t("policy.no_longer_late", { n: trial.no_longer_late_count })} numbers={trial.no_longer_late} count={trial.no_longer_late_count} />
      {trial.limits.length === 0 ? null : (
        <Table
          caption={t("policy.by_limit")}
          rows={trial.limits}
          keyOf={(row) => `${row.state} ${row.severity}`}
          columns={[
            { name: t("policy.step"), cell: (row) => word("case_state", row.state) },
            { name: t("policy.came_as"), cell: (row) => <Grade severity={row.severity} /> },
            { name: t("policy.late_steps"), number: true, cell: (row) => <Pair of={row.late} /> },
            { name: t("policy.pages"), number: true, cell: (row) => <Pair of={row.pages} /> },
          ]}
        />
      )}
      {trial.kinds.length === 0 ? null : (
        <Table
          caption={t("policy.by_kind")}
          rows={trial.kinds}
          keyOf={(row) => row.scenario ?? ""}
          columns={[
            { name: t("policy.kind"), cell: (row) => (row.scenario === null ? t("policy.no_kind") : word("scenario", row.scenario)) },
            { name: t("policy.late_steps"), number: true, cell: (row) => <Pair of={row.late} /> },
            { name: t("policy.pages"), number: true, cell: (row) => <Pair of={row.pages} /> },
          ]}
        />
      )}
      <p class="quiet-text">{t("policy.not_tried")}</p>
    </div>
  );
}

function Figure({ name, of: { now, then } }: { name: string; of: Compared }) {
  const saved = now - then;
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <strong>
          {now} → {then}
        </strong>
        <span class="quiet-text">{saved > 0 ? t("policy.fewer", { n: saved }) : saved < 0 ? t("policy.more", { n: -saved }) : t("policy.as_many")}</span>
      </dd>
    </div>
  );
}

/** Before and after; what stays the same is quiet. */
function Pair({ of: { now, then } }: { of: Compared }) {
  return now === then ? <span class="quiet-text">{now}</span> : <strong>{`${now} → ${then}`}</strong>;
}

function Numbers({ text, numbers, count }: { text: string; numbers: readonly string[]; count: number }) {
  if (count === 0) return null;
  return (
    <details class="numbers">
      <summary>{text}</summary>
      <ul class="day-chips">
        {numbers.map((number) => (
          <li key={number}>
            <a href={`/cases/c-${number}`}>{number}</a>
          </li>
        ))}
      </ul>
      {count > numbers.length ? <p class="quiet-text">{t("policy.newest_alone", { n: numbers.length })}</p> : null}
    </details>
  );
}
