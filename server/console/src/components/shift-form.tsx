import { useState } from "preact/hooks";
import * as api from "../api/roster";
import type { Person, ShiftKind } from "../api/roster";
import { attempt, tell } from "../live/notices";
import { t } from "../text/i18n";
import { dayAfter, momentOf } from "../text/zone";

const KINDS = ["duty", "surge", "rest", "leave"] as const satisfies readonly ShiftKind[];

interface Props {
  people: readonly Person[];
  day: string;
  onDone: () => void;
}

/** One span of somebody's roster, by the site's clock; one that ends no later than it begins ends on the next day. */
export function ShiftForm({ people, day: today, onDone }: Props) {
  const [person, setPerson] = useState(people[0]?.id ?? "");
  const [kind, setKind] = useState<ShiftKind>("duty");
  const [day, setDay] = useState(today);
  const [last, setLast] = useState(today);
  const [begins, setBegins] = useState("09:00");
  const [ends, setEnds] = useState("17:00");
  const [note, setNote] = useState("");
  const [busy, setBusy] = useState(false);
  const works = kind === "duty" || kind === "surge";
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const until = works ? momentOf(ends <= begins ? dayAfter(day, 1) : day, ends) : momentOf(dayAfter(last, 1), "00:00");
    const saved = await attempt(async () => {
      await api.saveShift({
        id: `s-${day.replaceAll("-", "")}-${randomId()}`,
        person,
        kind,
        starts_at: new Date(momentOf(day, works ? begins : "00:00")).toISOString(),
        ends_at: new Date(until).toISOString(),
        note: note.trim() || null,
      });
      tell(t("roster.saved", { name: people.find((each) => each.id === person)?.name ?? person }));
    });
    setBusy(false);
    if (saved) onDone();
  };
  return (
    <form class="panel" aria-label={t("roster.add")} onSubmit={(event) => void submit(event)}>
      <div class="buttons" role="group" aria-label={t("silence.kind")}>
        {KINDS.map((each) => (
          <button key={each} type="button" class="button small" aria-pressed={kind === each} onClick={() => setKind(each)}>
            {t(`shift_kind.${each}`)}
          </button>
        ))}
      </div>
      <div class="form-columns">
        <label>
          {t("roster.person")}
          <select value={person} onChange={(event) => setPerson(event.currentTarget.value)}>
            {people.map((each) => (
              <option key={each.id} value={each.id}>
                {each.name}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t(works ? "roster.day" : "statistics.first")}
          <input type="date" required value={day} onInput={(event) => setDay(event.currentTarget.value)} />
        </label>
        {works ? (
          <>
            <label>
              {t("roster.begins")}
              <input type="time" required value={begins} onInput={(event) => setBegins(event.currentTarget.value)} />
            </label>
            <label>
              {t("roster.ends")}
              <input type="time" required value={ends} onInput={(event) => setEnds(event.currentTarget.value)} />
            </label>
          </>
        ) : (
          <label>
            {t("statistics.last")}
            <input type="date" required value={last} min={day} onInput={(event) => setLast(event.currentTarget.value)} />
          </label>
        )}
        <label>
          {t("roster.note")}
          <input value={note} maxLength={200} onInput={(event) => setNote(event.currentTarget.value)} />
        </label>
      </div>
      <div class="buttons">
        <button class="button primary" disabled={busy || person === ""}>
          {t("account.save")}
        </button>
        {works && ends <= begins ? <span class="quiet-text">{t("roster.next_day")}</span> : null}
      </div>
    </form>
  );
}

function randomId(): string {
  return [...crypto.getRandomValues(new Uint8Array(5))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
