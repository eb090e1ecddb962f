import { useEffect, useState } from "preact/hooks";
import { Problem } from "../api/client";
import { explain } from "../live/notices";
import { day } from "../text/format";
import { inLanguage, t } from "../text/i18n";
import { type OpenReport, seeToo } from "./reports";
import { changed, keep, kept } from "./seen";

/** Whoever sees theirs among these need not tell it again: one tap says that they see it, too. */
export function OpenHere({ code, reports }: { code: string; reports: readonly OpenReport[] }) {
  const [said, setSaid] = useState(() => kept(code));
  if (reports.length === 0) return null;
  const say = async (handle: string, back: boolean) => {
    // Before it is sent: whose answer is lost counts once all the same.
    keep(code, said, reports.map((each) => each.handle));
    const answer = await seeToo(code, handle, said.device, back);
    const next = changed(said, handle, answer.until);
    setSaid(next);
    keep(code, next, reports.map((each) => each.handle));
    return answer.seen_by;
  };
  return (
    <section class="open-here" aria-labelledby="open-here">
      <h2 id="open-here">{t("resident.open_here")}</h2>
      <ul>
        {reports.map((each) => (
          <Open key={each.handle} report={each} until={said.until[each.handle] ?? null} onSay={(back) => say(each.handle, back)} />
        ))}
      </ul>
      <p class="quiet-text">{t("resident.open_hint")}</p>
    </section>
  );
}

interface OpenProps {
  report: OpenReport;
  /** Until when it can be taken back, once it is said. */
  until: string | null;
  /** Returns how many see it, too. */
  onSay: (back: boolean) => Promise<number>;
}

function Open({ report, until, onSay }: OpenProps) {
  const [count, setCount] = useState(report.seen_by);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [over, setOver] = useState(false);
  const late = useLate(until);
  const kind = inLanguage({ text_zh: report.kind_zh, text_en: report.kind_en });
  const say = async (back: boolean) => {
    setBusy(true);
    setError(null);
    try {
      setCount(await onSay(back));
    } catch (reason) {
      const gone = reason instanceof Problem && (reason.status === 409 || reason.status === 404);
      if (gone) setOver(true);
      setError(gone ? t(reason.status === 409 ? "resident.seen_over" : "resident.seen_gone") : explain(reason));
    } finally {
      setBusy(false);
    }
  };
  return (
    <li>
      <strong>{kind}</strong>
      <span>{inLanguage(report)}</span>
      <span class="quiet-text">
        {t(report.times === 1 ? "resident.told_once" : "resident.told", { n: report.times, day: day(report.since) })}
        {count === 0 ? null : <> · {t("resident.seen_by", { n: count })}</>}
      </span>
      <span class="see-too" role="status">
        {until === null ? null : t("resident.seen_thanks")}
        {error}
      </span>
      {over || (until !== null && late) ? null : until === null ? (
        <button type="button" class="button" disabled={busy} aria-label={t("resident.see_too_of", { kind })} onClick={() => void say(false)}>
          {t("resident.see_too")}
        </button>
      ) : (
        <button type="button" class="button" disabled={busy} aria-label={t("resident.seen_back_of", { kind })} onClick={() => void say(true)}>
          {t("resident.seen_back")}
        </button>
      )}
    </li>
  );
}

/** Whether the time to take it back has passed. */
function useLate(until: string | null): boolean {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (until === null) return undefined;
    setNow(Date.now());
    const left = Date.parse(until) - Date.now();
    const timer = setTimeout(() => setNow(Date.now()), Math.max(0, left));
    return () => clearTimeout(timer);
  }, [until]);
  return until !== null && now >= Date.parse(until);
}
