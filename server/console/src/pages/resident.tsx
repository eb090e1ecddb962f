/** 码上就办: what somebody sees who has scanned a code on a wall. Choose, show, send. */

import { useEffect, useRef, useState } from "preact/hooks";
import { passes } from "../api/client";
import type { PageProps } from "../app";
import { LanguageSwitch } from "../components/language-switch";
import { Show, useLoad } from "../components/load";
import { explain } from "../live/notices";
import { type Draft, anew, fresh, keep, kept } from "../resident/draft";
import { OpenHere } from "../resident/open-here";
import { KindPicture } from "../resident/pictures";
import { type Place, place, report } from "../resident/reports";
import { inLanguage, t } from "../text/i18n";
import { UnreadablePhoto, preparePhoto } from "../worker/photo";
import "../styles/resident.css";

export default function ResidentPage({ params }: PageProps) {
  const code = params["code"] ?? "";
  const found = useLoad(() => place(code), code);
  return (
    <main class="resident">
      <h1>{t("resident.title")}</h1>
      <Show of={found}>{(known) => <Report place={known} />}</Show>
      <footer>
        <LanguageSwitch />
      </footer>
    </main>
  );
}

function Report({ place: known }: { place: Place }) {
  const [draft, setDraft] = useState(() => kept(known.code));
  const { kind, words, tracking } = draft;
  const now = useRef(draft);
  const change = (part: Partial<Draft>) => {
    now.current = { ...now.current, ...part };
    setDraft(now.current);
    keep(known.code, now.current);
  };
  /** They say something else. */
  const say = (part: Partial<Draft>) => change({ ...anew(now.current), ...part });
  const [photos, setPhotos] = useState<readonly Blob[]>([]);
  const [busy, setBusy] = useState(false);
  const [reading, setReading] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const show = (next: readonly Blob[]) => {
    setPhotos(next);
    say({});
  };
  const add = async (files: readonly File[]) => {
    setError(null);
    setReading(true);
    try {
      const room = known.max_photos - photos.length;
      show([...photos, ...(await Promise.all(files.slice(0, room).map(preparePhoto)))]);
      if (files.length > room) setError(t("resident.too_many", { most: known.max_photos, n: files.length - room }));
    } catch (reason) {
      setError(reason instanceof UnreadablePhoto ? t("resident.unreadable") : explain(reason));
    } finally {
      setReading(false);
    }
  };
  const send = async () => {
    if (kind === null) return;
    setBusy(true);
    setError(null);
    try {
      change({ tracking: await report(known.code, { kind, words, photos }, draft.key) });
    } catch (reason) {
      if (passes(reason)) change({ tried: true });
      setError(`${explain(reason)} ${t("resident.kept")}`);
    } finally {
      setBusy(false);
    }
  };
  const another = () => {
    setPhotos([]);
    change(fresh());
  };
  if (tracking !== null) return <Sent tracking={tracking} onAnother={another} />;
  return (
    <>
      <p class="where">{[known.site, known.grid, known.name].filter(Boolean).join(" · ")}</p>
      <OpenHere code={known.code} reports={known.open_reports} />
      <fieldset>
        <legend>{t("resident.what")}</legend>
        <div class="kinds">
          {known.kinds.map((each) => (
            <button
              key={each.kind}
              type="button"
              class="button kind"
              aria-pressed={kind === each.kind}
              disabled={busy || reading}
              onClick={() => say({ kind: each.kind })}
            >
              <KindPicture kind={each.kind} />
              {inLanguage(each)}
            </button>
          ))}
        </div>
      </fieldset>
      {kind === "fire" ? (
        <p class="call" role="alert">
          {t("resident.call")}{" "}
          <a class="button small" href="tel:119">
            119
          </a>
        </p>
      ) : null}
      <label class="button big">
        {t("resident.photo", { n: photos.length, most: known.max_photos })}
        <input
          class="unseen"
          type="file"
          accept="image/*"
          multiple
          disabled={busy || reading || photos.length >= known.max_photos}
          onChange={(event) => {
            void add([...(event.currentTarget.files ?? [])]);
            // The same picture may be chosen again.
            event.currentTarget.value = "";
          }}
        />
      </label>
      {reading ? <p class="quiet-text">{t("resident.reading")}</p> : null}
      <Thumbnails photos={photos} fixed={busy || reading} onRemove={(gone) => show(photos.filter((photo) => photo !== gone))} />
      <label>
        {t("resident.words")}
        <textarea
          rows={3}
          maxLength={2000}
          value={words}
          disabled={busy}
          onInput={(event) => say({ words: event.currentTarget.value })}
        />
      </label>
      <p class="form-error" role="alert">
        {error}
      </p>
      <button
        class="button primary big"
        disabled={busy || reading || kind === null || (words.trim() === "" && photos.length === 0)}
        onClick={() => void send()}
      >
        {t(busy ? "resident.sending" : "resident.send")}
      </button>
      <p class="quiet-text">{t(kind === null ? "resident.choose_first" : "resident.privacy")}</p>
    </>
  );
}

interface ThumbnailsProps {
  photos: readonly Blob[];
  /** While they are sent, or more are read. */
  fixed: boolean;
  onRemove: (photo: Blob) => void;
}

function Thumbnails({ photos, fixed, onRemove }: ThumbnailsProps) {
  const [urls, setUrls] = useState<readonly string[]>([]);
  useEffect(() => {
    const made = photos.map((photo) => URL.createObjectURL(photo));
    setUrls(made);
    return () => made.forEach((url) => URL.revokeObjectURL(url));
  }, [photos]);
  return (
    <div class="thumbnails">
      {urls.map((url, number) => (
        <figure key={url}>
          <img src={url} alt={t("resident.photo_alt", { n: number + 1 })} />
          <button
            type="button"
            class="button small"
            disabled={fixed}
            aria-label={t("resident.remove_of", { n: number + 1 })}
            onClick={() => onRemove(photos[number] as Blob)}
          >
            {t("resident.remove")}
          </button>
        </figure>
      ))}
    </div>
  );
}

function Sent({ tracking, onAnother }: { tracking: string; onAnother: () => void }) {
  return (
    <div role="status" class="sent">
      <h2>{t("resident.sent")}</h2>
      <p>{t("resident.tracking")}</p>
      <p class="tracking">
        <code>{tracking}</code>
      </p>
      <a class="button primary big" href={`/track/${tracking}`}>
        {t("resident.follow")}
      </a>
      <p class="quiet-text">{t("resident.keep")}</p>
      <button class="button big" onClick={onAnother}>
        {t("resident.another")}
      </button>
    </div>
  );
}
