import type { EstateChange, EstateReport, RefusedRow } from "../api/estate-tables";
import { dayTime } from "../text/format";
import { t, word } from "../text/i18n";
import { Table } from "./table";

const SHOWN = 50;
const COUNTS = ["created", "updated", "disabled", "removed"] as const;

/** What files would change, and before that what in them cannot be taken. */
export function Report({ report }: { report: EstateReport }) {
  return (
    <div class="stack" role="status">
      <dl class="key-figures">
        {COUNTS.filter((name) => name === "created" || name === "updated" || report.counts[name] > 0).map((name) => (
          <div key={name}>
            <dt>{t(`estate_change.${name}`)}</dt>
            <dd>
              <strong>{report.counts[name]}</strong>
            </dd>
          </div>
        ))}
        <div>
          <dt>{t("estate.refused")}</dt>
          <dd>
            <strong>{report.counts.refused}</strong>
          </dd>
        </div>
      </dl>
      {report.refused.length === 0 ? null : <Refused rows={report.refused} count={report.counts.refused} />}
      {report.changes.length === 0 ? <p>{t("estate.no_change", { n: report.rows })}</p> : <Changes changes={report.changes} total={COUNTS.reduce((sum, name) => sum + report.counts[name], 0)} />}
      {report.absent.length === 0 ? null : (
        <details class="numbers">
          <summary>{t("estate.absent", { n: report.counts.absent })}</summary>
          <p class="quiet-text">{t("estate.absent_about")}</p>
          <p>{report.absent.map((each) => each.id).join(" · ")}</p>
        </details>
      )}
    </div>
  );
}

function Refused({ rows, count }: { rows: readonly RefusedRow[]; count: number }) {
  return (
    <section class="stack" aria-labelledby="estate-refused">
      <h2 id="estate-refused">{t("estate.refused_rows", { n: count })}</h2>
      <p class="warning">{t("estate.refused_about")}</p>
      <Table
        caption={t("estate.refused_rows", { n: count })}
        rows={rows}
        most={SHOWN}
        keyOf={(row) => `${row.file} ${row.row} ${row.column} ${row.code} ${row.value}`}
        columns={[
          { name: t("estate.where"), cell: (row) => (row.row === null ? row.file : t("estate.row", { file: row.file, n: row.row })) },
          { name: t("estate.column"), cell: (row) => (row.column === null ? "–" : <code>{row.column.replace(/\.\d+$/, "")}</code>) },
          { name: t("estate.value"), cell: (row) => row.value ?? "–" },
          { name: t("estate.what"), cell: (row) => word("row_problem", row.code) },
        ]}
      />
    </section>
  );
}

function Changes({ changes, total }: { changes: readonly EstateChange[]; total: number }) {
  return (
    <section class="stack" aria-labelledby="estate-changes">
      <h2 id="estate-changes">{t("estate.changes", { n: total })}</h2>
      <Table
        caption={t("estate.changes", { n: total })}
        rows={changes}
        most={SHOWN}
        keyOf={(change) => `${change.kind} ${change.id} ${change.change}`}
        columns={[
          {
            name: t("estate.thing"),
            cell: (change) => (
              <>
                {change.id}
                <div class="quiet-text">{t(`estate_kind.${change.kind}`)}</div>
              </>
            ),
          },
          { name: t("estate.change"), cell: (change) => <span class={change.change === "created" || change.change === "updated" ? "pill" : "pill off"}>{t(`estate_change.${change.change}`)}</span> },
          { name: t("estate.fields"), cell: (change) => <Fields change={change} /> },
        ]}
      />
      {total > changes.length ? <p class="quiet-text">{t("estate.first_alone", { n: changes.length })}</p> : null}
    </section>
  );
}

function Fields({ change }: { change: EstateChange }) {
  if (change.fields.length === 0) return <>{t(change.kind === "person" ? "estate.disabled_about" : "estate.removed_about")}</>;
  return (
    <ul class="differences">
      {change.fields.map(({ field, before, after }) => (
        <li key={field}>
          <span class="quiet-text">{word("estate_field", field)}</span>{" "}
          {change.change === "created" ? null : (
            <>
              <del>{inWords(field, before)}</del> →{" "}
            </>
          )}
          <ins>{inWords(field, after)}</ins>
        </li>
      ))}
    </ul>
  );
}

function inWords(field: string, value: string | null): string {
  if (value === null) return t("estate.nothing");
  if (field === "roles") return value.split(",").map((role) => word("role", role)).join(" · ");
  if (field === "grids" || field === "skills") return value.split(",").join(" · ");
  if (field === "level") return word("level", value);
  if (field === "kind") return word("shift_kind", value);
  if (field === "willing") return t(value === "True" ? "explain_word.yes" : "explain_word.no");
  if (field === "starts_at" || field === "ends_at") return dayTime(value.replace(" ", "T"));
  return value;
}
