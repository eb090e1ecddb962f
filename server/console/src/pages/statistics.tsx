/** How fast, how often false, how much for whom: as charts, as tables for spreadsheets, and on paper. */

import { useEffect, useMemo, useState } from "preact/hooks";
import * as api from "../api/statistics";
import type { Statistics, StatisticsQuery, Territory } from "../api/statistics";
import { Chart } from "../components/chart";
import { Empty } from "../components/empty";
import { Failed, Show, useLoad } from "../components/load";
import { Shell } from "../components/shell";
import { BusyTables, PartHead } from "../components/statistics-tables";
import { overview } from "../live/live";
import { dayTime, percent, span } from "../text/format";
import { language, t } from "../text/i18n";
import { DAY_MS, dayAt } from "../text/zone";
import "../styles/sheet.css";
import "../styles/statistics.css";

const PERIODS = [7, 30, 90] as const;
/** The most that the dispatcher sums up at once. */
const MOST_DAYS = 366;
/** A second to a month, as people say them. */
const LINES_S = [0.05, 1, 10, 60, 600, 3600, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400, 365 * 86_400];
const STEPS = ["confirm", "dispatch", "on_scene", "close"] as const;

export default function StatisticsPage() {
  return (
    <Shell>
      <Body />
    </Shell>
  );
}

function Body() {
  const [asked, setAsked] = useState<StatisticsQuery>(fromAddress);
  const key = JSON.stringify(asked);
  const found = useLoad(() => api.statistics(asked), key);
  const ask = (next: StatisticsQuery) => {
    const search = new URLSearchParams(Object.entries(next).filter((pair): pair is [string, string] => Boolean(pair[1])));
    history.replaceState(null, "", `${location.pathname}?${search}`);
    setAsked(next);
  };
  usePaper();
  return (
    <>
      <div class="page-head">
        <h1>{t("statistics.title")}</h1>
        <div class="buttons">
          <button class="button small" onClick={() => print()}>
            {t("statistics.print")}
          </button>
          <a class="button small" href={api.statisticsJson(asked)} download>
            JSON
          </a>
        </div>
      </div>
      <Filter asked={asked} found={found.value} onAsk={ask} />
      <Show of={found}>{(figures) => <Figures figures={figures} asked={asked} />}</Show>
    </>
  );
}

function fromAddress(): StatisticsQuery {
  const given = new URLSearchParams(location.search);
  const day = (name: string) => (/^\d{4}-\d\d-\d\d$/.test(given.get(name) ?? "") ? (given.get(name) as string) : undefined);
  return {
    first: day("first") ?? dayAt(Date.now() - 29 * DAY_MS),
    last: day("last") ?? dayAt(Date.now()),
    place: given.get("place") ?? undefined,
  };
}

interface FilterProps {
  asked: StatisticsQuery;
  found: Statistics | null;
  onAsk: (next: StatisticsQuery) => void;
}

function Filter({ asked, found, onAsk }: FilterProps) {
  const places = useLoad(api.territories, "territories");
  const [days, setDays] = useState({ first: asked.first ?? "", last: asked.last ?? "" });
  useEffect(() => setDays({ first: asked.first ?? "", last: asked.last ?? "" }), [asked]);
  const count = Math.round((Date.parse(days.last) - Date.parse(days.first)) / DAY_MS) + 1;
  const wrong = !(count >= 1 && count <= MOST_DAYS);
  const change = (part: Partial<typeof days>) => {
    const next = { ...days, ...part };
    setDays(next);
    const spanDays = Math.round((Date.parse(next.last) - Date.parse(next.first)) / DAY_MS) + 1;
    if (spanDays >= 1 && spanDays <= MOST_DAYS) onAsk({ ...asked, ...next });
  };
  return (
    <form class="filter" aria-label={t("statistics.filter")} onSubmit={(event) => event.preventDefault()}>
      <Failed of={places} />
      <div class="buttons" role="group" aria-label={t("statistics.period")}>
        {PERIODS.map((length) => {
          const period = { first: dayAt(Date.now() - (length - 1) * DAY_MS), last: dayAt(Date.now()) };
          const chosen = period.first === asked.first && period.last === asked.last;
          return (
            <button key={length} type="button" class="button small" aria-pressed={chosen} onClick={() => change(period)}>
              {t("statistics.days", { n: length })}
            </button>
          );
        })}
      </div>
      <label>
        {t("statistics.first")}
        <input type="date" value={days.first} max={days.last} onInput={(event) => change({ first: event.currentTarget.value })} />
      </label>
      <label>
        {t("statistics.last")}
        <input type="date" value={days.last} min={days.first} onInput={(event) => change({ last: event.currentTarget.value })} />
      </label>
      <label>
        {t("statistics.place")}
        <select value={asked.place ?? ""} onChange={(event) => onAsk({ ...asked, place: event.currentTarget.value || undefined })}>
          <option value="">{t("statistics.everywhere")}</option>
          {(places.value ?? []).map((place) => (
            <option key={place.id} value={place.id}>
              {indented(place)}
            </option>
          ))}
        </select>
      </label>
      {wrong ? <p role="alert">{t("statistics.wrong_days", { most: MOST_DAYS })}</p> : null}
      <p class="printed-only">
        {t("statistics.printed", { place: found?.place?.name ?? overview.value?.site.name ?? "", at: dayTime(new Date().toISOString()) })}
        {` · ${asked.first} – ${asked.last}`}
      </p>
    </form>
  );
}

const DEPTH = { district: 0, street: 1, community: 2, grid: 3 } as const;

function indented(place: Territory): string {
  return `${"\u2003".repeat(DEPTH[place.level])}${place.name}`;
}

function Figures({ figures, asked }: { figures: Statistics; asked: StatisticsQuery }) {
  if (figures.cases.opened === 0 && figures.alarms.total === 0) {
    return <Empty title={t("statistics.empty")}>{t("statistics.empty_next")}</Empty>;
  }
  return (
    <>
      <Summary figures={figures} />
      <Days figures={figures} asked={asked} />
      <Times figures={figures} asked={asked} />
      <BusyTables figures={figures} asked={asked} />
    </>
  );
}

function Summary({ figures }: { figures: Statistics }) {
  const days = Math.max(1, figures.days.length);
  const median = (step: string) => {
    const found = figures.times.find((each) => each.step === step && each.severity === null);
    return found === undefined ? "–" : span(found.p50_s);
  };
  const share = (value: number | null) => (value === null ? "–" : percent(value));
  const shown: [string, string, string][] = [
    [t("statistics.cases"), String(figures.cases.opened), t("statistics.still_open", { n: figures.cases.open })],
    [t("statistics.in_time"), share(figures.cases.in_time_share), t("statistics.late_cases", { n: figures.cases.late })],
    [t("statistics.alarms"), String(figures.alarms.total), t("statistics.per_day", { n: rounded(figures.alarms.total / days) })],
    [
      t("statistics.false_rate"),
      share(figures.alarms.false_rate),
      t("statistics.false_per_day", { n: rounded(figures.alarms.false / days) }),
    ],
    [t("timed.on_scene"), median("on_scene"), t("statistics.median")],
  ];
  return (
    <dl class="key-figures">
      {shown.map(([name, value, beside]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <strong>{value}</strong>
            <span class="quiet-text">{beside}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function rounded(value: number): string {
  return value >= 10 ? String(Math.round(value)) : value.toFixed(1);
}

function Days({ figures, asked }: { figures: Statistics; asked: StatisticsQuery }) {
  const shown = language.value;
  const props = useMemo(
    () => ({
      title: t("statistics.by_day"),
      along: t("statistics.day"),
      labels: figures.days.map((each) => each.day.slice(5).replace("-", "/")),
      series: [
        { name: t("statistics.cases"), drawn: "bars" as const, values: figures.days.map((each) => each.cases.opened) },
        { name: t("statistics.alarms"), drawn: "line" as const, values: figures.days.map((each) => each.alarms.total) },
        { name: t("statistics.false"), drawn: "line" as const, values: figures.days.map((each) => each.alarms.false) },
      ],
      format: (value: number) => (Number.isInteger(value) ? String(value) : ""),
    }),
    [figures, shown],
  );
  return (
    <section>
      <PartHead title={t("statistics.by_day")} table="days" asked={asked} />
      <Chart {...props} />
    </section>
  );
}

function Times({ figures, asked }: { figures: Statistics; asked: StatisticsQuery }) {
  const shown = language.value;
  const props = useMemo(() => {
    const of = (step: string) => figures.times.find((each) => each.step === step && each.severity === null);
    return {
      title: t("statistics.times"),
      along: t("statistics.step"),
      labels: STEPS.map((step) => `${t(`timed.${step}`)} (${of(step)?.count ?? 0})`),
      series: [
        { name: t("statistics.p50"), drawn: "bars" as const, values: STEPS.map((step) => atLeast(of(step)?.p50_s)) },
        { name: t("statistics.p90"), drawn: "bars" as const, values: STEPS.map((step) => atLeast(of(step)?.p90_s)) },
      ],
      format: spanInWords,
      lines: LINES_S,
    };
  }, [figures, shown]);
  return (
    <section>
      <PartHead title={t("statistics.times")} table="times" asked={asked} />
      <p class="quiet-text">{t("statistics.times_from")}</p>
      {figures.times.length === 0 ? <Empty title={t("statistics.no_times")} /> : <Chart {...props} />}
    </section>
  );
}

/** As `span`, but days are days. */
function spanInWords(seconds: number): string {
  return seconds >= 86_400 ? t("statistics.span_days", { n: Math.round(seconds / 8640) / 10 }) : seconds % 3600 === 0 ? t("statistics.span_hours", { n: seconds / 3600 }) : span(seconds);
}

/** A logarithm has no zero; what took less than a tenth of a second is drawn as that. */
function atLeast(seconds: number | undefined): number | null {
  return seconds === undefined ? null : Math.max(0.1, seconds);
}

/** On paper everything is light, and all numbers are open. */
function usePaper() {
  useEffect(() => {
    const begin = () => {
      document.documentElement.classList.add("on-paper");
      for (const part of document.querySelectorAll("details")) part.open = true;
    };
    const end = () => {
      document.documentElement.classList.remove("on-paper");
      for (const part of document.querySelectorAll("details")) part.open = false;
    };
    // Before the charts, which listen too, are drawn anew.
    addEventListener("beforeprint", begin, { capture: true });
    addEventListener("afterprint", end, { capture: true });
    return () => {
      end();
      removeEventListener("beforeprint", begin, { capture: true });
      removeEventListener("afterprint", end, { capture: true });
    };
  }, []);
}
