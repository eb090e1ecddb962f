/** 交接班: what goes over to whom, and both sign. */

import { useEffect, useState } from "preact/hooks";
import * as cases from "../api/endpoints";
import * as api from "../api/hand-overs";
import type { Case, CaseState, User } from "../api/models";
import { Limit } from "../components/clocks";
import { Empty } from "../components/empty";
import { Grade } from "../components/grade";
import { HandOverForm } from "../components/hand-over-form";
import { type Loaded, Show, useLoad } from "../components/load";
import { Shell } from "../components/shell";
import { takeFocus } from "../components/take-focus";
import { follow } from "../live/live";
import { attempt, tell } from "../live/notices";
import { inControl, user } from "../live/session";
import { dayTime } from "../text/format";
import { t } from "../text/i18n";
import { caseTitle } from "../text/title";
import { WorkerFrame } from "../worker/frame";
import "../styles/panel.css";
import "../styles/hand-over.css";

/** What the control room has in hand: what waits for it. */
const DESK: readonly CaseState[] = ["new", "confirmed", "feedback", "verifying"];
/** What somebody who was sent has in hand. */
const FIELD: readonly CaseState[] = ["dispatched", "accepted", "on_scene", "rework", "suspended"];
/** A signature by somebody else moves no message of the feed. */
const LOOK_AGAIN_MS = 10_000;
const DAY_MS = 24 * 3_600_000;

export default function HandOverPage() {
  const person = user.value;
  if (!person) return null;
  return inControl(person) ? (
    <Shell>
      <HandOvers me={person} />
    </Shell>
  ) : (
    <WorkerFrame>
      <HandOvers me={person} />
    </WorkerFrame>
  );
}

function HandOvers({ me }: { me: User }) {
  const desk = inControl(me);
  const found = useLoad(api.handOvers, "hand-overs");
  const inHand = useLoad(() => cases.casesIn(desk ? DESK : FIELD, !desk), "in hand");
  const reload = () => {
    found.reload();
    inHand.reload();
  };
  useEffect(() => follow((message) => message.case && inHand.reload(), reload), []);
  useEffect(() => {
    const timer = window.setInterval(found.reload, LOOK_AGAIN_MS);
    return () => window.clearInterval(timer);
  }, []);
  return (
    <div class="hand">
      <h1>{t("hand.title")}</h1>
      <Show of={found}>
        {(all) => (
          <>
            {all.filter((each) => each.state === "offered" && each.taker.id === me.id).map((each) => (
              <Offered key={each.id} held={each} onDone={reload} />
            ))}
            <Giving me={me} all={all} inHand={inHand} onDone={reload} />
            <History all={all} />
          </>
        )}
      </Show>
    </div>
  );
}

/** What somebody hands over to the person who looks. */
function Offered({ held, onDone }: { held: api.HandOver; onDone: () => void }) {
  const [declining, setDeclining] = useState(false);
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const answer = (send: () => Promise<api.HandOver>, said: string) => {
    if (busy) return;
    setBusy(true);
    void attempt(async () => {
      await send();
      tell(said);
    }).finally(() => {
      setBusy(false);
      onDone();
    });
  };
  const decline = (event: Event) => {
    event.preventDefault();
    answer(() => api.declineHandOver(held.id, reason.trim()), t("hand.declined_done", { name: held.giver.name }));
  };
  return (
    <section class="panel offered" aria-labelledby={held.id}>
      <h2 id={held.id}>{t("hand.offered", { name: held.giver.name })}</h2>
      <Content held={held} />
      <div class="buttons">
        <button class="button primary" disabled={busy} onClick={() => answer(() => api.signHandOver(held.id), t("hand.taken"))}>
          {t("hand.sign")}
        </button>
        <button class="button" disabled={busy} aria-expanded={declining} onClick={() => setDeclining(!declining)}>
          {t("hand.decline")}
        </button>
      </div>
      {declining ? (
        <form class="words" onSubmit={decline}>
          <label>
            {t("case.reason")}
            <textarea rows={2} maxLength={500} value={reason} onInput={(event) => setReason(event.currentTarget.value)} ref={takeFocus} />
          </label>
          <button class="button" disabled={busy || reason.trim() === ""}>
            {t("hand.decline")}
          </button>
        </form>
      ) : null}
    </section>
  );
}

interface GivingProps {
  me: User;
  all: readonly api.HandOver[];
  inHand: Loaded<{ items: Case[]; more: boolean }>;
  onDone: () => void;
}

/** One's own: the form, or the wait for the other's signature. */
function Giving({ me, all, inHand, onDone }: GivingProps) {
  const mine = all.find((each) => each.state === "offered" && each.giver.id === me.id);
  return (
    <section class="panel" aria-labelledby="hand-giving">
      {mine === undefined ? (
        <>
          <h2 id="hand-giving">{t("hand.give")}</h2>
          <Show of={inHand}>{({ items }) => <HandOverForm cases={items} desk={inControl(me)} onDone={onDone} />}</Show>
        </>
      ) : (
        <>
          <h2 id="hand-giving">{t("hand.waits", { name: mine.taker.name })}</h2>
          <p>
            {t("hand.lapses")} <Limit item={{ due_at: new Date(Date.parse(mine.given_at) + DAY_MS).toISOString() }} />
          </p>
          <Content held={mine} />
        </>
      )}
    </section>
  );
}

/** What both sign. */
function Content({ held }: { held: api.HandOver }) {
  const hidden = held.cases.length - held.shown.length;
  const control = user.value ? inControl(user.value) : false;
  return (
    <>
      {held.note === "" ? null : <p class="quote hand-note">{held.note}</p>}
      <h3>{t("hand.what", { n: held.cases.length })}</h3>
      <ul class="hand-cases">
        {held.shown.map((item) => (
          <li key={item.id}>
            <Grade severity={item.severity} bare />
            {control ? <a href={`/cases/${item.id}`}>{caseTitle(item)}</a> : <span>{caseTitle(item)}</span>}
            <span class="quiet-text">
              {item.number} · {t(`case_state.${item.state}`)}
            </span>
          </li>
        ))}
        {hidden === 0 ? null : <li class="quiet-text">{t("hand.hidden", { n: hidden })}</li>}
      </ul>
      <p class="quiet-text">
        SHA-256 <code title={held.sha256}>{held.sha256.slice(0, 16)}</code>
      </p>
    </>
  );
}

/** Signatures of the last time, newest first. */
function History({ all }: { all: readonly api.HandOver[] }) {
  const past = all.filter((each) => each.state !== "offered");
  return (
    <section class="hand-history" aria-labelledby="hand-history">
      <h2 id="hand-history">{t("hand.history")}</h2>
      {past.length === 0 ? <Empty title={t("hand.none")}>{t("hand.none_next")}</Empty> : null}
      <ul>
        {past.map((each) => (
          <li key={each.id}>
            <details>
              <summary>
                <span>
                  {each.giver.name} → {each.taker.name}
                </span>{" "}
                <span class="need">{t(`hand_state.${each.state}`)}</span>{" "}
                <time class="quiet-text" dateTime={each.given_at}>
                  {dayTime(each.given_at)}
                </time>
              </summary>
              <p class="quiet-text">{signatures(each)}</p>
              <Content held={each} />
            </details>
          </li>
        ))}
      </ul>
    </section>
  );
}

function signatures(each: api.HandOver): string {
  const gave = t("hand.signed_by", { name: each.giver.name, at: dayTime(each.given_at) });
  if (each.answered_at === null) return gave;
  const at = dayTime(each.answered_at);
  const took =
    each.declined === null
      ? t("hand.signed_by", { name: each.taker.name, at })
      : t("hand.declined_by", { name: each.taker.name, at, reason: each.declined });
  return `${gave} · ${took}`;
}
