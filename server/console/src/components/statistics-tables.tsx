/** Who and what the figures are about, the busiest first. */

import * as api from "../api/statistics";
import type { CameraFigures, Statistics, StatisticsQuery, StatisticsTable, Work } from "../api/statistics";
import { percent, span } from "../text/format";
import { language, t, word } from "../text/i18n";
import { ShareBar } from "./share-bar";
import { Table, type Column } from "./table";

/** As many as are looked at without being asked for. */
const MOST = 10;

/** The heading of a part, with the way to its table for a spreadsheet. */
export function PartHead({ title, table, asked }: { title: string; table?: StatisticsTable; asked: StatisticsQuery }) {
  return (
    <div class="page-head">
      <h2>{title}</h2>
      {table === undefined ? null : (
        <a class="csv" href={api.statisticsCsv(table, asked, language.value)} download aria-label={t("statistics.csv_of", { what: title })}>
          CSV
        </a>
      )}
    </div>
  );
}

export function BusyTables({ figures, asked }: { figures: Statistics; asked: StatisticsQuery }) {
  return (
    <>
      <Cameras figures={figures} asked={asked} />
      <section>
        <PartHead title={t("statistics.grids")} table="grids" asked={asked} />
        <WorkTable
          caption={t("statistics.grids")}
          first={t("statistics.grid")}
          rows={figures.grids.map(({ grid, cases }) => ({ id: grid?.id ?? "", name: grid?.name ?? t("statistics.no_grid"), cases }))}
        />
      </section>
      <section>
        <PartHead title={t("statistics.people")} table="people" asked={asked} />
        <WorkTable
          caption={t("statistics.people")}
          first={t("statistics.person")}
          rows={figures.people.map((each) => ({ ...each.person, cases: each.cases, way: each.way_there_p50_s }))}
          way
        />
      </section>
      <section>
        <PartHead title={t("statistics.sources")} asked={asked} />
        <WorkTable
          caption={t("statistics.sources")}
          first={t("statistics.source")}
          rows={figures.sources.map(({ source, cases }) => ({ id: source, name: word("source", source), cases }))}
        />
      </section>
    </>
  );
}

function Cameras({ figures, asked }: { figures: Statistics; asked: StatisticsQuery }) {
  const most = Math.max(1, ...figures.cameras.map((each) => each.alarms.total));
  const number = (name: string, value: (row: CameraFigures) => string | number): Column<CameraFigures> => ({
    name,
    number: true,
    cell: value,
  });
  return (
    <section>
      <PartHead title={t("statistics.cameras")} table="cameras" asked={asked} />
      <ul class="legend">
        <li>
          <span class="swatch tone-0 bars" />
          {t("statistics.real")}
        </li>
        <li>
          <span class="swatch tone-2 bars" />
          {t("statistics.false")}
        </li>
        <li>
          <span class="swatch tone-1 bars" />
          {t("statistics.else")}
        </li>
      </ul>
      <Table
        caption={t("statistics.cameras")}
        most={MOST}
        rows={figures.cameras}
        keyOf={(row) => `${row.gateway} ${row.camera.id} ${row.scenario}`}
        columns={[
          { name: t("statistics.camera"), cell: (row) => row.camera.name },
          { name: t("statistics.rule"), cell: (row) => word("scenario", row.scenario) },
          {
            name: t("statistics.share"),
            cell: ({ alarms }) => (
              <ShareBar
                of={most}
                parts={[
                  { tone: 0, value: alarms.real },
                  { tone: 2, value: alarms.false },
                  { tone: 1, value: alarms.total - alarms.real - alarms.false },
                ]}
              />
            ),
          },
          number(t("statistics.alarms"), (row) => row.alarms.total),
          number(t("statistics.real"), (row) => row.alarms.real),
          number(t("statistics.false"), (row) => row.alarms.false),
          number(t("statistics.unjudged"), (row) => row.alarms.open),
          number(t("statistics.false_rate"), (row) => shareText(row.alarms.false_rate)),
          number(t("statistics.a_day"), (row) => row.alarms_per_day.toFixed(2)),
        ]}
      />
    </section>
  );
}

interface WorkRow {
  id: string;
  name: string;
  cases: Work;
  way?: number | null;
}

function WorkTable({ caption, first, rows, way }: { caption: string; first: string; rows: readonly WorkRow[]; way?: true }) {
  const most = Math.max(1, ...rows.map((row) => row.cases.opened));
  const number = (name: string, value: (row: WorkRow) => string | number): Column<WorkRow> => ({
    name,
    number: true,
    cell: value,
  });
  return (
    <Table
      caption={caption}
      most={MOST}
      rows={rows}
      keyOf={(row) => row.id}
      columns={[
        { name: first, cell: (row) => row.name },
        {
          name: t("statistics.share"),
          cell: ({ cases }) => (
            <ShareBar
              of={most}
              parts={[
                { tone: 0, value: cases.done },
                { tone: 1, value: cases.opened - cases.done },
              ]}
            />
          ),
        },
        number(t("statistics.opened"), (row) => row.cases.opened),
        number(t("statistics.done"), (row) => row.cases.done),
        number(t("statistics.open"), (row) => row.cases.open),
        number(t("statistics.late"), (row) => row.cases.late),
        number(t("statistics.in_time"), (row) => shareText(row.cases.in_time_share)),
        ...(way ? [number(t("statistics.way"), (row) => (row.way == null ? "–" : span(row.way)))] : []),
      ]}
    />
  );
}

function shareText(share: number | null): string {
  return share === null ? "–" : percent(share);
}
