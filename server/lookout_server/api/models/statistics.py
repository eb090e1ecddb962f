"""Statistics as JSON."""

from datetime import date
from typing import Any

from pydantic import Field

from lookout_contract.events import Scenario, Severity
from lookout_server.api.models.base import Model, Ref, shown
from lookout_server.domain.case import Source
from lookout_server.domain.statistics import Assessment, Judged, Step, Work
from lookout_server.services.statistics import Reported

_WORK = {"opened": 12, "done": 9, "open": 1, "void": 1, "merged": 1, "in_time": 8, "late": 2, "in_time_share": 0.8889}
_JUDGED = {
    "total": 14,
    "real": 10,
    "false": 2,
    "duplicate": 1,
    "other": 0,
    "open": 1,
    "false_rate": 0.1667,
}
_EXAMPLE: dict[str, Any] = {
    "first": "2026-11-01",
    "last": "2026-11-30",
    "timezone": "Asia/Shanghai",
    "place": None,
    "cases": _WORK,
    "alarms": _JUDGED,
    "times": [{"step": "confirm", "severity": None, "count": 10, "p50_s": 42.0, "p90_s": 180.0}],
    "cameras": [
        {
            "gateway": "gw-east",
            "camera": {"id": "corridor-2", "name": "2单元楼道"},
            "scenario": "corridor_ebike",
            "alarms_per_day": 0.47,
            "alarms": _JUDGED,
        }
    ],
    "grids": [{"grid": {"id": "grid-07", "name": "第七网格"}, "cases": _WORK}],
    "people": [{"person": {"id": "u-wangfang", "name": "王芳"}, "cases": _WORK, "way_there_p50_s": 240.0}],
    "sources": [{"source": "camera", "cases": _WORK}],
    "days": [{"day": "2026-11-22", "cases": _WORK, "alarms": _JUDGED}],
}


class WorkModel(Model):
    """What became of cases that were opened in the span."""

    opened: int
    done: int = Field(description="Closed, followed up or evaluated.")
    open: int
    void: int
    merged: int
    in_time: int = Field(description="Of `done`: the limit of no step passed.")
    late: int = Field(description="Neither void nor merged, and the limit of some step passed.")
    in_time_share: float | None = Field(description="`in_time` of `done`; null while nothing is done.")

    @classmethod
    def of(cls, work: Work) -> "WorkModel":
        """From the domain's value."""
        return cls(**vars(work), in_time_share=_rounded(work.in_time_share))


class JudgedModel(Model):
    """Alarms by what people made of them. Tests are not counted."""

    total: int
    real: int
    false: int = Field(description="Dismissed as false, or their case was void.")
    duplicate: int
    other: int
    open: int = Field(description="Nobody has judged them.")
    false_rate: float | None = Field(description="`false` of `real` and `false`; null while nothing is judged.")

    @classmethod
    def of(cls, judged: Judged) -> "JudgedModel":
        """From the domain's value."""
        counts = {each.value: judged.counts[each] for each in Assessment}
        return cls(total=judged.total, false_rate=_rounded(judged.false_rate), **counts)


class TimingModel(Model):
    """Seconds from when the dispatcher first knew until the step; percentiles by the nearest rank."""

    step: Step
    severity: Severity | None = Field(description="Null: over all of them.")
    count: int
    p50_s: float
    p90_s: float


class CameraFigures(Model):
    """A camera's alarms of one kind."""

    gateway: str
    camera: Ref
    scenario: Scenario
    alarms_per_day: float
    alarms: JudgedModel


class GridFigures(Model):
    """A grid's cases; null: of no grid."""

    grid: Ref | None
    cases: WorkModel


class PersonFigures(Model):
    """The cases that somebody has, or had last."""

    person: Ref
    cases: WorkModel
    way_there_p50_s: float | None = Field(description="Median from being sent to being there.")


class SourceFigures(Model):
    """Cases by the way they came in."""

    source: Source
    cases: WorkModel


class DayFigures(Model):
    """What began on a day by the site's clock, whatever became of it since."""

    day: date
    cases: WorkModel
    alarms: JudgedModel


class StatisticsModel(Model):
    """The figures of a span of days, of what the asking person may see."""

    model_config = shown(_EXAMPLE)

    first: date
    last: date
    timezone: str
    place: Ref | None
    cases: WorkModel
    alarms: JudgedModel
    times: tuple[TimingModel, ...]
    cameras: tuple[CameraFigures, ...]
    grids: tuple[GridFigures, ...]
    people: tuple[PersonFigures, ...]
    sources: tuple[SourceFigures, ...]
    days: tuple[DayFigures, ...]

    @classmethod
    def of(cls, reported: Reported, timezone: str) -> "StatisticsModel":
        """From the service's value."""
        figures, span = reported.figures, reported.span
        return cls(
            first=span.first,
            last=span.last,
            timezone=timezone,
            place=Ref(id=reported.place.id, name=reported.place.name) if reported.place else None,
            cases=WorkModel.of(figures.cases),
            alarms=JudgedModel.of(figures.alarms),
            times=tuple(TimingModel(**vars(each)) for each in figures.timings()),
            cameras=_cameras(reported),
            grids=_grids(reported),
            people=_people(reported),
            sources=tuple(
                SourceFigures(source=source, cases=WorkModel.of(figures.sources[source]))
                for source in Source
                if source in figures.sources
            ),
            days=tuple(
                DayFigures(day=day, cases=WorkModel.of(work), alarms=JudgedModel.of(judged))
                for day, (work, judged) in sorted(figures.days.items())
            ),
        )


def _cameras(reported: Reported) -> tuple[CameraFigures, ...]:
    days = (reported.span.last - reported.span.first).days + 1
    found: list[CameraFigures] = []
    for (key, scenario), judged in sorted(reported.figures.cameras.items(), key=lambda item: -item[1].total):
        camera = reported.cameras.get(key)
        found.append(
            CameraFigures(
                gateway=key.gateway,
                camera=Ref(id=key.id, name=camera.name if camera else key.id),
                scenario=scenario,
                alarms_per_day=round(judged.total / days, 4),
                alarms=JudgedModel.of(judged),
            )
        )
    return tuple(found)


def _grids(reported: Reported) -> tuple[GridFigures, ...]:
    found = sorted(reported.figures.grids.items(), key=lambda item: -item[1].opened)
    return tuple(GridFigures(grid=_place(reported, grid), cases=WorkModel.of(work)) for grid, work in found)


def _place(reported: Reported, grid: str | None) -> Ref | None:
    if grid is None:
        return None
    place = reported.places.get(grid)
    return Ref(id=grid, name=place.name if place else grid)


def _people(reported: Reported) -> tuple[PersonFigures, ...]:
    found: list[PersonFigures] = []
    for name, work in sorted(reported.figures.people.items(), key=lambda item: -item[1].opened):
        person = reported.people.get(name)
        found.append(
            PersonFigures(
                person=Ref(id=name, name=person.name if person else name),
                cases=WorkModel.of(work),
                way_there_p50_s=reported.figures.way_there_s(name),
            )
        )
    return tuple(found)


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
