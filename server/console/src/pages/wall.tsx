/** All cameras at a glance: which are watching, what they saw last, and where an alarm waits. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import * as api from "../api/endpoints";
import type { Camera, Severity } from "../api/models";
import { type Still, stills } from "../api/wall";
import { CameraStill, StillAge } from "../components/camera-still";
import { Grade } from "../components/grade";
import { Failed, Show, useLoad } from "../components/load";
import { NoCameras } from "../components/no-cameras";
import { useEvery, useReload } from "../components/reload";
import { Shell } from "../components/shell";
import { bindKeys } from "../live/keys";
import { cameraKey, cameraPath } from "../live/places";
import { countBySight, gravest, later, neighbour, newest, SIGHTS, tilesOf, type WallFilter, watchedShare } from "../live/wall";
import { dayTime, percent } from "../text/format";
import { t, word } from "../text/i18n";
import "../styles/wall.css";

const STILLS_EVERY_MS = 20_000;
const EVERYTHING: WallFilter = { sight: "all", grid: "", words: "" };

export default function WallPage() {
  return (
    <Shell>
      <Wall />
    </Shell>
  );
}

function Wall() {
  const cameras = useLoad(api.cameras, "cameras");
  const pictures = useLoad(stills, "stills");
  const alarms = useLoad(api.openAlarms, "alarms");
  useReload(cameras.reload, ["camera", "gateway"]);
  useReload(alarms.reload, ["alarm"]);
  useEvery(pictures.reload, STILLS_EVERY_MS);
  const [filter, setFilter] = useState(EVERYTHING);
  const seen = new Map((pictures.value ?? []).map((still) => [`${still.gateway}/${still.camera}`, still]));
  const waiting = alarms.value?.items ?? [];
  // A camera's own word of its last alarm comes with its next state: the alarms themselves are told at once.
  const last = newest(waiting);
  return (
    <>
      <h1 class="unseen">{t("nav.wall")}</h1>
      <Failed of={alarms} />
      <Show of={cameras}>
        {(all) =>
          all.length === 0 ? (
            <NoCameras />
          ) : (
            <>
              <Filters cameras={all} filter={filter} onChange={setFilter} />
              <Tiles cameras={tilesOf(all, filter)} seen={seen} last={last} open={gravest(waiting)} onAll={() => setFilter(EVERYTHING)} />
            </>
          )
        }
      </Show>
      {pictures.error === null ? null : (
        <p class="note" role="alert">
          {t("wall.stills_failed", { why: pictures.error })}
        </p>
      )}
    </>
  );
}

interface FiltersProps {
  cameras: readonly Camera[];
  filter: WallFilter;
  onChange: (filter: WallFilter) => void;
}

function Filters({ cameras, filter, onChange }: FiltersProps) {
  const search = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => bindKeys({ "/": () => search.current?.focus() }), []);
  const counts = countBySight(cameras);
  const grids = new Map(cameras.flatMap((camera) => (camera.grid === null ? [] : [[camera.grid.id, camera.grid.name]])));
  return (
    <div class="wall-filters" role="search" aria-label={t("wall.filter")}>
      <div class="buttons" role="group" aria-label={t("wall.by_sight")}>
        <SightButton name="all" count={cameras.length} filter={filter} onChange={onChange} />
        {SIGHTS.filter((sight) => counts[sight] > 0 || filter.sight === sight).map((sight) => (
          <SightButton key={sight} name={sight} count={counts[sight]} filter={filter} onChange={onChange} />
        ))}
      </div>
      {grids.size > 1 ? (
        <select
          aria-label={t("wall.place")}
          value={filter.grid}
          onChange={(event) => onChange({ ...filter, grid: event.currentTarget.value })}
        >
          <option value="">{t("wall.everywhere")}</option>
          {[...grids].map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      ) : null}
      <a class="button small" href="/map">
        {t("map.title")}
      </a>
      <input
        ref={search}
        type="search"
        aria-label={t("wall.search")}
        placeholder={t("wall.search")}
        value={filter.words}
        onInput={(event) => onChange({ ...filter, words: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
    </div>
  );
}

function SightButton({ name, count, filter, onChange }: { name: WallFilter["sight"]; count: number } & Omit<FiltersProps, "cameras">) {
  return (
    <button class="button small" aria-pressed={filter.sight === name} onClick={() => onChange({ ...filter, sight: name })}>
      {name === "all" ? t("wall.all") : t(`sight.${name}`)} <span class="count">{count}</span>
    </button>
  );
}

interface TilesProps {
  cameras: readonly Camera[];
  seen: ReadonlyMap<string, Still>;
  last: ReadonlyMap<string, string>;
  open: ReadonlyMap<string, Severity>;
  onAll: () => void;
}

function Tiles({ cameras, seen, last, open, onAll }: TilesProps) {
  const list = useRef<HTMLUListElement>(null);
  const step = (event: KeyboardEvent) => {
    const links = [...(list.current?.querySelectorAll("a") ?? [])];
    const index = links.findIndex((link) => link === document.activeElement);
    const columns = links.filter((link) => link.offsetTop === links[0]?.offsetTop).length;
    const next = index < 0 ? null : neighbour(event.key, index, links.length, columns);
    if (next === null) return;
    event.preventDefault();
    links[next]?.focus();
  };
  if (cameras.length === 0) {
    return (
      <div class="empty">
        <p class="empty-title">{t("wall.none_fit")}</p>
        <button class="button" onClick={onAll}>
          {t("wall.show_all")}
        </button>
      </div>
    );
  }
  return (
    <ul ref={list} class="wall" onKeyDown={step}>
      {cameras.map((camera) => (
        <Tile
          key={cameraKey(camera)}
          camera={camera}
          still={seen.get(cameraKey(camera))}
          last={lastOf(camera, last.get(cameraKey(camera)))}
          alarm={open.get(cameraKey(camera))}
        />
      ))}
    </ul>
  );
}

const lastOf = (camera: Camera, told: string | undefined) =>
  told === undefined ? camera.last_alarm_at : later(camera.last_alarm_at, told);

interface TileProps {
  camera: Camera;
  still: Still | undefined;
  last: string | null;
  alarm: Severity | undefined;
}

function Tile({ camera, still, last, alarm }: TileProps) {
  const share = watchedShare(camera);
  return (
    <li>
      <a class={`wall-tile seen-${camera.state}`} href={cameraPath(camera)}>
        <span class="wall-picture">
          <CameraStill camera={camera} still={still} />
          <span class="wall-sight">{t(`sight.${camera.state}`)}</span>
          {alarm === undefined ? null : (
            <span class="wall-alarm">
              <Grade severity={alarm} /> {t("wall.waits")}
            </span>
          )}
        </span>
        <span class="wall-name">{camera.name}</span>
        <span class="wall-facts">
          {[camera.reason === null ? null : word("sight_reason", camera.reason), camera.grid?.name, share === null ? null : t("wall.watched", { share: percent(share) })].filter(Boolean).join(" · ")}
        </span>
        <span class="wall-facts">
          <StillAge still={still} />
          {last === null ? null : <> · {t("system.last_alarm", { at: dayTime(last) })}</>}
        </span>
      </a>
    </li>
  );
}
