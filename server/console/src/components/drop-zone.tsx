import { useRef, useState } from "preact/hooks";
import { t } from "../text/i18n";

interface Asked {
  busy: boolean;
  title: string;
  kinds: string;
  /** Endings, as an input of files takes them. */
  accept: string;
  multiple?: boolean;
  /** What is wrong with the files, in words; null: nothing. */
  fault: (files: readonly File[]) => string | null;
  onChoose: (files: readonly File[]) => void;
}

/** Where files are dropped or chosen; what is wrong with them is said below. */
export function DropZone({ busy, title, kinds, accept, multiple = false, fault, onChoose }: Asked) {
  const [over, setOver] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const choose = (list: FileList | null) => {
    const chosen = [...(list ?? [])];
    const found = fault(chosen);
    setWrong(found);
    if (found === null && chosen.length > 0) onChoose(chosen);
    // The same file chosen again, mended meanwhile, is a new one.
    if (input.current !== null) input.current.value = "";
  };
  return (
    <>
      <label
        class={over ? "drop-zone over" : "drop-zone"}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          if (!busy) choose(event.dataTransfer?.files ?? null);
        }}
      >
        <strong>{title}</strong>
        <span class="quiet-text">{kinds}</span>
        <span class="button" aria-hidden="true">
          {t("estate.choose")}
        </span>
        <input ref={input} class="unseen" type="file" multiple={multiple} accept={accept} disabled={busy} onChange={(event) => choose(event.currentTarget.files)} />
      </label>
      <p class="form-error" role="alert">
        {wrong}
      </p>
    </>
  );
}
