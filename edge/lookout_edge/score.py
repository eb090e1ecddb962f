"""The scoreboard: alarms against what really happened, by events and not by boxes.

An alarm is an occurrence that starts, or goes on after its end (``resumed``). It belongs to an event of the same
scenario when it comes between ``EARLY_S`` before its start and ``LATE_S`` after its end.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from statistics import median
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from lookout_contract.events import EventData, Phase, PlateStatus, Scenario
from lookout_edge.errors import ConfigError

#: Seconds of an alarm before the start and after the end of the event that it still belongs to.
EARLY_S, LATE_S = 1.0, 5.0
_VEHICLE = Scenario.UNFAMILIAR_VEHICLE
#: What the rate over all scenarios is, as the JSON says it. Where all clips are labelled for all of them it is the
#: false alarms over the hours; hours in which only some could be false do not thin out the others.
OVERALL_RATE = (
    "Sum of the judged scenarios' rates, each over the hours of the clips whose labels would name it: what a camera "
    "with all these rules tells wrongly an hour. Scenarios that no clip is labelled for are left out."
)
#: Stage of a fire of which the rule is sure.
CONFIRMED = "confirmed"
#: ONFIRE 2023 (International Contest on Fire Detection, https://mivia.unisa.it/onfire2023; its
#: results: doi:10.1007/s12652-024-04939-z): seconds before the fire from which on a
#: notification counts, longest mean delay that counts, frame rate and memory that cost nothing. The page names the
#: terms; the constants are those of two participants' evaluation code, which agree (AI-FIREBUSTERS/ICIAP_ONFIRE
#: 36/metrics.py at d6b1608, my-rice/Open-Fire_Contest scripts/metrics.py at 693468e).
ONFIRE_EARLY_S, ONFIRE_DELAY_S, ONFIRE_FPS, ONFIRE_MEMORY_GB = 5.0, 60.0, 10.0, 4.0


def _plate(text: str) -> str:
    plate = re.sub(r"[\s·•.\-]", "", text).upper()
    if not 2 <= len(plate) <= 12:
        raise ValueError(f"{text!r} is no plate: write its 2 to 12 letters and digits")
    return plate


class Truth(BaseModel):
    """One thing that really happened in a clip; seconds from the clip's start."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenario: Scenario
    start_s: float = Field(ge=0)
    end_s: float = Field(ge=0)

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.end_s <= self.start_s:
            raise ValueError(f"end_s ({self.end_s:g}) must be larger than start_s ({self.start_s:g})")
        return self


PlateText = Annotated[str, AfterValidator(_plate)]
"""A plate as it is read: without spaces and dots, in capitals."""


class Labels(BaseModel):
    """What a truth file says of its clip."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    events: tuple[Truth, ...] = ()
    #: Scenarios that its labels would name; None for all. Whatever else it shows is neither right nor false.
    judged: frozenset[Scenario] | None = None
    #: Plates that belong here, for unfamiliar vehicles.
    residents: tuple[PlateText, ...] = ()

    @property
    def named(self) -> frozenset[Scenario]:
        """Scenarios of which it says something."""
        vehicles = {_VEHICLE} if self.residents else ()
        return frozenset({truth.scenario for truth in self.events}) | (self.judged or frozenset()) | frozenset(vehicles)

    @model_validator(mode="after")
    def _events_are_judged(self) -> Self:
        lacking = {truth.scenario for truth in self.events} - (self.judged or {truth.scenario for truth in self.events})
        if lacking:
            raise ValueError(f"events name {', '.join(sorted(lacking))}, which judged does not")
        return self


_TRUTHS: TypeAdapter[tuple[Truth, ...]] = TypeAdapter(tuple[Truth, ...])


def read_labels(text: bytes, name: str) -> Labels:
    """A truth file: a list of events, or ``{"events": […], "judged": […]}``; ConfigError says what is wrong with it."""
    text = text.removeprefix(BOM_UTF8)
    try:
        if text.lstrip()[:1] == b"{":
            return Labels.model_validate_json(text)
        return Labels(events=_TRUTHS.validate_json(text))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        example = '[{"scenario": "fire_smoke", "start_s": 5, "end_s": 20}]'
        raise ConfigError(f"{name}: {where}: {first['msg']}; write it like {example}, or [] for nothing.") from error


@dataclass(frozen=True, slots=True)
class Alarm:
    """What the gateway said; seconds from the clip's start."""

    scenario: Scenario
    at_s: float
    occurrence: str
    label: str | None
    #: When it became sure of it (fire); None when it did not.
    confirmed_s: float | None = None
    #: Vehicles: whether a plate was read when it began.
    plate: PlateStatus | None = None


def alarms_of(events: Iterable[EventData], start_at: float) -> list[Alarm]:
    """The alarms among a clip's events, in order; ``start_at`` is the frame time of the clip's beginning."""
    alarms: list[Alarm] = []
    last: dict[str, int] = {}
    for event in events:
        at_s = event.captured_at.timestamp() - start_at
        if event.phase is Phase.START or event.resumed:
            label = event.objects[0].label if event.objects else None
            last[event.occurrence] = len(alarms)
            plate = event.attributes.plate.status if event.attributes.plate else None
            alarms.append(Alarm(event.scenario, round(at_s, 3), event.occurrence, label, plate=plate))
        index = last.get(event.occurrence)
        if index is not None and event.attributes.stage == CONFIRMED and alarms[index].confirmed_s is None:
            alarms[index] = replace(alarms[index], confirmed_s=round(at_s, 3))
    return alarms


@dataclass(frozen=True, slots=True)
class Known:
    """A vehicle that was let in; ``misread`` characters of its plate were forgiven."""

    at_s: float
    misread: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A clip that was watched, with what happened in it and what was said of it."""

    name: str
    seconds: float
    truths: tuple[Truth, ...]
    alarms: tuple[Alarm, ...]
    #: Scenarios that the labels of the clip would name; None for all.
    judged: frozenset[Scenario] | None = None
    #: When a vehicle was taken for a resident's, seconds from the clip's start, and why.
    known: tuple[Known, ...] = ()

    def judges(self, scenario: Scenario) -> bool:
        """Whether its labels say when there should be such an alarm."""
        return self.judged is None or scenario in self.judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What watching took: frames looked at a CPU second, and the most memory."""

    frames_per_cpu_s: float
    memory_gb: float


@dataclass(slots=True)
class _Tally:
    events: int = 0
    found: int = 0
    alarms: int = 0
    false: int = 0
    delays: list[float] = field(default_factory=list[float])
    confirmed: list[float] = field(default_factory=list[float])
    #: Vehicles: strangers who were let in, residents who were not, and those whose plate nobody could read.
    false_known: int = 0
    false_unknown: int = 0
    false_unreadable: int = 0


def scoreboard(clips: Sequence[Clip], scenarios: Iterable[Scenario], cost: Cost) -> dict[str, Any]:
    """The scores as JSON values. Scenarios that are not listed are not judged; nor are clips whose labels name none."""
    judged = sorted(set(scenarios), key=list(Scenario).index)
    tallies = {scenario: _Tally() for scenario in judged}
    details: list[dict[str, Any]] = []
    for clip in clips:
        for scenario in judged:
            details += _judge(clip, scenario, tallies[scenario]) if clip.judges(scenario) else []
    calm = [clip for clip in clips if not any(truth.scenario in judged for truth in clip.truths)]
    negative = [clip for clip in calm if any(map(clip.judges, judged))]
    on_negative = {
        scenario: sum(a.scenario is scenario for clip in negative if clip.judges(scenario) for a in clip.alarms)
        for scenario in judged
    }
    false = {scenario: tally.false for scenario, tally in tallies.items()}
    return {
        "clips": len(clips),
        "camera_hours": _rounded_hours(clip for clip in clips if any(map(clip.judges, judged))),
        "scenarios": {scenario.value: _row(tallies[scenario], scenario, clips) for scenario in judged},
        "false_alarms": sum(false.values()),
        "false_alarms_per_camera_hour": _overall(false, clips),
        "negative": {
            "clips": len(negative),
            "camera_hours": _rounded_hours(negative),
            "false_alarms": sum(on_negative.values()),
            "false_alarms_per_camera_hour": _overall(on_negative, negative),
        },
        "definitions": {"false_alarms_per_camera_hour": OVERALL_RATE},
        **({"onfire": onfire(clips, cost)} if Scenario.FIRE_SMOKE in tallies else {}),
        "details": details,
    }


def _hours(clips: Iterable[Clip], scenario: Scenario) -> float:
    """The hours in which an alarm of ``scenario`` could be false."""
    return sum(clip.seconds for clip in clips if clip.judges(scenario)) / 3600


def _rounded_hours(clips: Iterable[Clip]) -> float:
    return round(sum(clip.seconds for clip in clips) / 3600, 5)


def _overall(false: Mapping[Scenario, int], clips: Sequence[Clip]) -> float | None:
    """See ``OVERALL_RATE``."""
    hours = {scenario: _hours(clips, scenario) for scenario in false}
    rates = [count / hours[scenario] for scenario, count in false.items() if hours[scenario] > 0]
    return round(sum(rates), 4) if rates else None


def _judge(clip: Clip, scenario: Scenario, tally: _Tally) -> list[dict[str, Any]]:
    """Count one scenario of one clip; a line for every alarm and every event that was missed."""
    alarms = [alarm for alarm in clip.alarms if alarm.scenario is scenario]
    truths = [truth for truth in clip.truths if truth.scenario is scenario]
    lines: list[dict[str, Any]] = []
    for truth in truths:
        mine = [alarm for alarm in alarms if _belongs(alarm, truth)]
        tally.events += 1
        if not mine:
            let_in = [k for k in clip.known if scenario is _VEHICLE and truth.start_s <= k.at_s <= truth.end_s + LATE_S]
            tally.false_known += bool(let_in)
            why = {"let_in": [asdict(known) for known in let_in]} if let_in else {}
            lines.append({"clip": clip.name, **truth.model_dump(mode="json"), "verdict": "missed", **why})
            continue
        tally.found += 1
        tally.delays.append(max(0.0, mine[0].at_s - truth.start_s))
        sure = [alarm.confirmed_s for alarm in mine if alarm.confirmed_s is not None]
        tally.confirmed += [max(0.0, min(sure) - truth.start_s)] if sure else []
    for alarm in alarms:
        right = any(_belongs(alarm, truth) for truth in truths)
        tally.alarms += 1
        tally.false += not right
        tally.false_unknown += not right and alarm.plate is PlateStatus.UNKNOWN
        tally.false_unreadable += not right and alarm.plate is PlateStatus.UNREADABLE
        lines.append({"clip": clip.name, **asdict(alarm), "verdict": "right" if right else "false"})
    return lines


def _belongs(alarm: Alarm, truth: Truth) -> bool:
    return truth.start_s - EARLY_S <= alarm.at_s <= truth.end_s + LATE_S


def _row(tally: _Tally, scenario: Scenario, clips: Sequence[Clip]) -> dict[str, Any]:
    hours = _hours(clips, scenario)
    confirmed = {"confirmed": len(tally.confirmed), "time_to_confirmed_s": _times(tally.confirmed)}
    plates = {
        "false_known": tally.false_known,
        "false_unknown": tally.false_unknown,
        "false_unreadable": tally.false_unreadable,
    }
    return {
        "events": tally.events,
        "found": tally.found,
        "recall": _share(tally.found, tally.events),
        "alarms": tally.alarms,
        "false_alarms": tally.false,
        "precision": _share(tally.alarms - tally.false, tally.alarms),
        "camera_hours": round(hours, 5),
        "false_alarms_per_camera_hour": _per(tally.false, hours),
        "time_to_alarm_s": _times(tally.delays),
        **(confirmed if scenario is Scenario.FIRE_SMOKE else {}),
        **(plates if scenario is _VEHICLE else {}),
    }


def onfire(clips: Iterable[Clip], cost: Cost) -> dict[str, float | None]:
    """The fire detection score of ONFIRE 2023: P · R · D_n / ((1 + PFR_Δ) · (1 + MEM_Δ)), by clips and not by alarms.

    The first fire alarm of a clip is its notification: right from ``ONFIRE_EARLY_S`` before the fire on, however late,
    else false. PFR is taken by CPU seconds of this box; the contest measures it on a graphics card of its own.
    """
    right, false, missed, delays = 0, 0, 0, list[float]()
    for clip in clips:
        if not clip.judges(Scenario.FIRE_SMOKE):
            continue
        said_s = min((alarm.at_s for alarm in clip.alarms if alarm.scenario is Scenario.FIRE_SMOKE), default=None)
        began_s = min((truth.start_s for truth in clip.truths if truth.scenario is Scenario.FIRE_SMOKE), default=None)
        if said_s is None:
            missed += began_s is not None
        elif began_s is not None and said_s >= max(0.0, began_s - ONFIRE_EARLY_S):
            right += 1
            delays.append(abs(said_s - began_s))
        else:
            false += 1
    precision, recall = _share(right, right + false), _share(right, right + missed)
    if precision is None or recall is None or not delays:
        return {"precision": precision, "recall": recall, "score": None if not right + missed else 0.0}
    promptness = max(0.0, ONFIRE_DELAY_S - sum(delays) / len(delays)) / ONFIRE_DELAY_S
    slow = max(0.0, ONFIRE_FPS / max(1e-6, cost.frames_per_cpu_s) - 1)
    large = max(0.0, cost.memory_gb / ONFIRE_MEMORY_GB - 1)
    return {
        "precision": precision,
        "recall": recall,
        "promptness": round(promptness, 4),
        "frames_per_cpu_s": round(cost.frames_per_cpu_s, 2),
        "frame_rate_cost": round(slow, 4),
        "memory_gb": round(cost.memory_gb, 3),
        "memory_cost": round(large, 4),
        "score": round(precision * recall * promptness / ((1 + slow) * (1 + large)), 4),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _per(count: int, hours: float) -> float | None:
    return round(count / hours, 4) if hours > 0 else None


def _times(seconds: Sequence[float]) -> dict[str, float | None]:
    if not seconds:
        return {"p50": None, "max": None}
    return {"p50": round(median(seconds), 3), "max": round(max(seconds), 3)}


def as_table(board: Mapping[str, Any]) -> str:
    """The scores for people."""
    lines = [f"{'scenario':<20}{'found':>9}{'alarms':>8}{'false':>7}{'false/h':>9}{'p50 s':>8}{'max s':>8}"]
    for name, row in board["scenarios"].items():
        times = row["time_to_alarm_s"]
        found = f"{row['found']}/{row['events']}"
        cells = f"{found:>9}{row['alarms']:>8}{row['false_alarms']:>7}{_shown(row['false_alarms_per_camera_hour']):>9}"
        lines.append(f"{name:<20}{cells}{_shown(times['p50']):>8}{_shown(times['max']):>8}")
    vehicles = board["scenarios"].get(_VEHICLE.value)
    if vehicles is not None:
        lines.append(
            f"strangers let in as residents {vehicles['false_known']}, residents taken for strangers "
            f"{vehicles['false_unknown']}, residents whose plate was not read {vehicles['false_unreadable']}"
        )
    negative = board["negative"]
    lines.append(
        f"{board['clips']} clips, {board['camera_hours']:g} camera-hours; on the {negative['clips']} without events "
        f"{negative['false_alarms']} false alarms in {negative['camera_hours']:g} camera-hours"
    )
    lines.append(
        f"false alarms an hour at a camera with all these rules: {_shown(board['false_alarms_per_camera_hour'])}"
        f" ({_shown(negative['false_alarms_per_camera_hour'])} without events)"
    )
    if "onfire" in board:
        lines.append(f"ONFIRE 2023 score: {_shown(board['onfire']['score'])}")
    return "\n".join(lines)


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
