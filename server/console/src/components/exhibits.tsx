import type { CaseDetail } from "../api/models";
import { now } from "../live/clock";
import { user } from "../live/session";
import { dayTime, size } from "../text/format";
import { t } from "../text/i18n";

/** On paper only: every file with its whole SHA-256, so that a print can be held against the files it speaks of. */
export function Exhibits({ item }: { item: CaseDetail }) {
  const printed = t("case.printed", {
    at: dayTime(new Date(now.value).toISOString()),
    name: user.value?.name ?? "–",
    version: item.version,
  });
  return (
    <section class="exhibits">
      <h2>{t("case.exhibits")}</h2>
      {item.evidence.length === 0 ? <p class="note">{t("case.no_exhibits")}</p> : null}
      <ol>
        {item.evidence.map((file) => (
          <li key={`${file.stage} ${file.kind} ${file.sha256}`}>
            {t(file.stage === "before" ? "case.before" : "case.after_title")} · {t(`evidence.${file.kind}`)} ·{" "}
            {dayTime(file.at)} · {size(file.bytes)}
            <br />
            <code>{file.sha256}</code>
          </li>
        ))}
      </ol>
      <p class="note">{printed}</p>
    </section>
  );
}
