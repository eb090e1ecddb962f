import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Graded } from "../api/policy";
import { Grade } from "../components/grade";
import { t, word } from "../text/i18n";
import { readHours, readSpan, UNITS, writeSpan, type Unit } from "./spans";

/** A year, in each unit. */
const MOST: Record<Unit, number> = { s: 31_622_400, min: 527_040, h: 8784, d: 366, s_working: 31_622_400, min_working: 527_040, h_working: 8784 };
export const GRADES = ["red", "yellow", "blue"] as const;

interface SpanProps {
  label: string;
  value: string;
  /** Whether it may run in working time alone. */
  working?: boolean;
  onChange: (value: string) => void;
}

/** A number and its unit. While the number is being typed it may be none: the form is not sent then. */
export function SpanField({ label, value, working = false, onChange }: SpanProps) {
  const span = readSpan(value);
  const [typed, setTyped] = useState(String(span.count));
  // Nobody counts working seconds; a file may.
  const units = UNITS.filter((unit) => unit === span.unit || ((working || !unit.endsWith("_working")) && unit !== "s_working"));
  return (
    <span class="span-field">
      <input
        type="number"
        aria-label={label}
        required
        min={1}
        max={MOST[span.unit]}
        step={1}
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          const count = event.currentTarget.valueAsNumber;
          if (Number.isInteger(count) && count > 0) onChange(writeSpan({ ...span, count }));
        }}
      />
      <select
        aria-label={t("policy.unit_of", { what: label })}
        value={span.unit}
        onChange={(event) => onChange(writeSpan({ ...span, unit: event.currentTarget.value as Unit }))}
      >
        {units.map((unit) => (
          <option key={unit} value={unit}>
            {t(`policy_unit.${unit}`, { n: span.count })}
          </option>
        ))}
      </select>
    </span>
  );
}

interface PerhapsProps extends Omit<SpanProps, "value" | "onChange"> {
  value: string | null;
  usual: string;
  /** It is about all of the span, not about its end. */
  within?: boolean;
  onChange: (value: string | null) => void;
}

/** A span, or that it never happens. */
export function PerhapsSpan({ value, usual, within = false, ...rest }: PerhapsProps) {
  return (
    <span class="perhaps">
      <label class="tick">
        <input type="checkbox" aria-label={t("policy.happens", { what: rest.label })} checked={value !== null} onChange={(event) => rest.onChange(event.currentTarget.checked ? usual : null)} />
        {value === null ? t("policy.never") : t(within ? "policy.within_span" : "policy.after")}
      </label>
      {value === null ? null : <SpanField {...rest} value={value} />}
    </span>
  );
}

interface LimitRow {
  name: string;
  graded: Graded;
  working: boolean;
  onChange: (graded: Graded) => void;
}

/** Limits by grade: a row for each, a column for each grade; on a phone a card for each. */
export function LimitTable({ caption, rows }: { caption: string; rows: readonly LimitRow[] }) {
  return (
    <table class="sheet limits">
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">{caption}</th>
          {GRADES.map((grade) => (
            <th key={grade} scope="col">
              <Grade severity={grade} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.name}>
            <th scope="row">{row.name}</th>
            {GRADES.map((grade) => (
              <td key={grade} data-name={word("grade", grade)}>
                <SpanField
                  label={`${row.name} · ${word("grade", grade)}`}
                  value={row.graded[grade]}
                  working={row.working}
                  onChange={(value) => row.onChange({ ...row.graded, [grade]: value })}
                />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** From one time of the day to another; what ends at midnight ends at 24:00. */
export function HoursField({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const [from, to] = readHours(value);
  const whole = to === "24:00";
  return (
    <span class="hours-field">
      <input type="time" required aria-label={t("policy.from_of", { what: label })} value={from} onInput={(event) => onChange(`${event.currentTarget.value}-${to}`)} />
      <span aria-hidden="true">–</span>
      <input
        type="time"
        required
        aria-label={t("policy.to_of", { what: label })}
        value={whole ? "00:00" : to}
        onInput={(event) => onChange(`${from}-${event.currentTarget.value === "00:00" ? "24:00" : event.currentTarget.value}`)}
      />
    </span>
  );
}

/** Ticks for what of a few things belongs to it. */
export function Ticks<T extends string>({ legend, all, chosen, text, onChange }: { legend: string; all: readonly T[]; chosen: readonly T[]; text: (each: T) => string; onChange: (chosen: T[]) => void }) {
  return (
    <fieldset class="ticks">
      <legend>{legend}</legend>
      {all.map((each) => (
        <label key={each}>
          <input
            type="checkbox"
            checked={chosen.includes(each)}
            onChange={(event) => onChange(all.filter((one) => (one === each ? event.currentTarget.checked : chosen.includes(one))))}
          />
          {text(each)}
        </label>
      ))}
    </fieldset>
  );
}

interface RowsProps<T> {
  legend: string;
  rows: readonly T[];
  /** What a new row says; null while there is nothing to say. */
  fresh: T | null;
  add: string;
  none: string;
  nameOf: (row: T, place: number) => string;
  children: (row: T, change: (row: T) => void, place: number) => ComponentChildren;
  onChange: (rows: T[]) => void;
}

/** Rows that are added and removed. */
export function Rows<T>({ legend, rows, fresh, add, none, nameOf, children, onChange }: RowsProps<T>) {
  return (
    <fieldset class="row-list">
      <legend>{legend}</legend>
      {rows.length === 0 ? <p class="quiet-text">{none}</p> : null}
      {rows.map((row, place) => (
        <div key={place} class="row-fields">
          {children(row, (changed) => onChange(rows.map((each, other) => (other === place ? changed : each))), place)}
          <button type="button" class="button small" aria-label={t("policy.remove_of", { what: nameOf(row, place) })} onClick={() => onChange(rows.filter((_, other) => other !== place))}>
            {t("policy.remove")}
          </button>
        </div>
      ))}
      <div class="buttons">
        <button type="button" class="button small" disabled={fresh === null} onClick={() => fresh !== null && onChange([...rows, fresh])}>
          {add}
        </button>
      </div>
    </fieldset>
  );
}

/** Days of the calendar, as chips. */
export function Days({ legend, about, days, onChange }: { legend: string; about: string; days: readonly string[]; onChange: (days: string[]) => void }) {
  const [day, setDay] = useState("");
  return (
    <fieldset class="row-list">
      <legend>{legend}</legend>
      <p class="quiet-text">{about}</p>
      {days.length === 0 ? null : (
        <ul class="day-chips">
          {days.map((each) => (
            <li key={each} class="pill">
              {each}{" "}
              <button type="button" class="chip-remove" aria-label={t("policy.remove_of", { what: each })} onClick={() => onChange(days.filter((one) => one !== each))}>
                ×
              </button>
            </li>
          ))}
        </ul>
      )}
      <div class="one-line">
        <label>
          {t("policy.day")}
          <input type="date" value={day} onInput={(event) => setDay(event.currentTarget.value)} />
        </label>
        <button
          type="button"
          class="button small"
          disabled={day === "" || days.includes(day)}
          onClick={() => {
            onChange([...days, day].sort());
            setDay("");
          }}
        >
          {t("policy.add_day")}
        </button>
      </div>
    </fieldset>
  );
}
