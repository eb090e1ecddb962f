import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import * as api from "../api/endpoints";
import type { Alarm, Case, DismissReason } from "../api/models";
import type { Board } from "../live/board";
import { bindKeys } from "../live/keys";
import { dismiss, report, takeUp } from "../live/moves";
import { attempt } from "../live/notices";
import { needOf, type Row, severityOf } from "../live/rows";
import { sightingsOf } from "../live/sightings";
import { momentTime, span } from "../text/format";
import { t, word } from "../text/i18n";
import { Explain } from "./explain";
import { Grade } from "./grade";
import { LetIn } from "./let-in";
import { Failed, useLoad } from "./load";
import { Reported } from "./reported";
import { Scene } from "./scene";
import { Sightings } from "./sightings";
import { NEVER_SILENT, SilenceForm } from "./silence-form";

const REASONS: readonly DismissReason[] = ["false_alarm", "duplicate", "test", "other"];

/** The picture first, then what it is, why the rule said so, and what to do about it. */
export function AlarmPane({ board, row }: { board: Board; row: Row }) {
  useAlarm(board, row);
  const alarm = row.alarm;
  if (alarm === null && row.case !== null && row.case.alarms.length === 0) return <Reported board={board} item={row.case} />;
  return (
    <>
      {row.case !== null && row.case.alarms.length > 1 ? <Seen board={board} item={row.case} shown={alarm?.id ?? ""} /> : null}
      {alarm === null ? <div class="scene-frame" /> : <Scene key={alarm.id} alarm={alarm} />}
      <h1 class="what">
        <Grade severity={severityOf(row)} /> {word("scenario", alarm?.scenario ?? row.case?.scenario ?? "manual")}
      </h1>
      {alarm === null ? null : <Facts alarm={alarm} />}
      {needOf(row) === "judge" && row.case === null ? <Judge board={board} row={row} /> : null}
      {alarm === null ? null : <LetIn key={alarm.id} alarm={alarm} />}
      {alarm === null ? null : <Explain alarm={alarm} />}
    </>
  );
}

/** The other alarms of the row's case. */
function Seen({ board, item, shown }: { board: Board; item: Case; shown: string }) {
  const detail = useLoad(() => api.caseDetail(item.id), `${item.id} ${item.alarms.join(" ")}`);
  return (
    <>
      <Failed of={detail} />
      {detail.value === null ? null : (
        <Sightings alarms={sightingsOf(detail.value)} shown={shown} onPick={(alarm) => void attempt(async () => board.fill(await api.alarm(alarm.id)))} />
      )}
    </>
  );
}

/** Fetch the alarm of a row that came as a case alone; from then on the feed keeps it fresh. */
function useAlarm(board: Board, row: Row): void {
  const id = row.alarm?.id ?? row.case?.alarms[0];
  const missing = row.alarm === null && id !== undefined;
  useEffect(() => {
    if (missing) void attempt(async () => board.fill(await api.alarm(id)));
  }, [id, missing]);
}

/** Less may be the camera's clock, or a picture's way. */
const WRONG_CLOCK_S = 60;

function Facts({ alarm }: { alarm: Alarm }) {
  return (
    <>
      <p class="where">
        <strong>{alarm.camera.name}</strong>
        {alarm.grid === null ? null : <> · {alarm.grid.name}</>}
        {alarm.zone === null ? null : <> · {t("alarm.zone", { zone: word("zone", alarm.zone) })}</>}
        {" · "}
        <time dateTime={alarm.started_at}>{momentTime(alarm.started_at)}</time>
      </p>
      <p class="alarm-facts">{facts(alarm).join(" · ")}</p>
    </>
  );
}

function facts(alarm: Alarm): string[] {
  const said = [t("alarm.dwell", { span: span(alarm.dwell_s) })];
  // A blind camera has no votes: nothing was looked at.
  if (alarm.votes !== null && alarm.votes.of > 0) said.push(t("alarm.votes", { ...alarm.votes }));
  const plate = alarm.attributes.plate;
  if (plate) {
    const status = t(`plate.${plate.status}`);
    said.push(plate.text ? t("alarm.plate_text", { text: plate.text, status }) : t("alarm.plate", { status }));
  }
  if (alarm.attributes.stage) said.push(word("stage", alarm.attributes.stage));
  if (alarm.state === "active") said.push(t("alarm.active"));
  else if (alarm.ended_at !== null) {
    const clear = alarm.end_reason === null || alarm.end_reason === "cleared";
    const reason = clear && alarm.scenario === "camera_blind" ? t("end_reason.sees_again") : word("end_reason", alarm.end_reason ?? "cleared");
    said.push(t("alarm.ended", { at: momentTime(alarm.ended_at), reason }));
  }
  const ahead = (Date.parse(alarm.started_at) - Date.parse(alarm.received_at)) / 1000;
  if (ahead >= WRONG_CLOCK_S) said.push(t("alarm.ahead", { span: span(ahead), at: momentTime(alarm.received_at) }));
  if (alarm.acknowledged_by !== null) {
    said.push(t("alarm.taken", { name: alarm.acknowledged_by_name ?? alarm.acknowledged_by }));
  }
  if (alarm.standing === "shelved" || alarm.standing === "out_of_service") said.push(t(`alarm.${alarm.standing}`));
  if (alarm.flapping) said.push(t("alarm.flapping", { n: alarm.repeats }));
  return said;
}

function Judge({ board, row }: { board: Board; row: Row }) {
  const [asking, setAsking] = useState<"reason" | "silence" | null>(null);
  const ask = (what: "reason" | "silence") => setAsking((open) => (open === what ? null : what));
  const alarm = row.alarm;
  const silent = alarm !== null && alarm.scenario !== NEVER_SILENT;
  const [busy, setBusy] = useState(false);
  const once = (action: () => Promise<void>) => {
    if (busy) return;
    setBusy(true);
    void action().finally(() => setBusy(false));
  };
  const sayReport = () => once(() => report(board, row));
  const sayDismiss = (reason: DismissReason) => once(() => dismiss(board, row, reason));
  useLayoutEffect(() => bindKeys({ r: sayReport, f: () => ask("reason"), ...(silent ? { s: () => ask("silence") } : {}) }));
  return (
    <div class="judge">
      <div class="buttons">
        <button class="button primary" disabled={busy} onClick={sayReport}>
          {t("action.report")} <kbd>R</kbd>
        </button>
        <button class="button" disabled={busy} aria-expanded={asking === "reason"} onClick={() => ask("reason")}>
          {t("action.dismiss")} <kbd>F</kbd>
        </button>
        {silent ? (
          <button class="button" disabled={busy} aria-expanded={asking === "silence"} onClick={() => ask("silence")}>
            {t("action.silence")} <kbd>S</kbd>
          </button>
        ) : null}
        {row.alarm?.acknowledged_by === null ? (
          <button class="button" disabled={busy} onClick={() => once(() => takeUp(board, row))}>
            {t("action.take")}
          </button>
        ) : null}
      </div>
      {asking === "reason" ? <Reasons busy={busy} onPick={sayDismiss} onClose={() => setAsking(null)} /> : null}
      {asking === "silence" && alarm !== null ? <SilenceForm board={board} alarm={alarm} onDone={() => setAsking(null)} /> : null}
    </div>
  );
}

interface ReasonsProps {
  busy: boolean;
  onPick: (reason: DismissReason) => void;
  onClose: () => void;
}

function Reasons({ busy, onPick, onClose }: ReasonsProps) {
  // Before the next key can come: who types F 3 quickly means the 3 as well.
  useLayoutEffect(() => {
    const numbers = REASONS.map((reason, index) => [String(index + 1), () => onPick(reason)] as const);
    return bindKeys({ ...Object.fromEntries(numbers), Escape: onClose });
  });
  return (
    <div class="buttons" role="group" aria-label={t("alarm.dismiss_why")}>
      {REASONS.map((reason, index) => (
        <button key={reason} class="button" disabled={busy} onClick={() => onPick(reason)}>
          {t(`dismiss_reason.${reason}`)} <kbd>{index + 1}</kbd>
        </button>
      ))}
    </div>
  );
}
