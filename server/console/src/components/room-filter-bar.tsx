/** What the list shows: words, grade, kind and place, and the views that were kept under a name. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import * as api from "../api/saved-views";
import type { Severity } from "../api/models";
import type { Board } from "../live/board";
import { bindKeys } from "../live/keys";
import { attempt, tell } from "../live/notices";
import { ANY, filterOf, gridOf, isAny, queryOf, type RoomFilter } from "../live/room-filter";
import { t, word } from "../text/i18n";
import { Grade } from "./grade";
import { Show, useLoad } from "./load";

const GRADES: readonly Severity[] = ["red", "yellow", "blue"];

export function RoomFilterBar({ board }: { board: Board }) {
  const filter = board.filter.value;
  const set = (part: Partial<RoomFilter>) => {
    board.filter.value = { ...filter, ...part };
  };
  const [open, setOpen] = useState(false);
  const words = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => bindKeys({ "/": () => words.current?.focus() }), []);
  return (
    <div class="room-filter">
      <span class="search">
        <input
          ref={words}
          type="search"
          aria-label={t("filter.words")}
          placeholder={t("filter.words_hint")}
          value={filter.q ?? ""}
          onInput={(event) => set({ q: event.currentTarget.value.trim() === "" ? null : event.currentTarget.value.trim() })}
          onKeyDown={(event) => {
            if (event.key === "Escape" || event.key === "Enter") event.currentTarget.blur();
          }}
        />
        {filter.q === null ? <kbd>/</kbd> : null}
      </span>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary class={isAny({ ...filter, q: null }) ? "button small" : "button small on"}>{t("filter.title")}</summary>
        {open ? (
          <div class="drop">
            <Choices board={board} filter={filter} set={set} />
            <Views board={board} />
          </div>
        ) : null}
      </details>
      {isAny(filter) ? null : (
        <p class="filtered">
          <span>{spoken(board, filter)}</span>
          <button class="button small quiet" onClick={() => set(ANY)}>
            {t("filter.clear")}
          </button>
        </p>
      )}
    </div>
  );
}

interface ChoicesProps {
  board: Board;
  filter: RoomFilter;
  set: (part: Partial<RoomFilter>) => void;
}

function Choices({ board, filter, set }: ChoicesProps) {
  const rows = board.rows.value;
  const kinds = [...new Set([...rows.map((row) => row.case?.scenario ?? row.alarm?.scenario), filter.scenario])];
  const places = placesOf(board);
  return (
    <>
      <div class="buttons" role="group" aria-label={t("cases.grade")}>
        {GRADES.map((name) => (
          <button
            key={name}
            class="button small"
            aria-pressed={filter.severity === name}
            onClick={() => set({ severity: filter.severity === name ? null : name })}
          >
            <Grade severity={name} />
          </button>
        ))}
      </div>
      <label>
        {t("filter.kind")}
        <select value={filter.scenario ?? ""} onChange={(event) => set({ scenario: event.currentTarget.value || null })}>
          <option value="">{t("filter.any")}</option>
          {kinds.filter((kind): kind is string => typeof kind === "string").map((kind) => (
            <option key={kind} value={kind}>
              {word("scenario", kind)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t("filter.place")}
        <select value={filter.place ?? ""} onChange={(event) => set({ place: event.currentTarget.value || null })}>
          <option value="">{t("filter.any")}</option>
          {[...places].map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}

/** Grids of the rows, and the one that is asked for: id → name. */
function placesOf(board: Board): Map<string, string> {
  const found = new Map<string, string>();
  for (const row of board.rows.value) {
    const grid = gridOf(row);
    if (grid !== null) found.set(grid.id, grid.name);
  }
  const { place } = board.filter.value;
  if (place !== null && !found.has(place)) found.set(place, place);
  return found;
}

function spoken(board: Board, filter: RoomFilter): string {
  const said = [
    filter.severity === null ? null : t(`grade.${filter.severity}`),
    filter.scenario === null ? null : word("scenario", filter.scenario),
    filter.place === null ? null : (placesOf(board).get(filter.place) ?? filter.place),
    filter.q,
  ];
  return said.filter(Boolean).join(" · ");
}

/** Views that rows can be filtered by; what else was kept is for the list of cases. */
function Views({ board }: { board: Board }) {
  const found = useLoad(api.savedViews, "views");
  const [name, setName] = useState("");
  const [shared, setShared] = useState(false);
  const filter = board.filter.value;
  const keep = (event: Event) => {
    event.preventDefault();
    void attempt(async () => {
      await api.saveView(name.trim(), queryOf(filter), shared);
      tell(t("filter.kept", { name: name.trim() }));
      setName("");
      found.reload();
    });
  };
  const forget = (view: api.SavedView) =>
    void attempt(async () => {
      await api.removeView(view.id);
      found.reload();
      tell(t("filter.forgotten", { name: view.name }), async () => {
        await api.saveView(view.name, view.query, view.shared);
        found.reload();
      });
    });
  return (
    <section class="views" aria-label={t("filter.views")}>
      <h3>{t("filter.views")}</h3>
      <Show of={found}>
        {(all) => {
          const fit = all.filter((view) => filterOf(view.query) !== null);
          return fit.length === 0 ? (
            <p class="quiet-text">{t("filter.no_views")}</p>
          ) : (
            <ul>
              {fit.map((view) => (
                <li key={view.id}>
                  <button class="button small" onClick={() => (board.filter.value = filterOf(view.query) ?? ANY)}>
                    {view.name}
                  </button>
                  {view.shared ? <span class="quiet-text">{t("filter.shared")}</span> : null}
                  {view.own ? (
                    <button class="button small quiet" aria-label={t("filter.forget", { name: view.name })} onClick={() => forget(view)}>
                      ✕
                    </button>
                  ) : null}
                </li>
              ))}
            </ul>
          );
        }}
      </Show>
      {isAny(filter) ? null : (
        <form onSubmit={keep}>
          <label>
            {t("filter.name")}
            <input maxLength={100} value={name} onInput={(event) => setName(event.currentTarget.value)} />
          </label>
          <label class="tick">
            <input type="checkbox" checked={shared} onChange={() => setShared(!shared)} /> {t("filter.share")}
          </label>
          <button class="button small" disabled={name.trim() === ""}>
            {t("filter.keep")}
          </button>
        </form>
      )}
    </section>
  );
}
