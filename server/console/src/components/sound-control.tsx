import { type Board, QUIET_MIN } from "../live/board";
import { blocked, setVolume, tryOut, volume } from "../live/sound";
import { t } from "../text/i18n";

/** How loud red and a lost connection are, and the way to quiet what sounds now. */
export function SoundControl({ board }: { board: Board }) {
  const count = board.sounding.value.length;
  const quieted = board.quieted.value.length;
  const off = volume.value === 0;
  return (
    <div class="sound">
      <label>
        {t(off ? "sound.off" : "sound.volume")}
        <input
          type="range"
          min={0}
          max={100}
          step={10}
          value={volume.value}
          onInput={(event) => setVolume(event.currentTarget.valueAsNumber)}
          onChange={(event) => {
            tryOut();
            // The keys are the list's again.
            event.currentTarget.blur();
          }}
        />
      </label>
      {count === 0 || off ? null : (
        <button class="button small" onClick={() => board.hush()}>
          {t("sound.hush", { n: count })} <kbd>Q</kbd>
        </button>
      )}
      {quieted === 0 || off ? null : <p class="note">{t("sound.quieted", { n: quieted, minutes: QUIET_MIN })}</p>}
      {off ? <p class="note">{t("sound.off_deaf")}</p> : null}
      {blocked.value && !off ? <p class="note">{t("sound.blocked")}</p> : null}
    </div>
  );
}
