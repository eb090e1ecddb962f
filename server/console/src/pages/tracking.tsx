/** What has become of a resident's report, in plain words, and how content they are. */

import { useState } from "preact/hooks";
import type { PageProps } from "../app";
import { LanguageSwitch } from "../components/language-switch";
import { Show, useLoad } from "../components/load";
import { explain } from "../live/notices";
import { Face } from "../resident/pictures";
import { type Followed, follow, rate } from "../resident/reports";
import { dayTime } from "../text/format";
import { inLanguage, t } from "../text/i18n";
import { CONTENT_FROM, ratingName, SCORES } from "../text/rating";
import "../styles/resident.css";

export default function TrackingPage({ params }: PageProps) {
  const tracking = params["tracking"] ?? "";
  const found = useLoad(() => follow(tracking), tracking);
  return (
    <main class="resident">
      <h1>{t("resident.title")}</h1>
      <Show of={found}>{(told) => <Progress told={told} tracking={tracking} rated={found.set} />}</Show>
      {found.value === null ? null : (
        <button class="button big" onClick={found.reload}>
          {t("resident.refresh")}
        </button>
      )}
      <footer>
        <LanguageSwitch />
      </footer>
    </main>
  );
}

function Progress({ told: shown, tracking, rated }: { told: Followed; tracking: string; rated: (told: Followed) => void }) {
  return (
    <>
      <p class="where">
        {shown.place} · {inLanguage({ text_zh: shown.kind_zh, text_en: shown.kind_en })}
      </p>
      <h2 class="standing">{inLanguage(shown)}</h2>
      <ol class="milestones">
        {shown.milestones.map((each) => (
          <li key={`${each.progress} ${each.at}`}>
            <strong>{inLanguage(each)}</strong> <time dateTime={each.at}>{dayTime(each.at, shown.timezone)}</time>
          </li>
        ))}
      </ol>
      {shown.can_rate ? <Rating tracking={tracking} rated={rated} /> : null}
      {shown.score === null ? null : (
        <p role="status">{t(shown.score < CONTENT_FROM ? "resident.rated_low" : "resident.rated", { rating: ratingName(shown.score) })}</p>
      )}
    </>
  );
}

function Rating({ tracking, rated }: { tracking: string; rated: (told: Followed) => void }) {
  const [words, setWords] = useState("");
  const [error, setError] = useState<string | null>(null);
  const say = (score: number) => {
    setError(null);
    rate(tracking, score, words.trim()).then(rated, (reason: unknown) => setError(explain(reason)));
  };
  return (
    <fieldset>
      <legend>{t("resident.rate")}</legend>
      <label>
        {t("resident.rate_words")}
        <textarea rows={2} maxLength={500} value={words} onInput={(event) => setWords(event.currentTarget.value)} />
      </label>
      <div class="scores">
        {SCORES.map((score) => (
          <button key={score} class="button kind" onClick={() => say(score)}>
            <Face score={score} />
            {t(`resident_score.${score}`)}
          </button>
        ))}
      </div>
      <p class="form-error" role="alert">
        {error}
      </p>
    </fieldset>
  );
}
