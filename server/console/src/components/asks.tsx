/** What the less common moves ask for. Each form gives its fields to `onGo`. */

import { useState } from "preact/hooks";
import * as api from "../api/endpoints";
import type { Case, Tier } from "../api/models";
import { OPEN_STATES } from "../live/columns";
import { sightingsOf } from "../live/sightings";
import { t } from "../text/i18n";
import { caseTitle } from "../text/title";
import { Failed, Show, useLoad } from "./load";
import { sightingName } from "./sightings";
import { type AskProps, Form } from "./until";
import { takeFocus } from "./take-focus";

const SCORES = [1, 2, 3, 4, 5] as const;

/** How well it was done. */
export function Score(props: AskProps) {
  const [score, setScore] = useState<number | null>(null);
  const [note, setNote] = useState("");
  const fields = () => ({ score, ...(note.trim() === "" ? {} : { note: note.trim() }) });
  return (
    <Form {...props} ready={score !== null} fields={fields}>
      <fieldset>
        <legend>{t("ask.score")}</legend>
        {SCORES.map((value) => (
          <label key={value}>
            <input type="radio" name="score" checked={score === value} onChange={() => setScore(value)} /> {value}
          </label>
        ))}
      </fieldset>
      <label>
        {t("case.note")}
        <textarea rows={2} maxLength={500} value={note} onInput={(event) => setNote(event.currentTarget.value)} />
      </label>
    </Form>
  );
}

const TIERS: readonly Tier[] = ["high", "medium", "low", "routine"];

/** Closing: how soon somebody asks how things are, and a remark. */
export function Closing(props: AskProps) {
  const [tier, setTier] = useState("");
  const [note, setNote] = useState("");
  const fields = () => ({
    ...(tier === "" ? {} : { tier }),
    ...(note.trim() === "" ? {} : { note: note.trim() }),
  });
  return (
    <Form {...props} ready fields={fields}>
      <label>
        {t("case.note")}
        <textarea rows={2} maxLength={500} value={note} onInput={(event) => setNote(event.currentTarget.value)} ref={takeFocus} />
      </label>
      <label>
        {t("ask.tier")}
        <select value={tier} onChange={(event) => setTier(event.currentTarget.value)}>
          <option value="">{t("ask.tier_by_grade")}</option>
          {TIERS.map((name) => (
            <option key={name} value={name}>
              {t(`tier.${name}`)}
            </option>
          ))}
        </select>
      </label>
    </Form>
  );
}

/** More than this many to choose from is not a choice. */
const NEAREST = 8;

/** The case to go on with: one that is open nearby, or any by its number. */
export function Into(props: AskProps) {
  const [number, setNumber] = useState("");
  const found = useLoad(() => api.casesIn(OPEN_STATES), `into ${props.item.id}`);
  const near = nearest(props.item, found.value?.items ?? []);
  const said = number.trim();
  return (
    <Form {...props} ready={/^\d{8}-\d{4,}$/.test(said)} fields={() => ({ into: `c-${said}` })}>
      <Failed of={found} />
      {near.length === 0 ? null : (
        <fieldset class="choices">
          <legend>{t("ask.near")}</legend>
          {near.map((each) => (
            <label key={each.id}>
              <input type="radio" name="into" checked={said === each.number} onChange={() => setNumber(each.number)} />
              {caseTitle(each)}
              <span class="quiet-text">
                {each.number} · {t(`case_state.${each.state}`)}
              </span>
            </label>
          ))}
        </fieldset>
      )}
      <label>
        {t("ask.into")}
        <input value={number} placeholder="20261122-0005" onInput={(event) => setNumber(event.currentTarget.value)} />
      </label>
    </Form>
  );
}

/** Open cases of the same camera first, then of the same grid; those of the same kind before others. */
function nearest(item: Case, all: readonly Case[]): Case[] {
  const far = (other: Case) =>
    (other.camera?.id === item.camera?.id ? 0 : 2) + (other.scenario === item.scenario ? 0 : 1);
  return all
    .filter((other) => other.id !== item.id && (other.camera?.id === item.camera?.id || other.grid?.id === item.grid?.id))
    .sort((a, b) => far(a) - far(b))
    .slice(0, NEAREST);
}

/** The alarms that get a case of their own. */
export function Leaving(props: AskProps) {
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const { alarms } = props.item;
  const detail = useLoad(() => api.caseDetail(props.item.id), `${props.item.id} ${alarms.join(" ")}`);
  const seen = detail.value === null ? [] : sightingsOf(detail.value);
  const name = (id: string, n: number) => {
    const alarm = seen.find((each) => each.id === id);
    return alarm === undefined ? t("ask.alarm", { n }) : sightingName(alarm);
  };
  return (
    <Form {...props} ready={chosen.length > 0 && chosen.length < alarms.length} fields={() => ({ alarms: chosen })}>
      <Failed of={detail} />
      <fieldset>
        <legend>{t("ask.alarms")}</legend>
        {alarms.map((id, index) => (
          <Tick key={id} name={name(id, index + 1)} value={id} chosen={chosen} onChange={setChosen} />
        ))}
      </fieldset>
    </Form>
  );
}

/** The departments to call. */
export function Departments(props: AskProps) {
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const found = useLoad(api.departments, "departments");
  return (
    <Show of={found}>
      {(people) =>
        people.length === 0 ? (
          <p class="note">{t("ask.no_departments")}</p>
        ) : (
          <Form {...props} ready={chosen.length > 0} fields={() => ({ departments: chosen })}>
            <fieldset>
              <legend>{t("ask.departments")}</legend>
              {people.map((each) => (
                <Tick key={each.id} name={each.name} value={each.id} chosen={chosen} onChange={setChosen} />
              ))}
            </fieldset>
          </Form>
        )
      }
    </Show>
  );
}

interface TickProps {
  name: string;
  value: string;
  chosen: readonly string[];
  onChange: (chosen: readonly string[]) => void;
}

function Tick({ name, value, chosen, onChange }: TickProps) {
  const on = chosen.includes(value);
  const turn = () => onChange(on ? chosen.filter((each) => each !== value) : [...chosen, value]);
  return (
    <label>
      <input type="checkbox" checked={on} onChange={turn} /> {name}
    </label>
  );
}
