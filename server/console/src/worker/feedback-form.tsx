import { useState } from "preact/hooks";
import type { CaseDetail } from "../api/models";
import { t } from "../text/i18n";
import { useDraft } from "./draft";
import { Photos } from "./photos";
import { currentPlace } from "./place";
import { take as takeStep } from "./tasks";

/** Photo first, words if they help. */
export function FeedbackForm({ item }: { item: CaseDetail }) {
  const { photos, note, kept, now, change, forget } = useDraft(item.id);
  const [locating, setLocating] = useState(false);
  const [reading, setReading] = useState(false);
  const send = async () => {
    setLocating(true);
    const place = await currentPlace();
    const fields = note.trim() === "" ? {} : { note: note.trim() };
    await takeStep(item, "feedback", { fields, photos, place });
    await forget();
  };
  const ready = photos.length > 0;
  return (
    <div class="feedback">
      <Photos
        photos={photos}
        change={(next) => change({ photos: next(now.current.photos) })}
        label={t("step.feedback")}
        primary
        most={20}
        onReading={setReading}
      />
      {ready ? (
        <>
          <label>
            {t("worker.note")}
            <textarea rows={2} maxLength={500} value={note} onInput={(event) => change({ note: event.currentTarget.value })} />
          </label>
          <button class="button primary big" disabled={locating || reading} onClick={() => void send()}>
            {t(locating ? "worker.locating" : "worker.submit", { n: photos.length })}
          </button>
        </>
      ) : null}
      {ready && kept ? <p class="note">{t("worker.draft_kept")}</p> : null}
    </div>
  );
}
