"""Checks that need more than one place of the file, or the disk. They run on whatever could be read."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import cast

from lookout_edge.config.model import ModelsConfig, is_path
from lookout_edge.config.nodes import Document, Fault
from lookout_edge.config.nodes import Path as Place
from lookout_edge.config.section import resolve
from lookout_edge.domain.zone import WHOLE_FRAME
from lookout_edge.rules.registry import RULES

#: Zoo entries that reading plates needs.
PLATE_MODELS = ("plate-detector", "plate-reader")

Section = Mapping[str, object]


def faults_of_sense(document: Document, base: Path, models: Mapping[str, Sequence[str]]) -> list[Fault]:
    """Unknown zones and models, clips that are not there, zones watched twice; ``base`` is the file's folder."""
    data = _section(document.data)
    faults = [*_model_faults(document, data, models), *_shadow_faults(document, data, models)]
    for name, camera in _section(data.get("cameras")).items():
        place: Place = ("cameras", name)
        faults += _source_faults(document, place, _section(camera), base)
        faults += _zone_faults(document, place, _section(camera))
        detector = _detector_of(data)
        faults += _label_faults(document, place, _section(camera), detector, models)
    faults += _device_faults(document, data, base)
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
    for name, shadow in _section(data.get("shadows")).items():
        place: Place = ("shadows", name)
        detector = _section(shadow).get("detector")
        if isinstance(detector, str) and detector not in detectors:
            text = f"there is no detector {detector!r} in the zoo; {suggestion(detector, detectors)}"
            yield document.fault((*place, "detector"), text)
        for number, camera in enumerate(_items(_section(shadow).get("cameras"))):
            if isinstance(camera, str) and camera not in cameras:
                text = f"there is no camera {camera!r}; {suggestion(camera, cameras)}"
                yield document.fault((*place, "cameras", number), text)


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


def _zone_faults(document: Document, place: Place, camera: Section) -> Iterator[Fault]:
    zones = list(_section(camera.get("zones")))
    if WHOLE_FRAME.id in zones:
        yield document.fault((*place, "zones", WHOLE_FRAME.id), "is the name of the whole picture: choose another")
    watched: dict[tuple[object, object], int] = {}
    for index, entry in enumerate(_items(camera.get("rules"))):
        rule = _section(entry)
        named = _items(rule.get("zones"))
        for position, zone in enumerate(named):
            if isinstance(zone, str) and zone not in zones:
                text = f"there is no zone {zone!r} at this camera; {suggestion(zone, zones)}"
                yield document.fault((*place, "rules", index, "zones", position), text)
        for zone in named or [WHOLE_FRAME.id]:
            if not isinstance(zone, str):
                continue
            first = watched.setdefault((rule.get("scenario"), zone), index)
            if first != index:
                text = f"watches zone {zone!r} for {rule.get('scenario')} as rules[{first}] does already: keep one"
                yield document.fault((*place, "rules", index), text)


def _label_faults(
    document: Document, place: Place, camera: Section, detector: str, models: Mapping[str, Sequence[str]]
) -> Iterator[Fault]:
    """A rule none of whose labels the detector knows would stay silent for ever."""
    known = models.get(detector, ())
    if not known:
        return
    scenarios = {kind.scenario.value: kind for kind in RULES.values()}
    for index, entry in enumerate(_items(camera.get("rules"))):
        rule = _section(entry)
        kind = scenarios.get(str(rule.get("scenario")))
        if kind is None:
            continue
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
            choice = f"write '{' or '.join(able)}'" if able else "choose another one"
            text = (
                f"{kind.scenario.value} needs a detector that knows {' or '.join(kind.labels)}; {detector!r} does not: "
                f"{choice} under models.detector, or leave the rule out"
            )
            yield document.fault((*place, "rules", index, "scenario"), text)


def _device_faults(document: Document, data: Section, base: Path) -> Iterator[Fault]:
    """Buttons at cameras that are not there, topics that two of them share, sounds that are not on the disk."""
    cameras = list(_section(data.get("cameras")))
    topics: dict[object, str] = {}
    for name, entry in _section(data.get("buttons")).items():
        button = _section(entry)
        camera, topic = button.get("camera"), button.get("topic")
        if isinstance(camera, str) and camera not in cameras:
            text = f"there is no camera {camera!r}; {suggestion(camera, cameras)}"
            yield document.fault(("buttons", name, "camera"), text)
        if topic is not None and topics.setdefault(topic, str(name)) != name:
            yield document.fault(("buttons", name, "topic"), f"is the topic of {topics[topic]!r}, too: keep one")
    for camera, section in _section(data.get("cameras")).items():
        for index, action in enumerate(_items(_section(section).get("actions"))):
            sound = _section(action).get("sound")
            if isinstance(sound, str) and not Path(resolve(sound, base)).is_file():
                place = ("cameras", camera, "actions", index, "sound")
                yield document.fault(place, f"there is no file {resolve(sound, base)}; correct the path")
