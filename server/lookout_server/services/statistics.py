"""Figures about a span of days, of what the asking person may see."""

import asyncio
import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from lookout_server.domain.access import Access
from lookout_server.domain.calendar import day_span
from lookout_server.domain.spreadsheet import as_cell
from lookout_server.domain.statistics import Assessment, Judged, Statistics, Work
from lookout_server.domain.table_words import CODES, COLUMNS
from lookout_server.domain.territory import Camera, CameraKey, Person, Site, Territory
from lookout_server.domain.wording import SCENARIOS
from lookout_server.errors import InvalidError, NotFoundError
from lookout_server.ports import Store

LONGEST_DAYS = 366


@dataclass(frozen=True, kw_only=True)
class Span:
    """Days of the site's calendar, both included."""

    first: date
    last: date


@dataclass(frozen=True, kw_only=True)
class Reported:
    """Statistics with the names of what they are about."""

    span: Span
    place: Territory | None
    figures: Statistics
    cameras: Mapping[CameraKey, Camera]
    places: Mapping[str, Territory]
    people: Mapping[str, Person]


class Table(StrEnum):
    """What can be had as CSV."""

    TIMES = "times"
    CAMERAS = "cameras"
    GRIDS = "grids"
    PEOPLE = "people"
    DAYS = "days"


def span_of(site: Site, first: date | None, last: date | None, *, now: datetime) -> Span:
    """The days that are asked for; left out: the last 30 up to today. InvalidError when that is no span."""
    until = last or now.astimezone(ZoneInfo(site.timezone)).date()
    try:
        since = first or until - timedelta(days=29)
    except OverflowError as error:
        raise InvalidError("these days are out of reach: name others") from error
    if not timedelta(0) <= until - since < timedelta(days=LONGEST_DAYS):
        raise InvalidError(f"ask for 1 to {LONGEST_DAYS} days, the first before the last")
    return Span(first=since, last=until)


async def statistics(store: Store, site: Site, by: Access, span: Span, place: str | None) -> Reported:
    """The figures of a span, of a place and what is below it or of all that is the asking person's.

    A day at a time, each in a transaction of its own: a long span must not keep the dispatcher from anything.
    """
    async with store.read() as uow:
        places = {each.id: each for each in await uow.territory.territories()}
    wanted = None if place is None else _below(place, places, by)
    figures = Statistics()
    for day in _days(span):
        first, last = day_span(site.timezone, day)
        async with store.read() as uow:
            cases = await uow.statistics.cases(first, last, by, wanted)
            alarms = await uow.statistics.alarms(first, last, by, wanted)
        figures.add_day(day, cases, alarms)
        # On SQLite nothing above waits for anybody: without this, nobody else would have a turn before the last day.
        await asyncio.sleep(0)
    async with store.read() as uow:
        cameras = await uow.territory.cameras({key for key, _ in figures.cameras})
        people = await uow.people.get(figures.people)
    return Reported(
        span=span,
        place=places[place] if place else None,
        figures=figures,
        cameras=cameras,
        places=places,
        people=people,
    )


def _below(place: str, places: Mapping[str, Territory], by: Access) -> frozenset[str]:
    if place not in places or (by.places is not None and place not in by.places):
        raise NotFoundError(f"there is no place {place!r} that you can see")
    found = {place}
    # Parents come before their children.
    for each in places.values():
        if each.parent in found:
            found.add(each.id)
    return frozenset(found)


def _days(span: Span) -> Iterator[date]:
    for offset in range((span.last - span.first).days + 1):
        yield span.first + timedelta(days=offset)


Row = Sequence[object]


def table(reported: Reported, wanted: Table, language: str | None = None) -> str:
    """A table as CSV (RFC 4180), with a byte order mark: without it Excel takes Chinese for something else.

    ``language``: for people, who are told columns and steps in words; None: for programs, which know the codes.
    """
    found = {
        Table.TIMES: _times,
        Table.CAMERAS: _cameras,
        Table.GRIDS: _grids,
        Table.PEOPLE: _people,
        Table.DAYS: _by_day,
    }[wanted](reported)
    rows = found if language is None else _in_words(found, wanted, language)
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return "\ufeff" + out.getvalue()


def _in_words(rows: Iterable[Row], wanted: Table, language: str) -> Iterator[Row]:
    coded = 2 if wanted is Table.TIMES else 0
    for number, row in enumerate(rows):
        if number == 0:
            yield [COLUMNS[str(name)].in_language(language) for name in row]
        else:
            yield [*(CODES[str(code)].in_language(language) for code in row[:coded]), *row[coded:]]


_WORK = ("opened", "done", "open", "void", "merged", "in_time", "late", "in_time_share")
_JUDGED = ("alarms", "real", "false", "duplicate", "other", "open_alarms", "false_rate")


def _cell(value: object) -> object:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, str):
        return as_cell(value)
    return "" if value is None else value


def _work(work: Work) -> Row:
    return [
        work.opened,
        work.done,
        work.open,
        work.void,
        work.merged,
        work.in_time,
        work.late,
        work.in_time_share,
    ]


def _judged(judged: Judged) -> Row:
    return [judged.total, *(judged.counts[each] for each in Assessment), judged.false_rate]


def _times(reported: Reported) -> Iterable[Row]:
    yield ("step", "severity", "cases", "p50_s", "p90_s")
    for each in reported.figures.timings():
        yield (each.step.value, each.severity.value if each.severity else "all", each.count, each.p50_s, each.p90_s)


def _cameras(reported: Reported) -> Iterable[Row]:
    yield ("gateway", "camera", "name", "scenario", "scenario_zh", *_JUDGED)
    for (key, scenario), judged in sorted(reported.figures.cameras.items(), key=lambda item: str(item[0])):
        camera = reported.cameras.get(key)
        name = camera.name if camera else key.id
        yield (key.gateway, key.id, name, scenario.value, SCENARIOS[scenario].zh, *_judged(judged))


def _grids(reported: Reported) -> Iterable[Row]:
    yield ("grid", "name", *_WORK)
    for grid, work in sorted(reported.figures.grids.items(), key=lambda item: item[0] or ""):
        place = reported.places.get(grid or "")
        yield (grid, place.name if place else None, *_work(work))


def _people(reported: Reported) -> Iterable[Row]:
    yield ("person", "name", *_WORK, "way_there_p50_s")
    for person, work in sorted(reported.figures.people.items()):
        known = reported.people.get(person)
        yield (person, known.name if known else None, *_work(work), reported.figures.way_there_s(person))


def _by_day(reported: Reported) -> Iterable[Row]:
    yield ("day", *_WORK, *_JUDGED)
    for day, (work, judged) in sorted(reported.figures.days.items()):
        yield (day.isoformat(), *_work(work), *_judged(judged))
