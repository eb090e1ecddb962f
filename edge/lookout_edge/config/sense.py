"""Checks that need more than one place of the file, or the disk. They run on whatever could be read."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import cast

from pydantic import ValidationError

from lookout_contract.events import Scenario
from lookout_edge.config.model import CloseUpConfig, ModelsConfig, ZoneConfig, is_path
from lookout_edge.config.nodes import Document, Fault
from lookout_edge.config.nodes import Path as Place
from lookout_edge.config.section import resolve
from lookout_edge.domain.close_up import LEAST_TIMES, close_ups_of
from lookout_edge.domain.occurrence import PANIC
from lookout_edge.domain.zone import WHOLE_FRAME
from lookout_edge.rules.registry import RULES, RuleKind
from lookout_edge.sight import BLIND_STAGES

#: Zoo entries that reading plates needs.
PLATE_MODELS = ("plate-detector", "plate-reader")

Section = Mapping[str, object]

_KINDS = {kind.scenario.value: kind for kind in RULES.values()}
#: Keys of a source that only a clip has use for.
_OF_CLIPS = ("start_s", "end_s", "loop", "rest_from_s", "rest_s")


def faults_of_sense(document: Document, base: Path, models: Mapping[str, Sequence[str]]) -> list[Fault]:
    """Unknown zones and models, clips that are not there, zones watched twice; ``base`` is the file's folder."""
    data = _section(document.data)
    pressed = {str(_section(button).get("camera")) for button in _section(data.get("buttons")).values()}
    faults = [*_model_faults(document, data, models), *_shadow_faults(document, data, models)]
    for name, section in _section(data.get("cameras")).items():
        place, camera = ("cameras", name), _section(section)
        faults += _source_faults(document, place, camera, base)
        faults += _zone_faults(document, place, camera)
        faults += _close_up_faults(document, place, camera)
        faults += _watched_twice(document, place, camera)
        faults += _label_faults(document, place, camera, _detector_of(data), models)
        faults += _action_faults(document, place, camera, base, has_button=name in pressed)
    faults += _button_faults(document, data)
    return faults


def suggestion(word: str, known: Sequence[str]) -> str:
    """``did you mean 'gate'?`` and what there is to choose from."""
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    choice = f"known are {', '.join(known)}" if known else "there are none"
    return f"did you mean {close[0]!r}? ({choice})" if close else choice


def _section(value: object) -> Section:
    return cast(Section, value) if isinstance(value, dict) else {}


def _items(value: object) -> list[object]:
    return cast(list[object], value) if isinstance(value, list) else []


def _detector_of(data: Section) -> str:
    return str(_section(data.get("models")).get("detector", ModelsConfig().detector))


def _rules(section: Section) -> list[Section]:
    return [_section(rule) for rule in _items(section.get("rules"))]


def _kind_of(rule: Section) -> RuleKind | None:
    return _KINDS.get(str(rule.get("scenario")))


def _detectors(models: Mapping[str, Sequence[str]]) -> list[str]:
    return sorted(name for name, labels in models.items() if labels and name not in PLATE_MODELS)


def _model_faults(document: Document, data: Section, models: Mapping[str, Sequence[str]]) -> Iterator[Fault]:
    section = _section(data.get("models"))
    detector = section.get("detector", ModelsConfig().detector)
    detectors = _detectors(models)
    if isinstance(detector, str) and detector not in detectors:
        text = f"there is no detector {detector!r} in the zoo; {suggestion(detector, detectors)}"
        yield document.fault(("models", "detector"), text)
    pose = section.get("pose")
    if isinstance(pose, str) and pose not in models:
        text = f"there is no model {pose!r} in the zoo; add one as models/README.md says, or leave this out"
        yield document.fault(("models", "pose"), text)
    lacking = [name for name in PLATE_MODELS if name not in models]
    if section.get("plates", True) is True and lacking:
        text = f"needs {' and '.join(lacking)}, which the zoo does not have; build them or write 'plates: false'"
        yield document.fault(("models", "plates"), text)


def _shadow_faults(document: Document, data: Section, models: Mapping[str, Sequence[str]]) -> Iterator[Fault]:
    cameras, detectors = sorted(_section(data.get("cameras"))), _detectors(models)
    for name, section in _section(data.get("shadows")).items():
        place, shadow = ("shadows", name), _section(section)
        detector = shadow.get("detector")
        if isinstance(detector, str) and detector not in detectors:
            text = f"there is no detector {detector!r} in the zoo; {suggestion(detector, detectors)}"
            yield document.fault((*place, "detector"), text)
        for number, camera in enumerate(_items(shadow.get("cameras"))):
            if isinstance(camera, str) and camera not in cameras:
                text = f"there is no camera {camera!r}; {suggestion(camera, cameras)}"
                yield document.fault((*place, "cameras", number), text)
        yield from _watched_twice(document, place, shadow)
        yield from _label_faults(document, place, shadow, str(detector or _detector_of(data)), models)
        yield from _shadow_cameras(document, place, data, shadow, models)


def _shadow_cameras(
    document: Document, place: Place, data: Section, shadow: Section, models: Mapping[str, Sequence[str]]
) -> Iterator[Fault]:
    """Rules of a shadow that fit none or not all of the cameras at which it is to run."""
    all_cameras = {name: _section(camera) for name, camera in _section(data.get("cameras")).items()}
    chosen = _items(shadow.get("cameras"))
    cameras = {name: camera for name, camera in all_cameras.items() if not chosen or name in chosen}
    rules, detector = _rules(shadow), shadow.get("detector")
    for index, rule in enumerate(rules):
        kind = _kind_of(rule)
        judged = {n: c for n, c in cameras.items() if chosen or any(_kind_of(own) is kind for own in _rules(c))}
        if not judged and kind is not None:
            text = f"no camera has a rule for {kind.scenario.value}: name those where it is to run under 'cameras'"
            yield document.fault((*place, "rules", index, "scenario"), text)
        for position, zone in enumerate(_items(rule.get("zones"))):
            lacking = [name for name, camera in judged.items() if zone not in [*_section(camera.get("zones"))]]
            if isinstance(zone, str) and lacking:
                text = f"there is no zone {zone!r} at camera {', '.join(lacking)}; name zones that all its cameras have"
                yield document.fault((*place, "rules", index, "zones", position), text)
    known = models.get(detector, ()) if isinstance(detector, str) else ()
    own = [] if rules or not known else [(name, rule) for name, camera in cameras.items() for rule in _rules(camera)]
    for name, rule in own:
        kind = _kind_of(rule)
        if kind is None or kind.scenario is Scenario.UNFAMILIAR_VEHICLE:
            continue  # vehicles are left out there, as such a shadow reads no plates
        if not any(label in known for label in _items(rule.get("labels")) or kind.labels):
            text = (
                f"{detector!r} knows nothing that {kind.scenario.value} at camera {name} looks for: name other cameras "
                "under 'cameras', or what it is to judge under 'rules'"
            )
            yield document.fault((*place, "detector"), text)


def _source_faults(document: Document, place: Place, camera: Section, base: Path) -> Iterator[Fault]:
    source = _section(camera.get("source"))
    for key in ("url", "sub_url"):
        url = source.get(key)
        if isinstance(url, str) and url.strip() and is_path(url.strip()):
            path = Path(resolve(url.strip(), base))
            if not path.exists():
                yield document.fault((*place, "source", key), f"there is no file {path}; correct the path")
    start, end = source.get("start_s", 0), source.get("end_s")
    if isinstance(start, int | float) and isinstance(end, int | float) and 0 < end <= start:
        yield document.fault((*place, "source", "end_s"), f"must be larger than start_s ({start})")
    url = source.get("url")
    for key in _OF_CLIPS if isinstance(url, str) and not is_path(url.strip()) else ():
        if source.get(key):
            text = "is for clips, and this source is a camera or a stream: leave it out"
            yield document.fault((*place, "source", key), text)


def _zone_faults(document: Document, place: Place, camera: Section) -> Iterator[Fault]:
    zones = list(_section(camera.get("zones")))
    if WHOLE_FRAME.id in zones:
        yield document.fault((*place, "zones", WHOLE_FRAME.id), "is the name of the whole picture: choose another")
    for index, rule in enumerate(_rules(camera)):
        for position, zone in enumerate(_items(rule.get("zones"))):
            if isinstance(zone, str) and zone not in zones:
                text = f"there is no zone {zone!r} at this camera; {suggestion(zone, zones)}"
                yield document.fault((*place, "rules", index, "zones", position), text)
        watched = [zone for zone in _items(rule.get("zones")) if isinstance(zone, str)]
        for position, zone in enumerate(_items(rule.get("drop_off_zones"))):
            if isinstance(zone, str) and zone not in watched:
                text = f"{zone!r} is none of the rule's own zones; {suggestion(zone, watched)}"
                yield document.fault((*place, "rules", index, "drop_off_zones", position), text)


def _close_up_faults(document: Document, place: Place, camera: Section) -> Iterator[Fault]:
    zones = _section(camera.get("zones"))
    for index, written in enumerate(_items(camera.get("close_ups"))):
        zone, where = _section(written).get("zone"), (*place, "close_ups", index)
        if isinstance(zone, str) and zone not in zones:
            text = f"there is no zone {zone!r} at this camera; {suggestion(zone, list(zones))}"
            yield document.fault((*where, "zone"), text)
            continue
        try:
            close_up = CloseUpConfig.model_validate(written)
            corners = ZoneConfig.model_validate(zones[zone]).polygon if isinstance(zone, str) else None
        except ValidationError:
            continue  # told of the close-up or the zone itself
        parts = close_ups_of(corners, close_up.grid, close_up.every_s)
        if min(part.times for part in parts) < LEAST_TIMES:
            text = (
                "is hardly enlarged, its parts being nearly as wide or high as the picture: write a finer grid, [3, 2]"
            )
            yield document.fault((*where, "grid" if close_up.grid else "zone"), text)


def _watched_twice(document: Document, place: Place, section: Section) -> Iterator[Fault]:
    """What is watched twice would be two alarms of one name."""
    watched: dict[tuple[Scenario, str], int] = {}
    for index, rule in enumerate(_rules(section)):
        named = _items(rule.get("zones"))
        for position, zone in enumerate(named):
            if zone in named[:position]:
                yield document.fault((*place, "rules", index, "zones", position), f"{zone!r} is named twice: keep one")
        for zone in named or [WHOLE_FRAME.id]:
            kind = _kind_of(rule)
            if not isinstance(zone, str) or kind is None:
                continue
            first = watched.setdefault((kind.scenario, zone), index)
            if first != index:
                text = f"watches zone {zone!r} for {rule.get('scenario')} as rules[{first}] does already: keep one"
                yield document.fault((*place, "rules", index), text)


def _label_faults(
    document: Document, place: Place, camera: Section, detector: str, models: Mapping[str, Sequence[str]]
) -> Iterator[Fault]:
    """A rule none of whose labels the detector knows would stay silent for ever, and a label that no model knows be
    looked for in vain."""
    known = models.get(detector, ())
    if not known:
        return
    for index, rule in enumerate(_rules(camera)):
        kind = _kind_of(rule)
        if kind is None:
            continue
        yield from _strange_labels(document, (*place, "rules", index), rule, kind, known, models)
        written = _items(rule.get("labels"))
        labels = written or kind.labels
        if any(label in known for label in labels):
            continue
        if written:
            text = f"the detector knows none of these; {suggestion(str(labels[0]), known)}"
            yield document.fault((*place, "rules", index, "labels"), text)
        else:
            knowing = [name for name in _detectors(models) if {*models[name]} & {*labels}]
            able = [name for name in knowing if not name.endswith("-int8")]  # the twins are chosen by `precision`
            where = "models.detector" if place[0] == "cameras" else f"{place[0]}.{place[1]}.detector"
            choice = f"write '{' or '.join(able)}'" if able else "choose another one"
            text = (
                f"{kind.scenario.value} needs a detector that knows {' or '.join(kind.labels)}; {detector!r} does not: "
                f"{choice} under {where}, or leave the rule out"
            )
            yield document.fault((*place, "rules", index, "scenario"), text)


def _strange_labels(
    document: Document,
    place: Place,
    rule: Section,
    kind: RuleKind,
    known: Sequence[str],
    models: Mapping[str, Sequence[str]],
) -> Iterator[Fault]:
    """Labels that neither a model of the zoo finds nor the rule has by default: written wrongly."""
    somewhere = {label for labels in models.values() for label in labels}
    for key, field in kind.params.model_fields.items():
        if not key.endswith("labels"):
            continue
        usual, written = tuple(field.default), _items(rule.get(key))
        if key == "labels" and not any(label in (*known, *usual) for label in written):
            continue  # said of all of them together
        for number, label in enumerate(written):
            if isinstance(label, str) and label not in {*somewhere, *usual}:
                text = f"no model of the zoo finds {label!r}; {suggestion(label, sorted({*known, *usual}))}"
                yield document.fault((*place, key, number), text)


def _stages_told(camera: Section, has_button: bool) -> dict[str, tuple[str, ...]]:
    """Scenario of alarms that there may be at a camera → the stages that they may give."""
    own = [_section(event) for event in _items(_section(camera.get("onvif")).get("events"))]
    told: dict[str, tuple[str, ...]] = {str(event.get("scenario")): () for event in own}
    told[Scenario.CAMERA_BLIND.value] = BLIND_STAGES
    for kind in filter(None, map(_kind_of, _rules(camera))):
        told[kind.scenario.value] = kind.stages
    if has_button:
        told[Scenario.KEY_AREA.value] = (*told.get(Scenario.KEY_AREA.value, ()), PANIC)
    return told


def _action_faults(
    document: Document, place: Place, camera: Section, base: Path, *, has_button: bool
) -> Iterator[Fault]:
    """Sounds that are not on the disk, and what waits for something that nothing at the camera tells."""
    told = _stages_told(camera, has_button)
    for index, entry in enumerate(_items(camera.get("actions"))):
        action, here = _section(entry), (*place, "actions", index)
        sound, when = action.get("sound"), _section(action.get("when"))
        if isinstance(sound, str) and not Path(resolve(sound, base)).is_file():
            yield document.fault((*here, "sound"), f"there is no file {resolve(sound, base)}; correct the path")
        scenario = str(when.get("scenario"))
        if scenario not in told and scenario not in _KINDS:
            continue
        if scenario not in told:
            text = f"no rule of this camera looks for {scenario}: add one, or leave the action out"
            yield document.fault((*here, "when", "scenario"), text)
        for number, stage in enumerate(_items(when.get("stages"))):
            if isinstance(stage, str) and stage not in told.get(scenario, (stage,)):
                text = f"an alarm of {scenario} here has no stage {stage!r}; {suggestion(stage, told[scenario])}"
                yield document.fault((*here, "when", "stages", number), text)


def _button_faults(document: Document, data: Section) -> Iterator[Fault]:
    """Buttons at cameras that are not there, and topics that two of them share."""
    cameras = list(_section(data.get("cameras")))
    topics: dict[str, str] = {}
    for name, entry in _section(data.get("buttons")).items():
        button = _section(entry)
        camera, topic = button.get("camera"), button.get("topic")
        if isinstance(camera, str) and camera not in cameras:
            text = f"there is no camera {camera!r}; {suggestion(camera, cameras)}"
            yield document.fault(("buttons", name, "camera"), text)
        if isinstance(topic, str) and topics.setdefault(topic, str(name)) != name:
            yield document.fault(("buttons", name, "topic"), f"is the topic of {topics[topic]!r}, too: keep one")
