import { useEffect, useRef } from "preact/hooks";
import { QUIET_MIN } from "../live/board";
import { TourAgain } from "./tour";
import { t } from "../text/i18n";

const KEYS = ["j", "k", "r", "f", "d", "m", "s", "p", "n", "q", "w", "find", "u", "esc"] as const;
const NAMES: Partial<Record<(typeof KEYS)[number], string>> = { esc: "Esc", find: "/" };

/** All keys. */
export function KeysHelp({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="keys" aria-label={t("keys.title")} onClose={onClose}>
      <h2>{t("keys.title")}</h2>
      <dl>
        {KEYS.map((key) => (
          <div key={key}>
            <dt>
              <kbd>{NAMES[key] ?? key.toUpperCase()}</kbd>
            </dt>
            <dd>{t(`keys.${key}`, { minutes: QUIET_MIN })}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog" class="buttons">
        <TourAgain name="control" />
        <button class="button" autofocus>
          {t("action.hide")}
        </button>
      </form>
    </dialog>
  );
}
