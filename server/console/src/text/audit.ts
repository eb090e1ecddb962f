import { momentTime } from "./format";
import { t, word } from "./i18n";

/** As the dispatcher writes a moment: with its date, time and zone. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d.*(Z|[+-]\d\d:\d\d)$/;

/** A detail of the audit log: codes in words where there are any, times by the site's clock as all others. */
export function inWords(name: string, value: string | number): string {
  if (typeof value === "number") return String(value);
  if (MOMENT.test(value)) return momentTime(value);
  if (name === "name") return word("command", value);
  if (name === "state") return word("case_state", value);
  return value
    .split(",")
    .map((part) => (name === "roles" ? word("role", part) : word("audit_value", part)))
    .join(t("gateway.and"));
}
