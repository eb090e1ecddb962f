import { useState } from "preact/hooks";
import * as api from "../api/endpoints";
import * as rules from "../api/rules";
import type { Alarm } from "../api/models";
import type { Board } from "../live/board";
import { now } from "../live/clock";
import { attempt, tell } from "../live/notices";
import { clockTime } from "../text/format";
import { t, word } from "../text/i18n";
import { takeFocus } from "./take-focus";

const MINUTES = [30, 120, 480] as const;

/** What the dispatcher silences for nobody. */
export const NEVER_SILENT = "fire_smoke";

interface SilenceFormProps {
  board: Board;
  alarm: Alarm;
  onDone: () => void;
}

/** Quiet for alarms of this kind from this camera, for a while and for a reason. They are kept all the same. */
export function SilenceForm({ board, alarm, onDone }: SilenceFormProps) {
  const [minutes, setMinutes] = useState<number>(MINUTES[0]);
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const refresh = async () => board.putAlarm(await api.alarm(alarm.id));
  const submit = (event: Event) => {
    event.preventDefault();
    setBusy(true);
    void attempt(async () => {
      const ends_at = new Date(now.value + minutes * 60_000).toISOString();
      const made = await rules.addSilence({
        kind: "silence",
        reason: reason.trim(),
        ends_at,
        scenario: alarm.scenario,
        gateway: alarm.gateway,
        camera: alarm.camera.id,
      });
      await refresh();
      tell(t("silence_form.done", { at: clockTime(ends_at) }), async () => {
        await rules.endSilence(made.id);
        await refresh();
        tell(t("silence_form.undone"));
      });
      onDone();
    }).finally(() => setBusy(false));
  };
  return (
    <form class="words panel" onSubmit={submit} onKeyDown={(event) => (event.key === "Escape" ? onDone() : undefined)}>
      <p>{t("silence_form.what", { scenario: word("scenario", alarm.scenario), camera: alarm.camera.name })}</p>
      <div class="buttons" role="group" aria-label={t("silence_form.span")}>
        {MINUTES.map((each) => (
          <button key={each} type="button" class="button small" aria-pressed={minutes === each} onClick={() => setMinutes(each)}>
            {each < 60 ? t("silence_form.minutes", { n: each }) : t("silence_form.hours", { n: each / 60 })}
          </button>
        ))}
      </div>
      <label>
        {t("case.reason")}
        <input maxLength={500} value={reason} onInput={(event) => setReason(event.currentTarget.value)} ref={takeFocus} />
      </label>
      <button class="button primary" disabled={busy || reason.trim() === ""}>
        {t("silence_form.go")}
      </button>
    </form>
  );
}
