import type { Camera } from "../api/models";
import type { GradeRule, LimitState, PolicyContent, Way, Weekday } from "../api/policy";
import { t, word } from "../text/i18n";
import { Days, GRADES, HoursField, LimitTable, PerhapsSpan, Rows, SpanField, Ticks } from "./fields";

const STATES: readonly LimitState[] = ["new", "confirmed", "dispatched", "accepted", "on_scene", "rework", "verifying", "follow_up"];
const WEEKDAYS: readonly Weekday[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const GROUPING = ["wait", "interval", "repeat"] as const;
const TIERS = ["high", "medium", "low", "routine"] as const;
/** Kinds of cases, as rules and people tell of them. */
const KINDS = ["fire_smoke", "corridor_ebike", "garbage", "unfamiliar_vehicle", "key_area", "camera_blind", "care", "manual"] as const;
const MOST_RUNGS = 10;
const MOST_REPEATS = 100;

interface Props {
  content: PolicyContent;
  cameras: readonly Camera[];
  onChange: (content: PolicyContent) => void;
}

/** The whole policy as a form: what each step may take, when it counts, who is told, what makes a case graver. */
export function PolicyFields({ content, cameras, onChange }: Props) {
  const set = (part: Partial<PolicyContent>) => onChange({ ...content, ...part });
  return (
    <>
      <Limits content={content} set={set} />
      <WorkingTime content={content} set={set} />
      <Ladder content={content} set={set} />
      <Grades content={content} set={set} />
      <SameThing content={content} cameras={cameras} set={set} />
    </>
  );
}

interface PartProps {
  content: PolicyContent;
  set: (part: Partial<PolicyContent>) => void;
}

function Limits({ content, set }: PartProps) {
  const { limits, report_in, acknowledged_for, follow_up } = content;
  return (
    <section aria-labelledby="policy-limits">
      <h2 id="policy-limits">{t("policy.limits")}</h2>
      <p class="quiet-text">{t("policy.limits_about")}</p>
      <LimitTable
        caption={t("policy.step")}
        rows={STATES.map((state) => ({
          name: word("case_state", state),
          graded: limits[state],
          working: true,
          onChange: (graded) => set({ limits: { ...limits, [state]: graded } }),
        }))}
      />
      <LimitTable
        caption={t("policy.other_clocks")}
        rows={[
          { name: t("policy.acknowledged_for"), graded: acknowledged_for, working: false, onChange: (graded) => set({ acknowledged_for: graded }) },
          { name: t("policy.report_in"), graded: report_in, working: false, onChange: (graded) => set({ report_in: graded }) },
        ]}
      />
      <fieldset class="row-list">
        <legend>{t("policy.follow_up")}</legend>
        <p class="quiet-text">{t("policy.follow_up_about")}</p>
        <dl class="facts">
          {TIERS.map((tier) => (
            <div key={tier}>
              <dt>{word("tier", tier)}</dt>
              <dd>
                <PerhapsSpan
                  label={`${t("policy.follow_up")} · ${word("tier", tier)}`}
                  value={follow_up[tier]}
                  usual="7d"
                  working
                  onChange={(value) => set({ follow_up: { ...follow_up, [tier]: value } })}
                />
              </dd>
            </div>
          ))}
        </dl>
      </fieldset>
    </section>
  );
}

function WorkingTime({ content, set }: PartProps) {
  const { calendar } = content;
  const change = (part: Partial<PolicyContent["calendar"]>) => set({ calendar: { ...calendar, ...part } });
  return (
    <section aria-labelledby="policy-time">
      <h2 id="policy-time">{t("policy.working_time")}</h2>
      <p class="quiet-text">{t("policy.working_time_about")}</p>
      <div class="panel">
        <Ticks legend={t("policy.weekdays")} all={WEEKDAYS} chosen={calendar.weekdays} text={(day) => word("weekday", day)} onChange={(weekdays) => change({ weekdays })} />
        <Rows
          legend={t("policy.hours")}
          rows={calendar.hours}
          fresh={calendar.hours.length < 6 ? "19:00-21:00" : null}
          add={t("policy.add_hours")}
          none={t("policy.no_hours")}
          nameOf={(hours) => hours}
          onChange={(hours) => change({ hours })}
        >
          {(hours, put) => <HoursField label={t("policy.hours")} value={hours} onChange={put} />}
        </Rows>
        <Days legend={t("policy.holidays")} about={t("policy.holidays_about")} days={calendar.holidays} onChange={(holidays) => change({ holidays })} />
        <Days legend={t("policy.makeup_days")} about={t("policy.makeup_about")} days={calendar.makeup_days} onChange={(makeup_days) => change({ makeup_days })} />
      </div>
    </section>
  );
}

function Ladder({ content, set }: PartProps) {
  const { escalation } = content;
  const change = (part: Partial<PolicyContent["escalation"]>) => set({ escalation: { ...escalation, ...part } });
  const skill = (kind: string, value: string) => {
    const { [kind]: _, ...rest } = escalation.skills;
    change({ skills: value === "" ? rest : { ...rest, [kind]: value } });
  };
  return (
    <section aria-labelledby="policy-ladder">
      <h2 id="policy-ladder">{t("policy.ladder")}</h2>
      <p class="quiet-text">{t("policy.ladder_about")}</p>
      <div class="panel">
        <div class="form-columns">
          <label>
            {t("policy.rungs")}
            <select value={String(escalation.rungs)} onChange={(event) => change({ rungs: Number(event.currentTarget.value) })}>
              {Array.from({ length: MOST_RUNGS }, (_, index) => (
                <option key={index} value={String(index + 1)}>
                  {t("policy.times", { n: index + 1 })}
                </option>
              ))}
            </select>
            <span class="quiet-text">{t("policy.rungs_about")}</span>
          </label>
          <div class="stack">
            <label class="tick">
              <input type="checkbox" checked={escalation.quiet_hours !== null} onChange={(event) => change({ quiet_hours: event.currentTarget.checked ? "22:00-07:00" : null })} />
              {t("policy.quiet_hours")}
            </label>
            {escalation.quiet_hours === null ? null : <HoursField label={t("policy.quiet_hours")} value={escalation.quiet_hours} onChange={(quiet_hours) => change({ quiet_hours })} />}
            <span class="quiet-text">{t("policy.quiet_about")}</span>
          </div>
        </div>
        <Ticks legend={t("policy.dispatches_itself")} all={GRADES} chosen={escalation.dispatches_itself} text={(grade) => word("grade", grade)} onChange={(dispatches_itself) => change({ dispatches_itself })} />
        <fieldset class="row-list">
          <legend>{t("policy.grouping")}</legend>
          <p class="quiet-text">{t("policy.grouping_about")}</p>
          <div class="form-columns">
            {GROUPING.map((name) => (
              <label key={name}>
                {t(`policy_grouping.${name}`)}
                <SpanField
                  label={t(`policy_grouping.${name}`)}
                  value={content.grouping[name]}
                  onChange={(value) => set({ grouping: { ...content.grouping, [name]: value } })}
                />
              </label>
            ))}
          </div>
        </fieldset>
        <fieldset class="row-list">
          <legend>{t("policy.skills")}</legend>
          <p class="quiet-text">{t("policy.skills_about")}</p>
          <div class="form-columns">
            {KINDS.map((kind) => (
              <label key={kind}>
                {word("scenario", kind)}
                <input value={escalation.skills[kind] ?? ""} maxLength={50} placeholder={t("policy.any_skill")} onInput={(event) => skill(kind, event.currentTarget.value.trim())} />
              </label>
            ))}
          </div>
        </fieldset>
      </div>
    </section>
  );
}

function Grades({ content, set }: PartProps) {
  const fresh: GradeRule = { scenario: "corridor_ebike", at_least: "red", during: "22:00-06:00", repeats: 1 };
  return (
    <section aria-labelledby="policy-grades">
      <h2 id="policy-grades">{t("policy.grades")}</h2>
      <p class="quiet-text">{t("policy.grades_about")}</p>
      <div class="panel">
        <Rows
          legend={t("policy.grade_rules")}
          rows={content.grades}
          fresh={fresh}
          add={t("policy.add_grade")}
          none={t("policy.no_grades")}
          nameOf={(rule) => word("scenario", rule.scenario)}
          onChange={(grades) => set({ grades })}
        >
          {(rule, put) => <GradeFields rule={rule} put={put} />}
        </Rows>
      </div>
    </section>
  );
}

function GradeFields({ rule, put }: { rule: GradeRule; put: (rule: GradeRule) => void }) {
  return (
    <>
      <label>
        {t("policy.kind")}
        <select value={rule.scenario} onChange={(event) => put({ ...rule, scenario: event.currentTarget.value })}>
          {KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {word("scenario", kind)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t("policy.at_least")}
        <select value={rule.at_least} onChange={(event) => put({ ...rule, at_least: event.currentTarget.value as GradeRule["at_least"] })}>
          {GRADES.map((grade) => (
            <option key={grade} value={grade}>
              {word("grade", grade)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t("policy.from_repeat")}
        <input type="number" required min={1} max={MOST_REPEATS} value={rule.repeats} onInput={(event) => event.currentTarget.valueAsNumber > 0 && put({ ...rule, repeats: Math.round(event.currentTarget.valueAsNumber) })} />
      </label>
      <span class="stack">
        <label class="tick">
          <input type="checkbox" checked={rule.during !== null} onChange={(event) => put({ ...rule, during: event.currentTarget.checked ? "22:00-06:00" : null })} />
          {t("policy.only_during")}
        </label>
        {rule.during === null ? null : <HoursField label={t("policy.only_during")} value={rule.during} onChange={(during) => put({ ...rule, during })} />}
      </span>
    </>
  );
}

function SameThing({ content, cameras, set }: PartProps & { cameras: readonly Camera[] }) {
  const { same_thing } = content;
  const named = [...same_thing.ways.flatMap((way) => way.between), ...same_thing.overlaps.flat()];
  const paths = [...new Set([...cameras.map((camera) => `${camera.gateway}/${camera.id}`), ...named])].sort();
  const nameOf = (path: string) => cameras.find((camera) => `${camera.gateway}/${camera.id}` === path)?.name ?? path;
  const [first, second] = paths;
  const pair: [string, string] | null = first !== undefined && second !== undefined ? [first, second] : null;
  return (
    <section aria-labelledby="policy-same">
      <h2 id="policy-same">{t("policy.same_thing")}</h2>
      <p class="quiet-text">{t("policy.same_about")}</p>
      <div class="panel">
        <Rows
          legend={t("policy.ways")}
          rows={same_thing.ways}
          fresh={pair === null ? null : ({ between: pair, within: "3min", one_way: false } satisfies Way)}
          add={t("policy.add_way")}
          none={t("policy.no_ways")}
          nameOf={(way) => way.between.map(nameOf).join(" – ")}
          onChange={(ways) => set({ same_thing: { ...same_thing, ways } })}
        >
          {(way, put) => (
            <>
              <Pair between={way.between} paths={paths} nameOf={nameOf} onChange={(between) => put({ ...way, between })} />
              <label>
                {t("policy.within")}
                <SpanField label={t("policy.within")} value={way.within} onChange={(within) => put({ ...way, within })} />
              </label>
              <label class="tick">
                <input type="checkbox" checked={way.one_way} onChange={(event) => put({ ...way, one_way: event.currentTarget.checked })} />
                {t("policy.one_way")}
              </label>
            </>
          )}
        </Rows>
        <Rows
          legend={t("policy.overlaps")}
          rows={same_thing.overlaps}
          fresh={pair}
          add={t("policy.add_overlap")}
          none={t("policy.no_overlaps")}
          nameOf={(both) => both.map(nameOf).join(" – ")}
          onChange={(overlaps) => set({ same_thing: { ...same_thing, overlaps } })}
        >
          {(both, put) => <Pair between={both} paths={paths} nameOf={nameOf} onChange={put} />}
        </Rows>
        <fieldset class="row-list">
          <legend>{t("policy.reopen_within")}</legend>
          <p class="quiet-text">{t("policy.reopen_about")}</p>
          <PerhapsSpan label={t("policy.reopen_within")} value={content.reopen_within} usual="24h" within onChange={(reopen_within) => set({ reopen_within })} />
        </fieldset>
      </div>
    </section>
  );
}

interface PairProps {
  between: [string, string];
  paths: readonly string[];
  nameOf: (path: string) => string;
  onChange: (between: [string, string]) => void;
}

function Pair({ between: [from, to], paths, nameOf, onChange }: PairProps) {
  const one = (label: string, value: string, other: string, put: (path: string) => void) => (
    <label>
      {label}
      <select value={value} onChange={(event) => put(event.currentTarget.value)}>
        {paths
          .filter((path) => path !== other)
          .map((path) => (
            <option key={path} value={path}>
              {nameOf(path)}
            </option>
          ))}
      </select>
    </label>
  );
  return (
    <>
      {one(t("policy.way_from"), from, to, (path) => onChange([path, to]))}
      {one(t("policy.way_to"), to, from, (path) => onChange([from, path]))}
    </>
  );
}
