import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { t } from "../text/i18n";

export interface Column<T> {
  name: string;
  /** Numbers stand to the right, one under the other. */
  number?: boolean;
  cell: (row: T) => ComponentChildren;
}

interface Props<T> {
  /** What the table is about, for those who hear it. */
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
  /** More rows are shown when they are asked for, and on paper. */
  most?: number;
}

/** One table for every page: the first column names the row; on a phone a row becomes a card with its names beside. */
export function Table<T>({ caption, columns, rows, keyOf, most = Infinity }: Props<T>) {
  const [all, setAll] = useState(false);
  const beyond = (index: number) => !all && index >= most;
  return (
    <>
      <table class="sheet">
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.name} scope="col" class={column.number ? "number" : undefined}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={keyOf(row)} class={beyond(index) ? "beyond" : undefined}>
              {columns.map((column, place) =>
                place === 0 ? (
                  <th key={column.name} scope="row">
                    {column.cell(row)}
                  </th>
                ) : (
                  <td key={column.name} data-name={column.name} class={column.number ? "number" : undefined}>
                    {column.cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {all || rows.length <= most ? null : (
        <button class="button small more" aria-label={`${t("table.all", { n: rows.length })} · ${caption}`} onClick={() => setAll(true)}>
          {t("table.all", { n: rows.length })}
        </button>
      )}
    </>
  );
}
