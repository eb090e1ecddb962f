/** Who works when: a week at a time, shifts one by one, and rotations after a look at what they come to. */

import { useState } from "preact/hooks";
import * as api from "../api/roster";
import type { Person, Shift } from "../api/roster";
import { AdminShell } from "../components/admin-shell";
import { Empty } from "../components/empty";
import { Failed, Show, useLoad } from "../components/load";
import { RotationForm } from "../components/rotation-form";
import { ShiftForm } from "../components/shift-form";
import { Table } from "../components/table";
import { now } from "../live/clock";
import { attempt, tell } from "../live/notices";
import { leads } from "../live/powers";
import { weekday } from "../text/format";
import { t, word } from "../text/i18n";
import { clockAt, dayAfter, dayAt, momentOf, mondayOf } from "../text/zone";

const DAYS = [0, 1, 2, 3, 4, 5, 6] as const;
/** More people than are looked at in a week are asked for. */
const MOST = 40;

type Form = "shift" | "rotation" | null;

export default function RosterPage() {
  const [form, setForm] = useState<Form>(null);
  const toggle = (wanted: Form) => setForm(form === wanted ? null : wanted);
  const buttons = leads() ? (
    <div class="buttons">
      <button class="button small" aria-expanded={form === "shift"} onClick={() => toggle("shift")}>
        {t("roster.add")}
      </button>
      <button class="button small" aria-expanded={form === "rotation"} onClick={() => toggle("rotation")}>
        {t("roster.rotate")}
      </button>
    </div>
  ) : null;
  return (
    <AdminShell title={t("admin_page.roster")} beside={buttons}>
      <Roster form={form} onDone={() => setForm(null)} />
    </AdminShell>
  );
}

function Roster({ form, onDone }: { form: Form; onDone: () => void }) {
  const [monday, setMonday] = useState(() => mondayOf(dayAt(Date.now())));
  const people = useLoad(api.people, "people");
  const first = new Date(momentOf(monday, "00:00")).toISOString();
  const last = new Date(momentOf(dayAfter(monday, 7), "00:00")).toISOString();
  const found = useLoad(() => api.shifts(first, last), monday);
  const done = () => {
    onDone();
    found.reload();
  };
  // Household heads are many, and are on no roster.
  const staff = (people.value ?? []).filter((person) => person.roles.some((role) => role !== "household_head" && role !== "care"));
  return (
    <>
      <Failed of={people} />
      {form === "shift" ? <ShiftForm people={staff} day={dayAt(Date.now())} onDone={done} /> : null}
      {form === "rotation" ? <RotationForm people={staff} first={dayAfter(monday, 7)} onDone={done} /> : null}
      <div class="page-head">
        <h2>
          {monday} – {dayAfter(monday, 6)}
        </h2>
        <div class="buttons">
          <button class="button small" onClick={() => setMonday(dayAfter(monday, -7))}>
            {t("roster.before")}
          </button>
          <button class="button small" aria-pressed={monday === mondayOf(dayAt(Date.now()))} onClick={() => setMonday(mondayOf(dayAt(Date.now())))}>
            {t("roster.this_week")}
          </button>
          <button class="button small" onClick={() => setMonday(dayAfter(monday, 7))}>
            {t("roster.after")}
          </button>
        </div>
      </div>
      <Show of={people}>
        {(everybody) => (
          <Show of={found}>
            {(shifts) => (
              <>
                <OnDuty shifts={shifts} people={everybody} />
                <Week monday={monday} shifts={shifts} people={everybody} onChanged={found.reload} />
              </>
            )}
          </Show>
        )}
      </Show>
    </>
  );
}

function OnDuty({ shifts, people }: { shifts: readonly Shift[]; people: readonly Person[] }) {
  const holding = shifts.filter((shift) => Date.parse(shift.starts_at) <= now.value && now.value < Date.parse(shift.ends_at));
  const working = new Set(holding.filter((shift) => shift.kind === "duty" || shift.kind === "surge").map((shift) => shift.person));
  if (working.size === 0) return null;
  const names = people.filter((person) => working.has(person.id)).map((person) => person.name);
  return <p>{t("roster.on_duty", { names: names.join(" · ") })}</p>;
}

interface WeekProps {
  monday: string;
  shifts: readonly Shift[];
  people: readonly Person[];
  onChanged: () => void;
}

function Week({ monday, shifts, people, onChanged }: WeekProps) {
  const rostered = new Set(shifts.map((shift) => shift.person));
  const rows = people.filter((person) => rostered.has(person.id));
  if (rows.length === 0) return <Empty title={t("roster.none")}>{t(leads() ? "roster.none_next" : "roster.none_ask")}</Empty>;
  const remove = (shift: Shift) =>
    attempt(async () => {
      await api.removeShift(shift.id);
      tell(t("roster.removed"), async () => {
        await api.saveShift(shift);
        onChanged();
      });
      onChanged();
    });
  return (
    <Table
      caption={t("admin_page.roster")}
      rows={rows}
      keyOf={(person) => person.id}
      most={MOST}
      columns={[
        { name: t("roster.person"), cell: (person) => person.name },
        ...DAYS.map((offset) => {
          const day = dayAfter(monday, offset);
          return {
            name: weekday(day),
            cell: (person: Person) => (
              <DayOf shifts={shifts.filter((shift) => shift.person === person.id && touches(shift, day))} day={day} person={person} onRemove={remove} />
            ),
          };
        }),
      ]}
    />
  );
}

/** A shift stands on the day on which it begins; leave and rest on every day that they cover. */
function touches(shift: Shift, day: string): boolean {
  const from = dayAt(Date.parse(shift.starts_at));
  if (shift.kind === "duty" || shift.kind === "surge") return from === day;
  return from <= day && day <= dayAt(Date.parse(shift.ends_at) - 1);
}

interface DayProps {
  shifts: readonly Shift[];
  day: string;
  person: Person;
  onRemove: (shift: Shift) => Promise<boolean>;
}

function DayOf({ shifts, day, person, onRemove }: DayProps) {
  if (shifts.length === 0) return <span class="quiet-text no-shift">–</span>;
  return (
    <ul class="day">
      {shifts.map((shift) => (
        <li key={shift.id} class={`shift shift-${shift.kind}`}>
          <span>{shift.kind === "duty" || shift.kind === "surge" ? spanOf(shift) : t(`shift_kind.${shift.kind}`)}</span>
          {shift.kind === "surge" ? <span class="quiet-text">{t("shift_kind.surge")}</span> : null}
          {shift.note === null || shift.note === shift.kind ? null : <span class="quiet-text">{word("watch", shift.note)}</span>}
          {leads() ? (
            <button class="remove" aria-label={t("roster.remove", { name: person.name, day, span: spanOf(shift) })} onClick={() => void onRemove(shift)}>
              ×
            </button>
          ) : null}
        </li>
      ))}
    </ul>
  );
}

function spanOf(shift: Shift): string {
  return `${clockAt(Date.parse(shift.starts_at))}–${clockAt(Date.parse(shift.ends_at))}`;
}
