import { useEffect, useRef, useState } from "preact/hooks";
import type { CaseDetail } from "../api/models";
import { user } from "../live/session";
import { t } from "../text/i18n";
import { drawInto, preparePhoto, UnreadablePhoto } from "./photo";
import { currentPlace } from "./place";
import { type Draft, keepDraft, keptDraft } from "./shelf";
import { take as takeStep } from "./tasks";

/**
 * Photos and words of a feedback, kept on the phone from the first on: many phones close the page to make room for
 * their camera.
 */
function useDraft(caseId: string) {
  const person = user.value?.id ?? "";
  const [draft, setDraft] = useState<Draft>({ photos: [], note: "" });
  /** Whether what is on the screen is safe. */
  const [kept, setKept] = useState(false);
  const now = useRef(draft);
  const change = (part: Partial<Draft>) => {
    const next = { ...now.current, ...part };
    now.current = next;
    setDraft(next);
    setKept(false);
    keepDraft(person, caseId, next).then(
      () => setKept(now.current === next),
      () => undefined,
    );
  };
  useEffect(() => {
    const put = (found: Draft | undefined) => {
      if (found === undefined) return;
      const { photos, note } = now.current;
      change({ photos: [...found.photos, ...photos], note: note === "" ? found.note : note });
    };
    keptDraft(person, caseId).then(put, () => undefined);
  }, []);
  const forget = () => keepDraft(person, caseId, { photos: [], note: "" }).catch(() => undefined);
  return { ...draft, kept, now, change, forget };
}

/** Photo first, words if they help. */
export function FeedbackForm({ item }: { item: CaseDetail }) {
  const { photos, note, kept, now, change, forget } = useDraft(item.id);
  const [state, setState] = useState<"idle" | "reading" | "locating">("idle");
  const [error, setError] = useState<string | null>(null);
  const take = async (files: FileList | null) => {
    setError(null);
    setState("reading");
    try {
      const made = await Promise.all(Array.from(files ?? [], preparePhoto));
      change({ photos: [...now.current.photos, ...made] });
    } catch (reason) {
      if (!(reason instanceof UnreadablePhoto)) throw reason;
      setError(t("worker.photo_unreadable"));
    } finally {
      setState("idle");
    }
  };
  const send = async () => {
    setState("locating");
    const place = await currentPlace();
    const fields = note.trim() === "" ? {} : { note: note.trim() };
    await takeStep(item, "feedback", { fields, photos, place });
    await forget();
  };
  const ready = photos.length > 0;
  return (
    <div class="feedback">
      <Shutter again={ready} onFiles={(files) => void take(files)} />
      <p class="form-error" role="alert">
        {error}
      </p>
      {ready ? <Thumbs photos={photos} onRemove={(gone) => change({ photos: photos.filter((photo) => photo !== gone) })} /> : null}
      {ready ? (
        <>
          <label>
            {t("worker.note")}
            <textarea rows={2} maxLength={500} value={note} onInput={(event) => change({ note: event.currentTarget.value })} />
          </label>
          <button class="button primary big" disabled={state !== "idle"} onClick={() => void send()}>
            {t(state === "locating" ? "worker.locating" : "worker.submit", { n: photos.length })}
          </button>
        </>
      ) : null}
      {ready && kept ? <p class="note">{t("worker.draft_kept")}</p> : null}
      {state === "reading" ? <p class="note">{t("worker.reading")}</p> : null}
    </div>
  );
}

/** Opens the phone's camera; on a computer, a file picker. */
function Shutter({ again, onFiles }: { again: boolean; onFiles: (files: FileList | null) => void }) {
  return (
    <label class={again ? "button big" : "button primary big"}>
      {t(again ? "worker.photo_more" : "step.feedback")}
      <input
        class="unseen"
        type="file"
        accept="image/*"
        capture="environment"
        onChange={(event) => {
          onFiles(event.currentTarget.files);
          // The same picture may be taken again.
          event.currentTarget.value = "";
        }}
      />
    </label>
  );
}

function Thumbs({ photos, onRemove }: { photos: readonly Blob[]; onRemove: (photo: Blob) => void }) {
  return (
    <ul class="thumbs">
      {photos.map((photo, index) => (
        <li key={index}>
          <Thumb photo={photo} />
          <button class="button small" onClick={() => onRemove(photo)}>
            {t("worker.photo_remove")}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Thumb({ photo }: { photo: Blob }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current !== null) void drawInto(canvas.current, photo);
  }, [photo]);
  return <canvas ref={canvas} width={320} height={180} aria-label={t("worker.photo")} role="img" />;
}
