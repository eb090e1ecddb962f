/** 一键告警: hold the button for a second; five more to take it back. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { DangerKind } from "../api/rounds";
import type { Place } from "../api/models";
import { t } from "../text/i18n";
import { WorkerFrame } from "../worker/frame";
import { HELD_MS } from "../worker/outbox";
import { currentPlace } from "../worker/place";
import { JobState } from "../worker/step";
import { outbox, randomId, write } from "../worker/tasks";
import "../styles/rounds.css";

const HOLD_MS = 1_000;
const TICK_MS = 200;
/** Who else comes, by what the matter is. */
const CALL: Readonly<Record<DangerKind, string>> = { danger: "110", fire: "119", medical: "120" };
const KINDS: readonly DangerKind[] = ["danger", "fire", "medical"];

export default function AlarmButtonPage() {
  return (
    <WorkerFrame>
      <h1>{t("panic.title")}</h1>
      <Panic />
    </WorkerFrame>
  );
}

function Panic() {
  const [kind, setKind] = useState<DangerKind>("danger");
  /** The alarm that was raised on this page, until it is taken back. */
  const [mine, setMine] = useState<{ id: string; until: number } | null>(null);
  const place = useRef<Place | undefined>(undefined);
  useEffect(() => {
    void currentPlace().then((found) => {
      place.current = found;
    });
  }, []);
  const raise = () => {
    const until = Date.now() + HELD_MS;
    const id = `b-${randomId()}`;
    setMine({ id, until });
    void write({
      id,
      topic: "button",
      title: t(`danger_kind.${kind}`),
      path: "/alarm-button",
      body: { kind },
      place: place.current,
      heldUntil: until,
    });
  };
  const job = mine === null ? undefined : outbox.jobOf(mine.id);
  const drop = () => {
    if (mine !== null) void outbox.drop(mine.id);
    setMine(null);
  };
  return (
    <div class="panic">
      {mine === null ? (
        <>
          <fieldset class="chips three">
            <legend class="unseen">{t("panic.what")}</legend>
            {KINDS.map((each) => (
              <label key={each} class="chip">
                <input type="radio" name="danger" checked={kind === each} onChange={() => setKind(each)} />
                <span>{t(`danger_kind.${each}`)}</span>
              </label>
            ))}
          </fieldset>
          <HoldButton onHeld={raise} />
          <p class="quiet-text center">{t("panic.tells")}</p>
        </>
      ) : job?.state === "held" ? (
        <Countdown until={mine.until} onCancel={drop} onNow={() => outbox.release(mine.id)} />
      ) : job !== undefined ? (
        <JobState job={job} />
      ) : (
        <div class="card" role="status">
          <p>
            <strong>{t("panic.sent")}</strong>
          </p>
          <p>{t("panic.sent_next")}</p>
          <button class="button" onClick={() => setMine(null)}>
            {t("panic.another")}
          </button>
        </div>
      )}
      <a class="button big" href={`tel:${CALL[kind]}`}>
        {t("panic.call", { number: CALL[kind] })}
      </a>
    </div>
  );
}

/** A finger has to rest on it; by keyboard or screen reader, where nothing is pressed by mistake, a press is enough. */
function HoldButton({ onHeld }: { onHeld: () => void }) {
  const [holding, setHolding] = useState(false);
  const [short, setShort] = useState(false);
  const timer = useRef<number | undefined>(undefined);
  const down = () => {
    setHolding(true);
    setShort(false);
    timer.current = window.setTimeout(onHeld, HOLD_MS);
  };
  const up = () => {
    if (holding) setShort(true);
    setHolding(false);
    window.clearTimeout(timer.current);
  };
  useEffect(() => () => window.clearTimeout(timer.current), []);
  return (
    <>
      <button
        class={holding ? "hold holding" : "hold"}
        onPointerDown={down}
        onPointerUp={up}
        onPointerLeave={up}
        onPointerCancel={up}
        onContextMenu={(event) => event.preventDefault()}
        onClick={(event) => {
          if (event.detail === 0) onHeld();
        }}
      >
        <strong>{t("panic.hold")}</strong>
        <span>{t("panic.second")}</span>
      </button>
      <p class="note" role="status">
        {short ? t("panic.too_short") : null}
      </p>
    </>
  );
}

function Countdown({ until, onCancel, onNow }: { until: number; onCancel: () => void; onNow: () => void }) {
  const [left, setLeft] = useState(HELD_MS);
  useEffect(() => {
    const tick = window.setInterval(() => setLeft(Math.max(0, until - Date.now())), TICK_MS);
    return () => window.clearInterval(tick);
  }, [until]);
  return (
    <div class="card countdown" role="alertdialog" aria-label={t("panic.title")}>
      <p class="big-number" aria-hidden="true">
        {Math.ceil(left / 1000)}
      </p>
      <p>{t("panic.will_send")}</p>
      <button class="button big" onClick={onCancel} autofocus>
        {t("action.cancel")}
      </button>
      <button class="button primary big" onClick={onNow}>
        {t("panic.now")}
      </button>
    </div>
  );
}
