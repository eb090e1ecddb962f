/** 民情日记: what I did and saw, with pictures; and what of it has to become a case. */

import { useEffect, useState } from "preact/hooks";
import type { Named } from "../api/models";
import * as api from "../api/rounds";
import type { DiaryEntry, DiaryKind, ReportKind } from "../api/rounds";
import { Empty } from "../components/empty";
import { takeFocus } from "../components/take-focus";
import { attempt } from "../live/notices";
import { user } from "../live/session";
import { dayTime } from "../text/format";
import { t } from "../text/i18n";
import { useDraft } from "../worker/draft";
import { WorkerFrame } from "../worker/frame";
import { useKeptList } from "../worker/kept-list";
import { KeptShow, Outgoing } from "../worker/letters";
import { Photos } from "../worker/photos";
import { currentPlace } from "../worker/place";
import { outbox, randomId, write } from "../worker/tasks";
import "../styles/rounds.css";

const KINDS: readonly DiaryKind[] = ["patrol", "visit", "mediation", "publicity", "service", "other"];
const REPORTS: readonly ReportKind[] = ["fire", "ebike", "garbage", "blocked", "facility", "safety", "other"];

export default function DiaryPage() {
  return (
    <WorkerFrame>
      <h1>{t("diary.title")}</h1>
      <Write />
      <Outgoing topics={["diary", "diary_case"]} />
      <Entries />
    </WorkerFrame>
  );
}

/** The grids to choose from; asked for only by those who look after several. */
function useGrids(): readonly Named[] {
  const [grids, setGrids] = useState<readonly Named[]>([]);
  const several = (user.value?.grids.length ?? 0) !== 1;
  useEffect(() => {
    if (several) void attempt(async () => setGrids(await api.grids()));
  }, [several]);
  return grids;
}

function Write() {
  const { photos, note, kept, now, change, forget } = useDraft("diary");
  const [kind, setKind] = useState<DiaryKind>("patrol");
  const [grid, setGrid] = useState("");
  const [locating, setLocating] = useState(false);
  const grids = useGrids();
  const words = note.trim();
  const where = grids.length > 1 ? grid : "";
  const ready = words !== "" && (grids.length < 2 || where !== "") && !locating;
  const send = async () => {
    setLocating(true);
    const place = await currentPlace();
    setLocating(false);
    const body = { id: `d-${randomId()}`, kind, words, ...(where === "" ? {} : { grid: where }) };
    await write({ id: body.id, topic: "diary", title: words, path: "/diary", body, photos, place });
    await forget();
  };
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <fieldset class="chips">
        <legend class="unseen">{t("diary.kind")}</legend>
        {KINDS.map((each) => (
          <label key={each} class="chip">
            <input type="radio" name="kind" checked={kind === each} onChange={() => setKind(each)} />
            <span>{t(`diary_kind.${each}`)}</span>
          </label>
        ))}
      </fieldset>
      <label>
        {t("diary.words")}
        <textarea rows={3} maxLength={2000} value={note} onInput={(event) => change({ note: event.currentTarget.value })} />
      </label>
      {grids.length > 1 ? (
        <label>
          {t("diary.grid")}
          <select value={grid} onChange={(event) => setGrid(event.currentTarget.value)}>
            <option value="">{t("diary.choose")}</option>
            {grids.map((each) => (
              <option key={each.id} value={each.id}>
                {each.name}
              </option>
            ))}
          </select>
        </label>
      ) : null}
      <Photos photos={photos} change={(next) => change({ photos: next(now.current.photos) })} label={t("diary.photo")} />
      <button class="button primary big" disabled={!ready}>
        {t(locating ? "worker.locating" : "diary.send")}
      </button>
      {kept && words !== "" ? <p class="note">{t("worker.draft_kept")}</p> : null}
    </form>
  );
}

function Entries() {
  const [older, setOlder] = useState<{ items: readonly DiaryEntry[]; cursor: string | null } | null>(null);
  const [first, setFirst] = useState<string | null>(null);
  const found = useKeptList<DiaryEntry>("diary", async () => {
    const page = await api.diary();
    setFirst(page.next_cursor);
    setOlder(null);
    return page.items;
  });
  const cursor = older === null ? first : older.cursor;
  const more = async () => {
    const page = await api.diary(cursor ?? undefined);
    setOlder({ items: [...(older?.items ?? []), ...page.items], cursor: page.next_cursor });
  };
  return (
    <KeptShow of={found}>
      {(items) =>
        items.length === 0 ? (
          <Empty title={t("diary.empty")}>{t("diary.empty_next")}</Empty>
        ) : (
          <>
            <h2>{t("diary.mine")}</h2>
            <ul class="cards">
              {[...items, ...(older?.items ?? [])].map((entry) => (
                <li key={entry.id} class="card">
                  <Entry entry={entry} />
                </li>
              ))}
            </ul>
            {cursor === null ? null : (
              <button class="button big" onClick={() => void attempt(more)}>
                {t("diary.more")}
              </button>
            )}
          </>
        )
      }
    </KeptShow>
  );
}

function Entry({ entry }: { entry: DiaryEntry }) {
  return (
    <>
      <p class="card-line">
        <strong>{t(`diary_kind.${entry.kind}`)}</strong>
        <span class="grow" />
        <time class="quiet-text" dateTime={entry.at}>
          {dayTime(entry.at)}
        </time>
      </p>
      <p class="said">{entry.words}</p>
      {entry.photos.length === 0 ? null : (
        <ul class="strip">
          {entry.photos.map((sha256, index) => (
            <li key={sha256}>
              <a href={`/api/v1/evidence/${sha256}`} target="_blank" rel="noopener">
                <img src={`/api/v1/evidence/${sha256}`} alt={t("diary.photo_alt", { n: index + 1 })} loading="lazy" />
              </a>
            </li>
          ))}
        </ul>
      )}
      <MakeCase entry={entry} />
    </>
  );
}

/** What the entry tells has to be dealt with: an operator judges it. */
function MakeCase({ entry }: { entry: DiaryEntry }) {
  const [open, setOpen] = useState(false);
  const [kind, setKind] = useState<ReportKind>("other");
  if (entry.case !== null) return <p class="note left">{t("diary.is_case", { number: entry.case.replace(/^c-/, "") })}</p>;
  const id = `${entry.id}/case`;
  if (outbox.jobOf(id) !== undefined) return null;
  if (!open) {
    return (
      <button class="button" onClick={() => setOpen(true)}>
        {t("diary.make_case")}
      </button>
    );
  }
  const send = () => write({ id, topic: "diary_case", title: entry.words, path: `/diary/${entry.id}/case`, body: { kind } });
  return (
    <div class="make-case">
      <label>
        {t("diary.report_as")}
        <select value={kind} onChange={(event) => setKind(event.currentTarget.value as ReportKind)} ref={takeFocus}>
          {REPORTS.map((each) => (
            <option key={each} value={each}>
              {t(`report_kind.${each}`)}
            </option>
          ))}
        </select>
      </label>
      <div class="buttons">
        <button class="button primary" onClick={() => void send()}>
          {t("diary.send_case")}
        </button>
        <button class="button quiet" onClick={() => setOpen(false)}>
          {t("action.cancel")}
        </button>
      </div>
    </div>
  );
}
