"""False alarms per camera-hour on hours of footage in which nothing happens, scenario by scenario.

    python -m scoreboard.quiet_hours --minutes 3 [--share 1.0] [--only lifts] [--scenario corridor_ebike]
        [--slices 10] [--begin 0]   (from tests/)

A camera looks at one still for ``--minutes`` of its own time: the sensor is noisy, the sun comes and goes, wind shakes
the mast now and then, once it is nudged, and once a minute something harmless happens (``quiet_scenes``). Pictures come
as the pipeline asks for them, so an hour costs two to five minutes of CPU. A still that looks like something is one
false alarm, however long: hours of few scenes would flatter, so the scenes are printed too. Cameras that go
to and fro see every picture anew, which costs most: they are few, and watched for a third of the time.

It goes on in slices, each of them an even share of every kind: a run that is stopped has seen them all, only fewer
scenes of each, and ``--begin`` goes on where it was stopped. After each slice all that was counted so far is printed
with the rate that it excludes: the upper end of the exact one-sided 95 % interval of a Poisson rate (Garwood, "Fiducial
limits for the Poisson distribution", Biometrika 1936). Over all scenarios that is the sum of their rates, each over the
hours in which it was judged. Pictures: ../shared/data.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from scipy.special import gammaincinv  # pyright: ignore[reportUnknownVariableType]

from lookout_contract.events import Scenario
from lookout_edge.config import ModelsConfig
from lookout_edge.errors import EdgeError
from lookout_edge.recordings import Studio, studio_of
from lookout_edge.replay import events_of
from lookout_edge.score import alarms_of, read_labels
from scoreboard.made_clips import DATA, FIRE, GARBAGE, LIFT, Still, stills
from scoreboard.quiet_scenes import Camera, Footage, Loop, disturbances

_EVERY = FIRE_SMOKE, RUBBISH, EBIKE = Scenario.FIRE_SMOKE, Scenario.GARBAGE, Scenario.CORRIDOR_EBIKE
REEL = Path(__file__).parents[2] / "models" / "reel"
#: Scenes before a camera that turns.
_TURNING = 12
#: How much longer than a still the few recorded clips are watched.
_RECORDED_TIMES = 4.0
_quantile = cast(Callable[[float, float], float], gammaincinv)


@dataclass(frozen=True)
class Scenes:
    """Scenes of one kind, and the scenarios that their labels rule out."""

    name: str
    #: Stills or clips; each is watched by a camera of its own.
    sources: Sequence[Still | Path]
    judged: tuple[Scenario, ...]
    #: Whether the camera goes to and fro over the picture.
    turns: bool = False
    #: How long each is watched, as a multiple of the time that is asked for.
    times: float = 1.0

    def footage(self, number: int, seconds: float) -> Footage:
        """The camera before one of the sources."""
        source = self.sources[number]
        if isinstance(source, Path):
            return Loop(source, number)
        planned = () if self.turns else disturbances(number, seconds)
        return Camera(source.image, number, turns=self.turns, name=source.path.name, planned=planned)


@dataclass
class Tally:
    """What came of the scenes of one kind."""

    scenes: int = 0
    hours: float = 0.0
    alarms: Counter[Scenario] = field(default_factory=Counter[Scenario])
    alarmed: list[str] = field(default_factory=list[str])


def kinds(data: Path) -> Iterator[Scenes]:
    """The scenes of the data folder; training has seen none but those whose name says so."""
    weather = stills(data / "fire" / "test", FIRE, prefix="neg_")
    rubbish = stills(data / "garbage" / "test", GARBAGE, wanted=GARBAGE)
    bins = [still for still in rubbish if _is_clean(still)]
    yield Scenes("weather", weather, _EVERY)
    # Many a picture of bins shows an e-bike that nobody has marked.
    yield Scenes("clean bins", bins, (FIRE_SMOKE, RUBBISH))
    yield Scenes("streets with rubbish", [s for s in rubbish if not _is_clean(s)][::2], (FIRE_SMOKE,))
    yield Scenes("lifts", stills(data / "ebike" / "elevator_test", LIFT, wanted=LIFT), (FIRE_SMOKE, RUBBISH))
    yield Scenes("lamps and rooms, seen in training", stills(data / "fire" / "train", FIRE, prefix="cair_"), _EVERY)
    yield Scenes("weather, seen in training", stills(data / "fire" / "train", FIRE, prefix="neg_")[::4], _EVERY)
    roads = stills(data / "ebike" / "twowheeler", ("motorcycle", "bus", "car"), wanted=("motorcycle", "bus", "car"))
    yield Scenes("roads, seen in training", roads[::2], (FIRE_SMOKE, RUBBISH))
    mixed = [*weather[:: max(1, 2 * len(weather) // _TURNING)], *bins[:: max(1, 2 * len(bins) // _TURNING)]]
    yield Scenes("weather and clean bins, turning camera", mixed, (FIRE_SMOKE, RUBBISH), turns=True, times=1 / 3)
    real = [data / "video" / f"{name}.mp4" for name in ("car-detection", "one-by-one-person-detection")]
    yield Scenes("real footage", [clip for clip in real if clip.is_file()], _EVERY, times=_RECORDED_TIMES)
    yield Scenes("rendered footage", _eventless(REEL), _EVERY, times=_RECORDED_TIMES)


def judging(every: Iterable[Scenes], wanted: Collection[Scenario]) -> Iterator[Scenes]:
    """The scenes that rule out any of ``wanted``, judged for these alone."""
    for scenes in every:
        judged = tuple(scenario for scenario in scenes.judged if scenario in wanted)
        if judged:
            yield replace(scenes, judged=judged)


def _is_clean(still: Still) -> bool:
    return not any(label in {"garbage", "overflow"} for label, _ in still.things)


def _eventless(folder: Path) -> list[Path]:
    """The clips of a folder whose truth names no event."""
    truths = sorted(folder.glob("*.truth.json"))
    quiet = [path for path in truths if not read_labels(path.read_bytes(), path.name).events]
    return [path.with_name(path.name.replace(".truth.json", ".mp4")) for path in quiet]


def chosen(scenes: Scenes, share: float) -> range:
    """The numbers of an even ``share`` of the scenes of a kind."""
    return range(0, len(scenes.sources), max(1, round(1 / share)))


def watch(studio: Studio, scenes: Scenes, minutes: float, numbers: Iterable[int], tally: Tally) -> None:
    """Watch some scenes of a kind, and add what came of them to ``tally``."""
    seconds = 60 * minutes * scenes.times
    for number in numbers:
        footage = scenes.footage(number, seconds)
        pipeline = studio.pipeline(set(scenes.judged))
        alarms = alarms_of(events_of(footage.frames(seconds), pipeline, start_at=0.0, ask=footage.ask), 0.0)
        tally.scenes += 1
        tally.hours += seconds / 3600
        tally.alarms.update(alarm.scenario for alarm in alarms)
        for alarm in alarms:
            during = footage.going_on(alarm.at_s)
            said = f"{footage.name} {alarm.scenario} {alarm.label} at {alarm.at_s:g} s"
            tally.alarmed.append(f"{said} ({during})" if during else said)


def at_most(alarms: int, hours: float) -> float:
    """The rate per hour that so many alarms in so many hours exclude with 95 % confidence."""
    return float(_quantile(alarms + 1, 0.95)) / hours


def sum_at_most(counted: Sequence[tuple[int, float]]) -> float:
    """The sum of rates per hour that so many (alarms, hours) exclude with 95 % confidence; one of them as ``at_most``.

    Fay and Feuer, "Confidence intervals for directly standardized rates", Statistics in Medicine 1997: by a gamma
    distribution, on the safe side. The scenario with the fewest hours counts for most.
    """
    most = max(1 / hours for _, hours in counted)
    mean = sum(alarms / hours for alarms, hours in counted) + most
    variance = sum(alarms / hours**2 for alarms, hours in counted) + most**2
    return variance / mean * float(_quantile(mean**2 / variance, 0.95))


def as_json(name: str, tally: Tally, judged: Sequence[Scenario]) -> dict[str, object]:
    """One kind's figures."""
    return {
        "kind": name,
        "false_alarms": {scenario.value: tally.alarms[scenario] for scenario in judged},
        "all": _rate(tally.alarms.total(), [tally]),
        "alarmed": tally.alarmed,
    }


def totals(watched: Sequence[tuple[Scenes, Tally]]) -> dict[str, object]:
    """All kinds together: each scenario over the hours in which it was judged, and the sum of these rates, which is
    what a camera with all these rules tells wrongly an hour. Scenarios that nothing judged are left out of it."""
    told: dict[str, object] = {}
    for scenario in _EVERY:
        judged = [tally for scenes, tally in watched if scenario in scenes.judged]
        told[scenario.value] = _rate(sum(t.alarms[scenario] for t in judged), judged)
    every = [tally for _, tally in watched]
    told["all"] = _rate(sum(t.alarms.total() for t in every), every) | _summed(watched)
    return {"total": told}


def _summed(watched: Sequence[tuple[Scenes, Tally]]) -> dict[str, float | None]:
    """The sum of the scenarios' rates, and what is excluded of it."""
    counted: list[tuple[int, float]] = []
    for scenario in Scenario:
        judged = [tally for scenes, tally in watched if scenario in scenes.judged and tally.hours]
        if judged:
            counted.append((sum(t.alarms[scenario] for t in judged), sum(t.hours for t in judged)))
    if not counted:
        return {}
    rate = sum(alarms / hours for alarms, hours in counted)
    return {"per_camera_hour": round(rate, 3), "at_most_95": round(sum_at_most(counted), 3)}


def _rate(alarms: int, tallies: Sequence[Tally]) -> dict[str, float | None]:
    hours = sum(tally.hours for tally in tallies)
    return {
        "scenes": sum(tally.scenes for tally in tallies),
        "camera_hours": round(hours, 3),
        "false_alarms": alarms,
        "per_camera_hour": round(alarms / hours, 3) if hours else None,
        "at_most_95": round(at_most(alarms, hours), 3) if hours else None,
    }


def main() -> None:
    """Print one line of JSON a kind of scene and one of all together, for all that was seen up to each slice's end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--only", default="", help="kinds whose name holds this")
    parser.add_argument("--scenario", type=Scenario, choices=_EVERY, help="judge this one alone, at its cost alone")
    parser.add_argument("--slices", type=int, default=10)
    parser.add_argument("--begin", type=int, default=0, help="the first slice, from 0; nothing of those before counts")
    given = parser.parse_args()
    if not (DATA / "fire" / "test").is_dir():
        raise EdgeError(f"{DATA}: there are no pictures; put them there as its README says.")
    studio = studio_of(None, None, ModelsConfig(detector="community-nano", plates=False))
    wanted = _EVERY if given.scenario is None else (given.scenario,)
    watched = [(scenes, Tally()) for scenes in judging(kinds(DATA), wanted) if given.only in scenes.name]
    for number in range(given.begin, given.slices):
        for scenes, tally in watched:
            watch(studio, scenes, given.minutes, chosen(scenes, given.share)[number :: given.slices], tally)
        _print({"slice": number + 1, "of": given.slices})
        for scenes, tally in watched:
            _print(as_json(scenes.name, tally, scenes.judged))
        _print(totals(watched))


def _print(line: dict[str, object]) -> None:
    sys.stdout.write(f"{json.dumps(line, ensure_ascii=False)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
