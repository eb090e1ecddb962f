/** Whom to hand over to, what goes over, and what they should know: signed by who goes off duty. */

import { useEffect, useState } from "preact/hooks";
import * as api from "../api/hand-overs";
import type { Case } from "../api/models";
import { overview } from "../live/live";
import { attempt, tell } from "../live/notices";
import { unknownOf } from "../live/unknown";
import { clockTime, dayTime } from "../text/format";
import { t } from "../text/i18n";
import { caseTitle } from "../text/title";
import { Limit } from "./clocks";
import { Empty } from "./empty";
import { Grade } from "./grade";
import { Failed, Show, useLoad } from "./load";
import { useSift } from "./sift";

interface FormProps {
  cases: readonly Case[];
  /** The control room hands over more than cases: its note begins with how things stand. */
  desk: boolean;
  onDone: () => void;
}

export function HandOverForm({ cases, desk, onDone }: FormProps) {
  const [to, setTo] = useState<string | null>(null);
  const [note, setNote] = useState(() => (desk ? standing() : ""));
  const [busy, setBusy] = useState(false);
  const gravest = GRADES.flatMap((grade) => cases.filter((item) => item.severity === grade));
  const people = useLoad(api.colleagues, "colleagues");
  const chosen = people.value?.find((each) => each.id === to);
  useEffect(() => {
    if (to === null && people.value?.[0]?.duty === "on") setTo(people.value[0].id);
  }, [people.value]);
  const submit = (event: Event) => {
    event.preventDefault();
    if (chosen === undefined || busy) return;
    setBusy(true);
    void attempt(async () => {
      await api.handOver(chosen.id, note.trim());
      tell(t("hand.given", { name: chosen.name }));
      onDone();
    }).finally(() => setBusy(false));
  };
  return (
    <form class="hand-form" onSubmit={submit}>
      <Failed of={people} />
      <section>
        <h3>{t("hand.what", { n: cases.length })}</h3>
        {cases.length === 0 ? <p class="note">{t(desk ? "hand.nothing_waits" : "hand.nothing_mine")}</p> : null}
        <HandCases cases={gravest.slice(0, MOST_SHOWN)} />
        {cases.length <= MOST_SHOWN ? null : (
          <details>
            <summary>{t("hand.more_cases", { n: cases.length - MOST_SHOWN })}</summary>
            <HandCases cases={gravest.slice(MOST_SHOWN)} />
          </details>
        )}
      </section>
      <Show of={people}>
        {(found) =>
          found.length === 0 ? (
            <Empty title={t("hand.nobody")}>{t("hand.nobody_next")}</Empty>
          ) : (
            <Colleagues all={found} to={to} onChoose={setTo} />
          )
        }
      </Show>
      <label>
        {t("hand.note")}
        <textarea rows={5} maxLength={2000} value={note} onInput={(event) => setNote(event.currentTarget.value)} />
      </label>
      <p class="quiet-text">{t("hand.until_both")}</p>
      <button class="button primary" disabled={busy || chosen === undefined}>
        {chosen === undefined ? t("hand.choose") : t("hand.sign_to", { name: chosen.name })}
      </button>
    </form>
  );
}

const GRADES = ["red", "yellow", "blue"] as const;
/** Three hundred rows would hide whom to hand over to. */
const MOST_SHOWN = 12;

function HandCases({ cases }: { cases: readonly Case[] }) {
  return (
    <ul class="hand-cases">
      {cases.map((item) => (
        <li key={item.id}>
          <Grade severity={item.severity} bare /> <span>{caseTitle(item)}</span>
          <span class="quiet-text">
            {item.number} · {t(`case_state.${item.state}`)} <Limit item={item} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function Colleagues({ all, to, onChoose }: { all: readonly api.Colleague[]; to: string | null; onChoose: (id: string) => void }) {
  const { shown, field } = useSift(all, (each) => [each.name, ...each.places].join(" "), (each) => each.id === to);
  return (
    <fieldset class="choices">
      <legend>{t("hand.to")}</legend>
      {field}
      {shown.map((each) => (
        <label key={each.id}>
          <input type="radio" name="to" checked={to === each.id} onChange={() => onChoose(each.id)} />
          {each.name}
          <span class="quiet-text">{stands(each)}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** How the control room stands, in words that both sign and that can be changed. */
function standing(): string {
  const seen = overview.value;
  if (seen === null) return "";
  const { red, yellow, blue } = seen.open_alarms;
  const { watching, total, blind } = seen.cameras;
  const count = (...states: (keyof typeof seen.cases)[]) => states.reduce((sum, state) => sum + (seen.cases[state] ?? 0), 0);
  return [
    t("hand.alarms", { red, yellow, blue }),
    t("hand.cases", {
      judge: count("new"),
      send: count("confirmed"),
      work: count("dispatched", "accepted", "on_scene", "rework"),
      check: count("feedback", "verifying"),
      hold: count("suspended"),
    }),
    t("hand.cameras", { watching, total, blind, unknown: unknownOf(seen.cameras) }),
    "",
  ].join("\n");
}

function stands(each: api.Colleague): string {
  const when = each.begins_at === null ? "" : ` · ${t("hand.begins", { at: begins(each.begins_at) })}`;
  const where = each.places.length === 0 ? "" : `${each.places.join(" · ")} · `;
  return `${where}${t(`duty.${each.duty}`)}${when}`;
}

/** Today by the clock alone. */
function begins(at: string): string {
  const soon = Date.parse(at) - Date.now() < 12 * 3_600_000;
  return (soon ? clockTime(at) : dayTime(at)).replace(/:\d\d$/, "");
}
