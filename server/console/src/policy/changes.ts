/** What differs between two policies, in the words of the form. */

import type { GradeRule, PolicyContent, Way } from "../api/policy";
import { t, word } from "../text/i18n";
import { readSpan } from "./spans";

export interface Change {
  where: string;
  before: string;
  after: string;
}

/** A span in words, or that there is none. */
export function spanText(text: string | null): string {
  if (text === null) return t("policy.never");
  const { count, unit } = readSpan(text);
  return t(`policy_span.${unit}`, { n: count });
}

const list = (texts: readonly string[]) => (texts.length === 0 ? t("policy.nothing") : texts.join(t("policy.comma")));

const gradeText = (rule: GradeRule) =>
  t("policy.grade_is", {
    kind: word("scenario", rule.scenario),
    grade: word("grade", rule.at_least),
    when: rule.during ?? t("policy.always"),
    n: rule.repeats,
  });

const wayText = (way: Way) => `${way.between[0]} ${way.one_way ? "→" : "↔"} ${way.between[1]} (${spanText(way.within)})`;

const GROUPING = ["wait", "interval", "repeat"] as const;
const GRADES = ["red", "yellow", "blue"] as const;

/** Every setting with its name and what it says; both policies give the same names in the same order. */
function* said(content: PolicyContent): Generator<[string, string]> {
  for (const [state, graded] of Object.entries(content.limits)) {
    for (const grade of GRADES) yield [`${word("case_state", state)} · ${word("grade", grade)}`, spanText(graded[grade])];
  }
  for (const [name, graded] of [
    [t("policy.report_in"), content.report_in],
    [t("policy.acknowledged_for"), content.acknowledged_for],
  ] as const) {
    for (const grade of GRADES) yield [`${name} · ${word("grade", grade)}`, spanText(graded[grade])];
  }
  for (const [tier, after] of Object.entries(content.follow_up)) yield [`${t("policy.follow_up")} · ${word("tier", tier)}`, spanText(after)];
  const { calendar, escalation } = content;
  yield [t("policy.weekdays"), list(calendar.weekdays.map((day) => word("weekday", day)))];
  yield [t("policy.hours"), list(calendar.hours)];
  yield [t("policy.holidays"), list(calendar.holidays)];
  yield [t("policy.makeup_days"), list(calendar.makeup_days)];
  yield [t("policy.rungs"), String(escalation.rungs)];
  yield [t("policy.dispatches_itself"), list(GRADES.filter((grade) => escalation.dispatches_itself.includes(grade)).map((grade) => word("grade", grade)))];
  yield [t("policy.quiet_hours"), escalation.quiet_hours ?? t("policy.nothing")];
  for (const name of GROUPING) yield [t(`policy_grouping.${name}`), spanText(content.grouping[name])];
  yield [t("policy.skills"), list(Object.entries(escalation.skills).map(([kind, skill]) => `${word("scenario", kind)}: ${skill}`).sort())];
  yield [t("policy.grades"), list(content.grades.map(gradeText))];
  yield [t("policy.ways"), list(content.same_thing.ways.map(wayText))];
  yield [t("policy.overlaps"), list(content.same_thing.overlaps.map((pair) => pair.join(" ↔ ")))];
  yield [t("policy.reopen_within"), spanText(content.reopen_within)];
}

export function changes(before: PolicyContent, after: PolicyContent): Change[] {
  const was = new Map(said(before));
  return [...said(after)].flatMap(([where, now]) => {
    const then = was.get(where) ?? t("policy.nothing");
    return then === now ? [] : [{ where, before: then, after: now }];
  });
}
