/** One inspection: go through the list, say what is not in order, show it. */

import { useState } from "preact/hooks";
import * as api from "../api/rounds";
import type { Inspection } from "../api/rounds";
import type { PageProps } from "../app";
import { Empty } from "../components/empty";
import { navigate } from "../router";
import { date } from "../text/format";
import { t, word } from "../text/i18n";
import { useDraft } from "../worker/draft";
import { WorkerFrame } from "../worker/frame";
import { useKeptList } from "../worker/kept-list";
import { KeptShow } from "../worker/letters";
import { Photos } from "../worker/photos";
import { randomId, write } from "../worker/tasks";
import "../styles/rounds.css";

/** Of visits to people no pictures are kept. */
const CARE = "care";

export default function RoundPage({ params }: PageProps) {
  const found = useKeptList<Inspection>("inspections", api.inspections);
  const id = params["id"] ?? "";
  return (
    <WorkerFrame>
      <a class="back" href="/worker/rounds">
        ‹ {t("rounds.title")}
      </a>
      <KeptShow of={found}>
        {(items) => {
          const inspection = items.find((each) => each.id === id);
          return inspection === undefined ? (
            <Empty title={t("rounds.gone")}>{t("rounds.gone_next")}</Empty>
          ) : (
            <Look key={id} inspection={inspection} />
          );
        }}
      </KeptShow>
    </WorkerFrame>
  );
}

type Verdict = "fine" | "wrong";

function Look({ inspection }: { inspection: Inspection }) {
  const { photos, note, kept, now, change, forget } = useDraft(`round/${inspection.id}`);
  // Without a list of its own it is looked at as a whole.
  const checks = inspection.checks.length > 0 ? inspection.checks : [inspection.title];
  const [verdicts, setVerdicts] = useState<Readonly<Record<string, Verdict>>>({});
  const left = checks.filter((check) => verdicts[check] === undefined).length;
  const failed = checks.filter((check) => verdicts[check] === "wrong");
  const ok = failed.length === 0;
  const words = note.trim();
  const unsaid = !ok && inspection.checks.length === 0 && words === "";
  const send = async () => {
    const body = { id: `r-${randomId()}`, ok, words, failed: inspection.checks.length > 0 ? failed : [] };
    const path = `/inspections/${inspection.id}/reports`;
    await write({ id: body.id, topic: "inspection", title: inspection.title, path, body, photos });
    await forget();
    navigate("/worker/rounds");
  };
  return (
    <article class="card">
      <h1>{inspection.title}</h1>
      <p class="quiet-text">
        {[word("inspection_kind", inspection.kind), t("rounds.due", { at: date(inspection.due_at) })].join(" · ")}
      </p>
      <ul class="checks">
        {checks.map((check) => (
          <li key={check}>
            <Check name={check} verdict={verdicts[check]} onSay={(verdict) => setVerdicts({ ...verdicts, [check]: verdict })} />
          </li>
        ))}
      </ul>
      {left > 1 ? (
        <button
          class="button"
          onClick={() => setVerdicts({ ...Object.fromEntries(checks.map((check) => [check, "fine" as const])), ...verdicts })}
        >
          {t("rounds.rest_fine", { n: left })}
        </button>
      ) : null}
      <label>
        {t(ok ? "rounds.words" : "rounds.words_wrong")}
        <textarea rows={2} maxLength={2000} value={note} onInput={(event) => change({ note: event.currentTarget.value })} />
      </label>
      {inspection.kind === CARE ? (
        <p class="note left">{t("rounds.no_photos")}</p>
      ) : (
        <Photos photos={photos} change={(next) => change({ photos: next(now.current.photos) })} label={t("diary.photo")} />
      )}
      {ok ? null : <p class="quote">{t("rounds.makes_case")}</p>}
      <button class="button primary big" disabled={left > 0 || unsaid} onClick={() => void send()}>
        {left > 0 ? t("rounds.left", { n: left }) : t(ok ? "rounds.send_fine" : "rounds.send_wrong", { n: failed.length })}
      </button>
      {kept && (words !== "" || photos.length > 0) ? <p class="note">{t("worker.draft_kept")}</p> : null}
    </article>
  );
}

function Check({ name, verdict, onSay }: { name: string; verdict: Verdict | undefined; onSay: (verdict: Verdict) => void }) {
  return (
    <fieldset class="check">
      <legend>{name}</legend>
      {(["fine", "wrong"] as const).map((each) => (
        <label key={each} class="chip">
          <input type="radio" name={`check ${name}`} checked={verdict === each} onChange={() => onSay(each)} />
          <span>{t(`rounds.${each}`)}</span>
        </label>
      ))}
    </fieldset>
  );
}
