/** Places, cameras, people and the roster as files: what would change is looked at before it is done. */

import { useState } from "preact/hooks";
import { Problem } from "../api/client";
import * as api from "../api/estate-tables";
import type { EstateReport } from "../api/estate-tables";
import { AdminShell } from "../components/admin-shell";
import { DropZone } from "../components/drop-zone";
import { Empty } from "../components/empty";
import { Report } from "../components/estate-report";
import { attempt, tell } from "../live/notices";
import { administers } from "../live/powers";
import { size } from "../text/format";
import { t } from "../text/i18n";
import "../styles/statistics.css";
import "../styles/estate.css";

const MOST_FILES = 8;
const MOST_BYTES = 8_000_000;

export default function EstatePage() {
  return (
    <AdminShell title={t("admin_page.estate")}>
      {administers() ? (
        <>
          <p class="quiet-text">{t("estate.about")}</p>
          <Import />
          <Export />
        </>
      ) : (
        <Empty title={t("estate.not_yours")}>{t("estate.not_yours_next")}</Empty>
      )}
    </AdminShell>
  );
}

function Import() {
  const [files, setFiles] = useState<readonly File[]>([]);
  const [complete, setComplete] = useState(false);
  const [report, setReport] = useState<EstateReport | null>(null);
  const [busy, setBusy] = useState(false);
  const run = async (action: () => Promise<void>) => {
    setBusy(true);
    await attempt(action);
    setBusy(false);
  };
  const look = (chosen: readonly File[], whole: boolean) => {
    setFiles(chosen);
    setComplete(whole);
    setReport(null);
    if (chosen.length === 0) return;
    void run(async () => setReport(await api.importEstate(chosen, whole)));
  };
  const apply = (seen: EstateReport) =>
    run(async () => {
      try {
        setReport(await api.importEstate(files, complete, seen.fingerprint));
        tell(t("estate.done"));
      } catch (error) {
        // Somebody was faster: what would change now is looked at anew.
        if (error instanceof Problem && (error.code === "conflict" || error.code === "rows_refused")) setReport(await api.importEstate(files, complete));
        throw error;
      }
    });
  const changing = report === null ? 0 : report.counts.created + report.counts.updated + report.counts.disabled + report.counts.removed;
  return (
    <section class="stack" aria-labelledby="estate-import">
      <h2 id="estate-import">{t("estate.import")}</h2>
      <DropZone
        busy={busy}
        title={t("estate.drop")}
        kinds={t("estate.kinds")}
        accept=".csv,.json"
        multiple
        fault={faultOf}
        onChoose={(chosen) => look(chosen, complete)}
      />
      {files.length === 0 ? null : (
        <div class="panel">
          <ul class="chosen-files">
            {files.map((file) => (
              <li key={file.name}>
                <strong>{file.name}</strong> <span class="quiet-text">{size(file.size)}</span>
              </li>
            ))}
          </ul>
          <label class="tick">
            <input type="checkbox" checked={complete} disabled={busy} onChange={(event) => look(files, event.currentTarget.checked)} />
            {t("estate.complete")}
          </label>
          <p class="quiet-text">{t("estate.complete_about")}</p>
          {report !== null ? null : busy ? (
            <p class="waiting">{t("state.loading")}</p>
          ) : (
            <button class="button small" onClick={() => look(files, complete)}>
              {t("action.again")}
            </button>
          )}
        </div>
      )}
      {report === null ? null : (
        <>
          {report.done ? <p class="done-note">{t("estate.is_done")}</p> : null}
          <Report report={report} />
          <div class="buttons">
            {report.done ? null : (
              <button class="button primary" disabled={busy || changing === 0 || report.counts.refused > 0} onClick={() => void apply(report)}>
                {t("estate.apply", { n: changing })}
              </button>
            )}
            <button class="button quiet" disabled={busy} onClick={() => look([], false)}>
              {t("estate.other_files")}
            </button>
          </div>
        </>
      )}
    </section>
  );
}

function faultOf(files: readonly File[]): string | null {
  const strange = files.find((file) => !/\.(csv|json)$/i.test(file.name));
  if (strange !== undefined) return t("estate.wrong_kind", { name: strange.name });
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  return files.length > MOST_FILES || bytes > MOST_BYTES ? t("estate.too_much", { n: MOST_FILES, size: size(MOST_BYTES) }) : null;
}

function Export() {
  return (
    <section class="stack" aria-labelledby="estate-export">
      <h2 id="estate-export">{t("estate.export")}</h2>
      <p class="quiet-text">{t("estate.export_about")}</p>
      <div class="buttons">
        <a class="button" href={api.exportAddress("all")} download>
          {t("estate.export_all")}
        </a>
        {api.TABLES.map((table) => (
          <a key={table} class="button" href={api.exportAddress(table)} download>
            {t("estate.export_table", { name: t(`estate_table.${table}`) })}
          </a>
        ))}
      </div>
    </section>
  );
}
