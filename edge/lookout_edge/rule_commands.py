"""Commands about rules: how well they do on labelled clips, and why there was an alarm or none."""

import json
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from lookout_contract.commands import Resident
from lookout_contract.events import Scenario
from lookout_edge import bootstrap
from lookout_edge.adapters.logs import configure_logs
from lookout_edge.bootstrap.streams import first_picture, write_zones
from lookout_edge.cli import (
    CLIP_START,
    ConfigOption,
    LangOption,
    StartOption,
    log_level,
    plain_errors,
    say_unarmed,
    start_time,
    words_of,
)
from lookout_edge.config import CameraConfig, ModelsConfig
from lookout_edge.domain.feedback import Decision
from lookout_edge.domain.frame import Frame
from lookout_edge.domain.suppressed import Suppressed
from lookout_edge.errors import ConfigError, SourceError
from lookout_edge.recall import answer, broken_off, proposal_text, read_moment, remembered_cameras
from lookout_edge.recordings import Studio, studio_of
from lookout_edge.replay import events_of
from lookout_edge.score import Clip, Cost, Known, Labels, alarms_of, as_table, read_labels, scoreboard

#: Of a clip's end so much may not have been looked at, seconds: idle cameras take a look in ten seconds.
_UNSEEN_S = 10.0
#: What a community asks of every camera; the others make sense with their zones only, or where a truth names them.
EVERYWHERE = (Scenario.FIRE_SMOKE, Scenario.GARBAGE, Scenario.CORRIDOR_EBIKE)


def score(
    folder: Annotated[Path, typer.Argument(metavar="CLIPS_DIR", help="Clips, each with its CLIP.truth.json.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="Take zones and rules from here.")] = None,
    camera: Annotated[str | None, typer.Option("--camera", help="Which camera of the configuration.")] = None,
    detector: Annotated[str | None, typer.Option("--detector", help="Entry of the zoo to look with.")] = None,
    scenario: Annotated[list[Scenario] | None, typer.Option("--scenario", help="Judge only this; repeatable.")] = None,
    start: StartOption = CLIP_START,
) -> None:
    """Recall, precision, false alarms per camera-hour and time to alarm on labelled clips.

    CLIP.truth.json holds [{"scenario": …, "start_s": …, "end_s": …}], or [] when nothing happens. An alarm counts from
    a second before an event to five seconds after it. Judged are fire, garbage and e-bikes, and what a truth names;
    {"events": […], "judged": […]} says that the clip is labelled for these scenarios only, "residents" whose plates
    belong there. Plates are read where vehicles are judged.
    """
    configure_logs(level=log_level(False) + 10)
    with plain_errors():
        start_at = start_time(start)
        clips = _labelled(folder)
        named = {scenario for _, labels in clips for scenario in labels.named}
        judged = set(scenario) if scenario else {*EVERYWHERE, *named}
        studio = _studio(config, camera, detector, plates=Scenario.UNFAMILIAR_VEHICLE in judged)
        known = {rule.scenario for rule in studio.rules()}
        for lacking in sorted(judged - known):
            typer.echo(f"note: {studio.models.detector.name} or the configuration has no rule for {lacking}", err=True)
        unarmed = (scenario for scenario in studio.unarmed(start_at) if scenario in judged)
        say_unarmed(unarmed, studio.calendar.local(start_at))
        board = _watch_all(studio, clips, judged, start_at)
        board["detector"] = studio.models.detector.name
    typer.echo(json.dumps(board, indent=2, ensure_ascii=False) if as_json else as_table(board))


def why(
    config: ConfigOption,
    camera: Annotated[str, typer.Option("--camera", help="Which camera.")],
    at: Annotated[str, typer.Option("--at", help="HH:MM of the last 24 hours on the site's clock, or ISO 8601.")],
    around: Annotated[float, typer.Option(min=1, max=86_400, help="Seconds before and after.")] = 120.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, a note a line.")] = False,
    lang: LangOption = None,
) -> None:
    """Why was there an alarm, or none? What the gateway saw around a time, kept for a week.

    Also of a camera that the configuration does not name any more.
    """
    with plain_errors():
        loaded = bootstrap.load(config)
        now = datetime.now(loaded.timezone)
        moment = read_moment(at, loaded.timezone, now).timestamp()
        with closing(bootstrap.open_memory(loaded.config)) as memory:
            known = remembered_cameras(loaded.config.cameras, memory)
            if camera not in known:
                raise ConfigError(f"{config}: there is no camera {camera!r}; known are {', '.join(known)}.")
            lives_at = now.timestamp() if bootstrap.is_running(loaded.config) else None
            recalled = memory.recall(camera, moment - around, moment + around, lives_at=lives_at)
    words = words_of(lang)
    lines = answer(recalled, loaded.timezone, words)
    if not as_json:
        typer.echo("\n".join(lines))
        return
    if recalled.is_incomplete or recalled.is_empty:
        typer.echo(lines[0], err=True)
    for line in broken_off(recalled, loaded.timezone, words):
        typer.echo(line, err=True)
    for note in recalled.notes:
        typer.echo(note.model_dump_json(exclude_defaults=True))


def proposals(
    config: ConfigOption,
    accept: Annotated[str | None, typer.Option("--accept", metavar="ID", help="Leave this out from now on.")] = None,
    decline: Annotated[str | None, typer.Option("--decline", metavar="ID", help="Never ask for this again.")] = None,
    by: Annotated[str, typer.Option("--by", help="Who decides.")] = "operator",
    lang: LangOption = None,
) -> None:
    """What the gateway proposes to leave out after false alarms, with what that would have spared and missed.

    What is accepted is tried again first, and refused once if it would have missed more real alarms than it says.
    """
    words = words_of(lang)
    with plain_errors():
        loaded = bootstrap.load(config)
        file = bootstrap.open_proposals(loaded.config)
        now = time.time()
        for name, decision in ((accept, Decision.ACCEPTED), (decline, Decision.DECLINED)):
            if name is not None:
                bootstrap.decide(loaded.config, name, decision, by, now)
        lines = [proposal_text(proposal, loaded.timezone, words) for proposal in file.all()]
    typer.echo("\n".join(lines) if lines else words.sentence("proposal_none"))


DrawOption = Annotated[
    Path | None,
    typer.Option("--draw", metavar="DIR", help="Draw the zones of each camera into DIR/CAMERA.png."),
]
PictureOption = Annotated[
    Path | None, typer.Option("--picture", help="Draw on this picture or clip instead of the camera's own.")
]


def draw_zones(name: str, camera: CameraConfig, folder: Path, picture: Path | None) -> str:
    """Draw a camera's zones on its picture, or on grey when it gives none; a line that says what was drawn."""
    try:
        image = first_picture(name, camera, picture)
        ground = "its picture" if picture is None else picture.name
    except SourceError as error:
        if picture is not None:
            raise
        image, ground = None, f"grey, for the camera gives no picture ({error.reason})"
    path = folder / f"{name}.png"
    write_zones(path, camera, image)
    return f"zones of {name} on {ground}: {path}"


def _labelled(folder: Path) -> list[tuple[Path, Labels]]:
    if not folder.is_dir():
        raise SourceError(f"{folder}: there is no such folder; give one with clips in it.", reason="missing")
    clips = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".mp4" and path.is_file())
    if not clips:
        raise SourceError(
            f"{folder}: holds no *.mp4; put clips there, each with its CLIP.truth.json.", reason="missing"
        )
    found: list[tuple[Path, Labels]] = []
    for clip in clips:
        truth = clip.with_suffix(".truth.json")
        if not truth.is_file():
            raise ConfigError(f"{truth}: is missing; write [] into it when nothing happens in {clip.name}.")
        found.append((clip, read_labels(truth.read_bytes(), str(truth))))
    named = {clip.with_suffix(".truth.json") for clip in clips}
    for truth in sorted(path for path in folder.rglob("*.truth.json") if path not in named):
        clip = truth.name.replace(".truth.json", ".mp4")
        typer.echo(f"note: {truth} is left out, for there is no {clip} beside it", err=True)
    return found


def _studio(config: Path | None, camera: str | None, detector: str | None, *, plates: bool) -> Studio:
    if config is not None:
        models = None if detector is None else bootstrap.load(config).config.models.model_copy()
        return studio_of(config, camera, models and models.model_copy(update={"detector": detector}))
    chosen = detector or bootstrap.widest_detector()
    return studio_of(None, camera, ModelsConfig(detector=chosen, plates=plates))


def _watch_all(
    studio: Studio, clips: Sequence[tuple[Path, Labels]], judged: set[Scenario], start_at: float
) -> dict[str, object]:
    for path, _ in clips:  # before hours are spent on those that come before one that cannot be decoded
        with studio.source(path, start_at).frames() as frames:
            next(frames, None)
    watched: list[Clip] = []
    spent_s, looks = 0.0, 0
    for path, labels in clips:
        begun = time.process_time()
        known = _Known(labels.residents, start_at)
        pipeline = studio.pipeline(judged, directory=known, on_suppressed=known.note)
        source = studio.source(path, start_at)
        length = _Length(start_at)
        with source.frames() as frames:
            events = events_of(length.of(frames), pipeline, start_at=start_at, ask=source.ask)
            alarms = alarms_of(events, start_at)
        if source.broken is not None:
            typer.echo(f"note: {source.broken}", err=True)
        for late in (truth for truth in labels.events if truth.start_s > length.seconds + _UNSEEN_S):
            told = f"{path.name} ends after some {length.seconds:.0f} s, and {late.scenario} at {late.start_s:g} s"
            typer.echo(f"note: {told} is missed; correct its truth", err=True)
        spent_s, looks = spent_s + time.process_time() - begun, looks + length.frames
        watched.append(
            Clip(
                name=path.name,
                seconds=length.seconds,
                truths=labels.events,
                alarms=tuple(alarms),
                judged=labels.judged,
                known=tuple(known.let_in),
            )
        )
    memory_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return scoreboard(watched, judged, Cost(frames_per_cpu_s=looks / max(1e-6, spent_s), memory_gb=memory_gb))


class _Known:
    """The residents of a clip, and when a vehicle was taken for one of theirs."""

    def __init__(self, plates: Sequence[str], start_at: float) -> None:
        self._start_at = start_at
        self._residents = tuple(Resident(plate=plate) for plate in plates)
        self.let_in: list[Known] = []

    def residents(self, at: float) -> Sequence[Resident]:
        """See ``PlateDirectory``."""
        return self._residents

    def visit(self, plate: str, at: float, camera: str) -> None:
        """See ``PlateDirectory``."""

    def stay(self, plate: str, at: float, camera: str) -> None:
        """See ``PlateDirectory``."""

    def note(self, suppressed: Suppressed) -> None:
        """Keep that a vehicle was recognised."""
        if suppressed.condition.name == "plate":
            misread = [c.value for c in suppressed.conditions if c.name == "plate_misread"]
            count = misread[0] if misread and isinstance(misread[0], int) else 0
            self.let_in.append(Known(round(suppressed.at - self._start_at, 3), count))


class _Length:
    """Counts the frames that go through it, and the seconds up to the last one."""

    def __init__(self, start_at: float) -> None:
        self._start_at = start_at
        self.frames = 0
        self.seconds = 0.0

    def of(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        for frame in frames:
            self.frames += 1
            self.seconds = frame.at - self._start_at
            yield frame
