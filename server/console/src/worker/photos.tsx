import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../text/i18n";
import { drawInto, preparePhoto, UnreadablePhoto } from "./photo";

interface PhotosProps {
  photos: readonly Blob[];
  /** Takes the pictures as they are when it is called. */
  change: (next: (held: readonly Blob[]) => readonly Blob[]) => void;
  /** What the button is called as long as there is none. */
  label: string;
  /** The page's main step as long as there is none. */
  primary?: boolean;
  most?: number;
  /** True while pictures are read that are not among `photos` yet. */
  onReading?: (reading: boolean) => void;
}

/** Pictures that go with something: taking them, looking at them, and taking them out again. */
export function Photos({ photos, change, label, primary = false, most = 9, onReading }: PhotosProps) {
  const { reading, error, take } = useCamera((made) => change((held) => [...held, ...made].slice(0, most)), onReading);
  const none = photos.length === 0;
  return (
    <>
      {photos.length < most ? (
        <Shutter big={primary && none} label={none ? label : t("worker.photo_more")} onFiles={take} />
      ) : null}
      {reading ? <p class="note">{t("worker.reading")}</p> : null}
      <p class="form-error" role="alert">
        {error}
      </p>
      {none ? null : <Thumbs photos={photos} onRemove={(gone) => change((held) => held.filter((photo) => photo !== gone))} />}
    </>
  );
}

/** Taking one picture in the place of one that was lost. */
export function TakeAgain({ onTaken }: { onTaken: (photo: Blob) => void }) {
  const { reading, error, take } = useCamera(([photo]) => photo && onTaken(photo));
  return (
    <>
      <Shutter big={false} label={t(reading ? "worker.reading" : "worker.photo_again")} onFiles={take} />
      {error === null ? null : <p class="form-error">{error}</p>}
    </>
  );
}

/** Reads what was taken, and tells what could not be read. */
function useCamera(onTaken: (made: readonly Blob[]) => void, onReading?: (reading: boolean) => void) {
  const [reading, setReadingHere] = useState(false);
  const setReading = (now: boolean) => {
    setReadingHere(now);
    onReading?.(now);
  };
  const [error, setError] = useState<string | null>(null);
  const read = async (files: FileList | null) => {
    setError(null);
    setReading(true);
    try {
      onTaken(await Promise.all(Array.from(files ?? [], preparePhoto)));
    } catch (reason) {
      if (!(reason instanceof UnreadablePhoto)) throw reason;
      setError(t("worker.photo_unreadable"));
    } finally {
      setReading(false);
    }
  };
  return { reading, error, take: (files: FileList | null) => void read(files) };
}

/** Opens the phone's camera; on a computer, a file picker. */
function Shutter({ big, label, onFiles }: { big: boolean; label: string; onFiles: (files: FileList | null) => void }) {
  return (
    <label class={big ? "button primary big" : "button big"}>
      {label}
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
