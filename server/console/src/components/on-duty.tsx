import type { Named } from "../api/models";
import * as api from "../api/roster";
import type { Person, Shift } from "../api/roster";
import { clockTime } from "../text/format";
import { t, word } from "../text/i18n";
import { Show, useLoad } from "./load";
import { useEvery } from "./reload";

const EVERY_MS = 60_000;
const DAY_MS = 24 * 3_600_000;
/** More names than these are a roster, not an answer. */
const MOST = 6;

interface AtWork {
  person: Person;
  until: string;
}

/** The shifts around now. */
function shiftsNow(): Promise<Shift[]> {
  const day = [-DAY_MS, DAY_MS].map((by) => new Date(Date.now() + by).toISOString()) as [string, string];
  return api.shifts(...day);
}

/** Those whose shift goes on now, and who have neither leave nor rest; null when nobody has any shift. */
function atWork(people: readonly Person[], shifts: readonly Shift[]): AtWork[] | null {
  if (shifts.length === 0) return null;
  const at = Date.now();
  const now = shifts.filter((shift) => Date.parse(shift.starts_at) <= at && at < Date.parse(shift.ends_at));
  return people.flatMap((person) => working(person, now));
}

function working(person: Person, now: readonly Shift[]): AtWork[] {
  const own = now.filter((shift) => shift.person === person.id);
  const away = own.some((shift) => shift.kind === "leave" || shift.kind === "rest");
  const until = own.map((shift) => shift.ends_at).sort().at(-1);
  return away || until === undefined ? [] : [{ person, until }];
}

/** Who is on duty, those of the place first; who looks after other places is left out. */
export function OnDuty({ grid }: { grid: Named | null }) {
  const people = useLoad(api.staff, "staff");
  const shifts = useLoad(shiftsNow, "shifts");
  useEvery(shifts.reload, EVERY_MS);
  return (
    <section class="on-duty" aria-label={t("on_duty.title")}>
      <h3>{t("on_duty.title")}</h3>
      <Show of={people}>
        {(staff) => <Show of={shifts}>{(found) => <Names people={atWork(staff, found)} grid={grid} />}</Show>}
      </Show>
    </section>
  );
}

function NoRoster() {
  return (
    <p class="quiet-text">
      {t("on_duty.no_roster")} <a href="/admin/roster">{t("admin_page.roster")}</a>
    </p>
  );
}

function Names({ people, grid }: { people: readonly AtWork[] | null; grid: Named | null }) {
  if (people === null) return <NoRoster />;
  const here = (each: AtWork) => grid !== null && each.person.grids.includes(grid.id);
  const everywhere = (each: AtWork) => each.person.grids.length === 0;
  const shown = [...people.filter(here), ...people.filter((each) => !here(each) && everywhere(each))];
  return (
    <>
      {grid !== null && !people.some(here) ? <p class="quiet-text">{t("on_duty.nobody_of", { place: grid.name })}</p> : null}
      {shown.length === 0 && grid === null ? <p class="quiet-text">{t("on_duty.nobody")}</p> : null}
      <ul>
        {shown.slice(0, MOST).map(({ person, until }) => (
          <li key={person.id}>
            <strong>{person.name}</strong>
            <span class="quiet-text">
              {person.roles.map((role) => word("role", role)).join(" · ")} · {t("on_duty.until", { at: clockTime(until).replace(/:\d\d$/, "") })}
            </span>
          </li>
        ))}
      </ul>
      {shown.length > MOST ? <p class="quiet-text">{t("on_duty.more", { n: shown.length - MOST })}</p> : null}
    </>
  );
}
