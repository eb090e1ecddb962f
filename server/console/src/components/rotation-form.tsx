import { useState } from "preact/hooks";
import * as api from "../api/roster";
import type { Person, Plan, Rotation } from "../api/roster";
import { attempt, tell } from "../live/notices";
import { dayTime } from "../text/format";
import { inLanguage, t } from "../text/i18n";
import { Table } from "./table";

type Pattern = Pick<Rotation, "pattern" | "posts">;

/** Patterns in use: three watches of eight hours, two of twelve, or days of work from Monday. */
const PATTERNS: Record<"three" | "two" | "days", Pattern> = {
  three: {
    pattern: ["early", "early", "late", "late", "night", "night", "rest", "rest"],
    posts: {
      early: { begins: "06:00", ends: "14:00" },
      late: { begins: "14:00", ends: "22:00" },
      night: { begins: "22:00", ends: "06:00" },
    },
  },
  two: {
    pattern: ["day", "night", "rest", "rest"],
    posts: { day: { begins: "08:00", ends: "20:00" }, night: { begins: "20:00", ends: "08:00" } },
  },
  days: {
    pattern: ["day", "day", "day", "day", "day", "rest", "rest"],
    posts: { day: { begins: "09:00", ends: "17:00" } },
  },
};
const NAMES = ["three", "two", "days"] as const;
const LONGEST_DAYS = 92;
/** What tells one rotation from another. */
const TITLE = "[a-z0-9][a-z0-9_\\-]{0,29}";

interface Props {
  people: readonly Person[];
  /** The first day that is offered, a Monday. */
  first: string;
  onDone: () => void;
}

/** A rotation is tried first, and made once somebody has seen what it comes to. */
export function RotationForm({ people, first: offered, onDone }: Props) {
  const [name, setName] = useState<(typeof NAMES)[number]>("three");
  const [title, setTitle] = useState("watches");
  const [first, setFirst] = useState(offered);
  const [days, setDays] = useState(28);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [plan, setPlan] = useState<Plan | null>(null);
  const [busy, setBusy] = useState(false);
  const change = <T,>(set: (value: T) => void) => (value: T) => {
    setPlan(null);
    set(value);
  };
  const run = async (dryRun: boolean) => {
    setBusy(true);
    const made = await attempt(async () => {
      const found = await api.rotate({ ...rotation(name, first, days, chosen), name: title }, dryRun);
      setPlan(found);
      if (found.made) tell(t("rotation.made", { n: found.created + found.updated }));
    });
    setBusy(false);
    if (made && !dryRun) onDone();
  };
  return (
    <form
      class="panel"
      aria-label={t("roster.rotate")}
      onSubmit={(event) => {
        event.preventDefault();
        void run(true);
      }}
    >
      <div class="form-columns">
        <label>
          {t("rotation.pattern")}
          <select value={name} onChange={(event) => change(setName)(event.currentTarget.value as (typeof NAMES)[number])}>
            {NAMES.map((each) => (
              <option key={each} value={each}>
                {t(`rotation_pattern.${each}`)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t("rotation.name")}
          <input required pattern={TITLE} title={t("gateway.name_rule")} maxLength={30} value={title} onInput={(event) => change(setTitle)(event.currentTarget.value)} />
          <span class="quiet-text">{t("rotation.name_how")}</span>
        </label>
        <label>
          {t("rotation.first")}
          <input type="date" required value={first} onInput={(event) => change(setFirst)(event.currentTarget.value)} />
        </label>
        <label>
          {t("rotation.days")}
          <input type="number" required min={1} max={LONGEST_DAYS} value={days} onInput={(event) => change(setDays)(event.currentTarget.valueAsNumber)} />
        </label>
      </div>
      <fieldset class="ticks">
        <legend>{t("rotation.people")}</legend>
        {people.map((person) => (
          <label key={person.id}>
            <input
              type="checkbox"
              checked={chosen.includes(person.id)}
              onChange={(event) =>
                change(setChosen)(event.currentTarget.checked ? [...chosen, person.id] : chosen.filter((id) => id !== person.id))
              }
            />
            {person.name}
          </label>
        ))}
      </fieldset>
      <p class="quiet-text">{t(name === "days" ? "rotation.together" : "rotation.spread")}</p>
      <div class="buttons">
        <button class={plan === null ? "button primary" : "button"} disabled={busy || chosen.length === 0}>
          {t("rotation.try")}
        </button>
        {plan === null || plan.made ? null : (
          <button type="button" class="button primary" disabled={busy} onClick={() => void run(false)}>
            {t("rotation.make")}
          </button>
        )}
      </div>
      {plan === null ? null : <Preview plan={plan} people={people} />}
    </form>
  );
}

/** People go through the pattern one behind the other; whose days are Monday to Friday, together. */
function rotation(name: (typeof NAMES)[number], first: string, days: number, chosen: readonly string[]): Omit<Rotation, "name"> {
  const { pattern, posts } = PATTERNS[name];
  const apart = name === "days" ? 0 : pattern.length / Math.max(1, chosen.length);
  return {
    first,
    days,
    pattern,
    posts,
    people: chosen.map((person, index) => ({ person, offset: Math.floor(index * apart) })),
  };
}

function Preview({ plan, people }: { plan: Plan; people: readonly Person[] }) {
  const nameOf = (id: string) => people.find((person) => person.id === id)?.name ?? id;
  return (
    <div class="stack" role="status">
      <p>{t("rotation.comes_to", { created: plan.created, updated: plan.updated, removed: plan.removed })}</p>
      {plan.uncovered.length === 0 ? (
        <p>{t("rotation.covered")}</p>
      ) : (
        <p class="warning">
          {t("rotation.uncovered", { n: plan.uncovered.length })}{" "}
          {plan.uncovered.slice(0, 3).map(({ first, last }) => `${dayTime(first)} – ${dayTime(last)}`).join(t("gateway.and"))}
        </p>
      )}
      {plan.warnings.length === 0 ? (
        <p>{t("rotation.no_warnings")}</p>
      ) : (
        <Table
          caption={t("rotation.warnings")}
          rows={plan.warnings}
          keyOf={(warning) => `${warning.code} ${warning.person} ${warning.at}`}
          most={8}
          columns={[
            { name: t("roster.person"), cell: (warning) => nameOf(warning.person) },
            { name: t("audit.at"), cell: (warning) => dayTime(warning.at) },
            { name: t("rotation.warning"), cell: (warning) => inLanguage(warning) },
          ]}
        />
      )}
    </div>
  );
}
