/** 码上就办: what somebody sees who has scanned a code on a wall. Choose, show, send. */

import { useEffect, useState } from "preact/hooks";
import type { PageProps } from "../app";
import { LanguageSwitch } from "../components/language-switch";
import { Show, useLoad } from "../components/load";
import { explain } from "../live/notices";
import { type Draft, fresh, keep, kept } from "../resident/draft";
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
  const change = (part: Partial<Draft>) => {
    setDraft((held) => ({ ...held, ...part }));
    keep(known.code, { ...draft, ...part });
  };
  const [photos, setPhotos] = useState<readonly Blob[]>([]);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const add = async (files: FileList | null) => {
    setError(null);
    try {
      const made = await Promise.all([...(files ?? [])].map(preparePhoto));
      setPhotos((held) => [...held, ...made].slice(0, known.max_photos));
    } catch (reason) {
      setError(reason instanceof UnreadablePhoto ? t("resident.unreadable") : explain(reason));
    }
  };
  const send = async () => {
    if (kind === null) return;
    setBusy(true);
    setError(null);
    try {
      change({ tracking: await report(known.code, { kind, words, photos }, draft.key) });
    } catch (reason) {
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
      <fieldset>
        <legend>{t("resident.what")}</legend>
        <div class="kinds">
          {known.kinds.map((each) => (
            <button
              key={each.kind}
              type="button"
              class="button kind"
              aria-pressed={kind === each.kind}
              onClick={() => change({ kind: each.kind })}
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
          disabled={photos.length >= known.max_photos}
          onChange={(event) => void add(event.currentTarget.files)}
        />
      </label>
      <Thumbnails photos={photos} onRemove={(gone) => setPhotos(photos.filter((photo) => photo !== gone))} />
      <label>
        {t("resident.words")}
        <textarea rows={3} maxLength={2000} value={words} onInput={(event) => change({ words: event.currentTarget.value })} />
      </label>
      <p class="form-error" role="alert">
        {error}
      </p>
      <button
        class="button primary big"
        disabled={busy || kind === null || (words.trim() === "" && photos.length === 0)}
        onClick={() => void send()}
      >
        {t(busy ? "resident.sending" : "resident.send")}
      </button>
      <p class="quiet-text">{t(kind === null ? "resident.choose_first" : "resident.privacy")}</p>
    </>
  );
}

function Thumbnails({ photos, onRemove }: { photos: readonly Blob[]; onRemove: (photo: Blob) => void }) {
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
          <button type="button" class="button small" aria-label={t("resident.remove_of", { n: number + 1 })} onClick={() => onRemove(photos[number] as Blob)}>
            {t("resident.remove")}
          </button>
        </figure>
      ))}
    </div>
  );
}

function Sent({ tracking, onAnother }: { tracking: string; onAnother: () => void }) {
  return (
    <div role="status">
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
