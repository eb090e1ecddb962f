import { useState } from "preact/hooks";
import { Problem } from "../api/client";
import * as api from "../api/vehicles";
import type { Said, VehicleImport as Report } from "../api/vehicles";
import { attempt, tell } from "../live/notices";
import { size } from "../text/format";
import { t, word } from "../text/i18n";
import { plateText, validText } from "../text/plate";
import { DropZone } from "./drop-zone";
import { Table } from "./table";

const SHOWN = 50;
const MOST_BYTES = 8_000_000;
const COUNTS = ["created", "updated", "removed", "same"] as const;

/** A table is looked at before it is taken, and taken wholly or not at all. */
export function VehicleImport({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const [file, setFile] = useState<File | null>(null);
  const [complete, setComplete] = useState(false);
  const [report, setReport] = useState<Report | null>(null);
  const [busy, setBusy] = useState(false);
  const run = async (action: () => Promise<void>) => {
    setBusy(true);
    await attempt(action);
    setBusy(false);
  };
  const look = (chosen: File, whole: boolean) => {
    setFile(chosen);
    setComplete(whole);
    setReport(null);
    void run(async () => setReport(await api.importVehicles(chosen, whole)));
  };
  const apply = (table: File, seen: Report) =>
    run(async () => {
      try {
        const done = await api.importVehicles(table, complete, seen.version);
        setReport(done);
        tell(t("vehicle.imported", { n: changing(done) }));
        onDone();
      } catch (error) {
        // Somebody was faster: what would change now is looked at anew.
        if (error instanceof Problem && error.code === "conflict") setReport(await api.importVehicles(table, complete));
        throw error;
      }
    });
  return (
    <section class="panel" aria-label={t("vehicle.import")}>
      <DropZone
        busy={busy}
        title={t("vehicle.drop")}
        kinds={t("vehicle.columns")}
        accept=".csv"
        fault={faultOf}
        onChoose={([chosen]) => {
          if (chosen !== undefined) look(chosen, complete);
        }}
      />
      {file === null ? null : (
        <>
          <p>
            <strong>{file.name}</strong> <span class="quiet-text">{size(file.size)}</span>
          </p>
          <div class="buttons" role="group" aria-label={t("vehicle.how")}>
            {[false, true].map((whole) => (
              <button key={String(whole)} type="button" class="button small" aria-pressed={complete === whole} disabled={busy || report?.done === true} onClick={() => look(file, whole)}>
                {t(whole ? "vehicle.how_whole" : "vehicle.how_some")}
              </button>
            ))}
          </div>
          <p class="quiet-text">{t(complete ? "vehicle.how_whole_about" : "vehicle.how_some_about")}</p>
          {report === null && busy ? <p class="waiting">{t("state.loading")}</p> : null}
        </>
      )}
      {report === null || file === null ? null : (
        <>
          {report.done ? <p class="done-note">{t("vehicle.import_done")}</p> : null}
          <Preview report={report} />
        </>
      )}
      <div class="buttons">
        {report === null || file === null || report.done ? null : (
          <button class="button primary" disabled={busy || changing(report) === 0 || report.counts.refused > 0} onClick={() => void apply(file, report)}>
            {t("vehicle.apply", { n: changing(report) })}
          </button>
        )}
        <button class="button quiet" disabled={busy} onClick={onClose}>
          {t("action.hide")}
        </button>
      </div>
    </section>
  );
}

const changing = ({ counts }: Report) => counts.created + counts.updated + counts.removed;

/** The first of what was dropped is the table. */
function faultOf([file]: readonly File[]): string | null {
  if (file === undefined) return null;
  if (!/\.csv$/i.test(file.name)) return t("vehicle.wrong_kind", { name: file.name });
  return file.size > MOST_BYTES ? t("vehicle.too_large", { size: size(MOST_BYTES) }) : null;
}

function Preview({ report }: { report: Report }) {
  if (report.counts.refused > 0) return <Refused report={report} />;
  return (
    <div class="stack" role="status">
      <dl class="key-figures">
        {COUNTS.map((name) => (
          <div key={name}>
            <dt>{t(`vehicle_change.${name}`)}</dt>
            <dd>
              <strong>{report.counts[name]}</strong>
            </dd>
          </div>
        ))}
      </dl>
      {report.counts.others > 0 ? <p class="quiet-text">{t("vehicle.others", { n: report.counts.others })}</p> : null}
      {report.changes.length === 0 ? (
        <p>{t("vehicle.no_change")}</p>
      ) : (
        <Table
          caption={t("vehicle.changes")}
          rows={report.changes}
          most={SHOWN}
          keyOf={(change) => JSON.stringify([change.before, change.after])}
          columns={[
            { name: t("vehicle.plate"), cell: ({ before, after }) => <span class="plate">{plateText((after ?? before)?.plate ?? "")}</span> },
            { name: t("vehicle.what"), cell: ({ change }) => <span class={change === "removed" ? "pill off" : "pill"}>{t(`vehicle_change.${change}`)}</span> },
            {
              name: t("vehicle.said"),
              cell: ({ before, after }) => (
                <span>
                  {before !== null && after !== null ? (
                    <>
                      <del class="quiet-text">{inWords(before)}</del> →{" "}
                    </>
                  ) : null}
                  {inWords(after ?? before)}
                </span>
              ),
            },
          ]}
        />
      )}
      {changing(report) > report.changes.length ? <p class="quiet-text">{t("estate.first_alone", { n: report.changes.length })}</p> : null}
    </div>
  );
}

function Refused({ report }: { report: Report }) {
  return (
    <div class="stack" role="alert">
      <p class="warning">{t("vehicle.refused", { n: report.counts.refused })}</p>
      <Table
        caption={t("vehicle.refused", { n: report.counts.refused })}
        rows={report.refused}
        most={SHOWN}
        keyOf={(row) => `${row.row} ${row.column}`}
        columns={[
          { name: t("estate.where"), cell: (row) => t("vehicle.line", { n: row.row }) },
          { name: t("estate.column"), cell: (row) => (row.column === null ? "–" : word("vehicle_column", row.column)) },
          { name: t("estate.value"), cell: (row) => row.value ?? "–" },
          { name: t("estate.what"), cell: (row) => word("vehicle_problem", row.code) },
        ]}
      />
    </div>
  );
}

function inWords(said: Said | null): string {
  if (said === null) return "";
  const parts = [validText(said), said.cameras.join(" "), said.uses === null ? "" : t("vehicle.visits", { n: said.uses }), said.note];
  return parts.filter((part) => part !== "").join(" · ");
}
