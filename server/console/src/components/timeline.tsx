import type { CaseDetail, HistoryEntry } from "../api/models";
import { sightingsOf } from "../live/sightings";
import { dayTime, span } from "../text/format";
import { ratingName } from "../text/rating";
import { t, word } from "../text/i18n";
import { SeenBy } from "./seen-by";

/** Who did what, when, and how long after the step before; the newest first. */
export function Timeline({ item }: { item: CaseDetail }) {
  const entries = [...item.history].sort((a, b) => b.seq - a.seq);
  return (
    <ol class="timeline">
      {/* One line that counts: residents' taps are no steps, and lines of a history are not changed. */}
      {(item.seen_by ?? 0) === 0 ? null : (
        <li>
          <SeenBy item={item} />
        </li>
      )}
      {entries.map((entry, index) => (
        <li key={entry.seq}>
          <Entry item={item} entry={entry} previous={entries[index + 1]} />
        </li>
      ))}
    </ol>
  );
}

interface EntryProps {
  item: CaseDetail;
  entry: HistoryEntry;
  previous: HistoryEntry | undefined;
}

function Entry({ item, entry, previous }: EntryProps) {
  const since = previous === undefined ? null : (Date.parse(entry.at) - Date.parse(previous.at)) / 1000;
  return (
    <>
      <p>
        <strong>{rating(entry) ?? word("case_action", entry.action)}</strong> → {t(`case_state.${entry.to_state}`)}
        {" · "}
        {entry.actor?.name ?? t("case.system")}
        {sentTo(entry)}
        {passedOn(entry)}
        {joinedAt(entry, item)}
        {raisedTo(entry)}
      </p>
      {entry.note ? <p class="quote">{word("note", entry.note)}</p> : null}
      <p class="quiet-text">
        <time dateTime={entry.at}>{dayTime(entry.at)}</time>
        {since === null ? null : <> · {t("case.after", { span: span(since) })}</>}
      </p>
    </>
  );
}

/** What a resident said of the work: the step that came of it is named by the state. */
function rating(entry: HistoryEntry): string | null {
  const { by, score } = entry.data;
  return by === "resident" && typeof score === "number" ? t("case.resident_says", { rating: ratingName(score) }) : null;
}

/** Why the system went on by itself, and how far up it told. */
function passedOn(entry: HistoryEntry): string {
  const { reason, rung } = entry.data;
  if (typeof reason !== "string") return "";
  const level = typeof rung === "number" ? ` · ${t("case.rung", { n: rung })}` : "";
  return ` · ${word("passed_on", reason)}${level}`;
}

/** Where the alarms were seen that joined. */
function joinedAt(entry: HistoryEntry, item: CaseDetail): string {
  const { alarms } = entry.data;
  if (entry.action !== "join" || !Array.isArray(alarms)) return "";
  const seen = sightingsOf(item).filter((alarm) => alarms.includes(alarm.id));
  return [...new Set(seen.map((alarm) => alarm.camera.name))].map((name) => ` · ${name}`).join("");
}

/** Which grade it was, and is. */
function raisedTo(entry: HistoryEntry): string {
  const { from, to } = entry.data;
  return entry.action === "raise" && typeof from === "string" && typeof to === "string" ? ` · ${word("grade", from)} → ${word("grade", to)}` : "";
}

function sentTo(entry: HistoryEntry): string {
  const worker = entry.data["worker"] as { name?: string } | undefined;
  return worker?.name ? ` → ${worker.name}` : "";
}
