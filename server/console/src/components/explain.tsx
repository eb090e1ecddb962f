import type { Alarm, Condition } from "../api/models";
import { limitOf, measure } from "../text/format";
import { t, word } from "../text/i18n";

/** Why the rule said yes: each condition in plain words with its value, its limit and their unit. */
export function Explain({ alarm }: { alarm: Alarm }) {
  if (alarm.explain.length === 0) return null;
  return (
    <details class="explain" open>
      <summary>{t("alarm.why")}</summary>
      <ul>
        {alarm.explain.map((condition) => (
          <li key={condition.name} class={markOf(condition)}>
            <span class="met-mark" aria-hidden="true">
              {MARKS[markOf(condition)]}
            </span>
            <span class="unseen">{t(`explain_word.${markOf(condition)}`)}</span>
            {sentence(condition)}
          </li>
        ))}
      </ul>
    </details>
  );
}

/** What is counted; on the wire a count and a share both have the unit "1". */
const COUNTED: Readonly<Record<string, string>> = { votes: "looks", plate_reads: "reads" };

/** Conditions whose value is a code with a word of its own. */
const CODED: Readonly<Record<string, "zone" | "stage">> = { zone: "zone", sight: "stage" };

const MARKS = { met: "✓", unmet: "✗", informs: "·" } as const;

/** Met and unmet decide. What has no limit, or was not held to it, is told for who asks why and gets no tick. */
export function markOf({ value, limit, met, bound }: Condition): keyof typeof MARKS {
  if (!met) return "unmet";
  const overruled = typeof limit === "boolean" && value !== limit;
  return limit === null || overruled || bound !== null ? "informs" : "met";
}

/** One condition in words: "停留：4 分 12 秒（界限 3 分钟）". */
export function sentence(condition: Condition): string {
  const name = word("condition", condition.name);
  const unit = COUNTED[condition.name] ?? condition.unit;
  const coded = CODED[condition.name];
  const value =
    coded !== undefined && typeof condition.value === "string"
      ? word(coded, condition.value)
      : measure(condition.value, unit);
  const limit = limitOf({ ...condition, unit });
  // "armed: yes (limit: yes)" says nothing more than "armed: yes".
  const bare = limit === null || typeof condition.limit === "boolean";
  if (bare) return t("alarm.condition", { name, value });
  const { bound } = condition;
  if (bound !== null && typeof condition.value === "number" && typeof condition.limit === "number") {
    const enough = condition.value >= condition.limit;
    const within = condition.value <= condition.limit;
    const how = bound === "least" ? (enough ? "reached" : "short") : within ? "within" : "beyond";
    return t(`alarm.condition_${how}`, { name, value, limit });
  }
  const compared = typeof condition.limit === "number" ? "alarm.condition_limit" : "alarm.condition_wanted";
  return t(compared, { name, value, limit });
}
