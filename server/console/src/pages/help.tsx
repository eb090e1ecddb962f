/** 求助: I am at a case and need hands, or am in trouble. */

import { useState } from "preact/hooks";
import { Empty } from "../components/empty";
import { Grade } from "../components/grade";
import { navigate } from "../router";
import { t } from "../text/i18n";
import { caseTitle } from "../text/title";
import { WorkerFrame } from "../worker/frame";
import { currentPlace } from "../worker/place";
import { JobState } from "../worker/step";
import { outbox, take, tasks } from "../worker/tasks";
import "../styles/rounds.css";

const NEEDS = ["hands", "skill", "calm"] as const;

export default function HelpPage() {
  return (
    <WorkerFrame>
      <h1>{t("call.title")}</h1>
      <Call />
    </WorkerFrame>
  );
}

function Call() {
  const open = (tasks.value ?? []).filter((item) => item.allowed.includes("help"));
  const [chosen, setChosen] = useState<string | null>(null);
  const [words, setWords] = useState("");
  const [busy, setBusy] = useState(false);
  if (open.length === 0) {
    return (
      <>
        <Empty title={t("call.none")}>{t("call.none_next")}</Empty>
        <a class="button big" href="/worker/alarm">
          {t("panic.title")}
        </a>
      </>
    );
  }
  // Where somebody is at work now comes first.
  const item = open.find((each) => each.id === chosen) ?? open.find((each) => each.state === "on_scene") ?? open[0];
  if (item === undefined) return null;
  const job = outbox.jobOf(`${item.id}/help`);
  const send = async () => {
    setBusy(true);
    const place = await currentPlace();
    const said = words.trim();
    await take(item, "help", { fields: said === "" ? {} : { note: said }, place });
    navigate(`/worker/cases/${item.id}`);
  };
  return (
    <div class="card">
      <fieldset class="which">
        <legend>{t("call.which")}</legend>
        {open.map((each) => (
          <label key={each.id} class="choice">
            <input type="radio" name="case" checked={each.id === item.id} onChange={() => setChosen(each.id)} />
            <span>
              <Grade severity={each.severity} bare /> {caseTitle(each)} <span class="quiet-text">{each.number}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <div class="chips">
        {NEEDS.map((each) => (
          <button key={each} type="button" class="button" onClick={() => setWords(t(`call.${each}`))}>
            {t(`call.${each}`)}
          </button>
        ))}
      </div>
      <label>
        {t("call.words")}
        <textarea rows={2} maxLength={500} value={words} onInput={(event) => setWords(event.currentTarget.value)} />
      </label>
      {job === undefined ? (
        <button class="button primary big" disabled={busy} onClick={() => void send()}>
          {t(busy ? "worker.locating" : "call.send")}
        </button>
      ) : (
        <JobState job={job} />
      )}
      <p class="quiet-text">{t("call.tells")}</p>
    </div>
  );
}
