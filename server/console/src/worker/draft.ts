import { useEffect, useRef, useState } from "preact/hooks";
import { user } from "../live/session";
import { type Draft, keepDraft, keptDraft } from "./shelf";

/**
 * Photos and words of something that is to be sent (`of`: a case's id, or the page), kept on the phone from the first on: many phones close the page to make room for
 * their camera.
 */
export function useDraft(of: string) {
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
    keepDraft(person, of, next).then(
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
    keptDraft(person, of).then(put, () => undefined);
  }, []);
  const forget = () => {
    const empty: Draft = { photos: [], note: "" };
    now.current = empty;
    setDraft(empty);
    return keepDraft(person, of, empty).catch(() => undefined);
  };
  return { ...draft, kept, now, change, forget };
}

/** How many photos of a draft wait on the phone to be sent; null: there is no draft. */
export function useWaitingDraft(of: string): number | null {
  const person = user.value?.id ?? "";
  const [photos, setPhotos] = useState<number | null>(null);
  useEffect(() => {
    const put = (found: Draft | undefined) => setPhotos(found === undefined || (found.photos.length === 0 && found.note === "") ? null : found.photos.length);
    keptDraft(person, of).then(put, () => undefined);
  }, [person, of]);
  return photos;
}
