import json
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from lookout_contract.events import Scenario
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Frame
from lookout_edge.events import Provenance
from lookout_edge.pipeline import CameraPipeline
from lookout_edge.replay import replay
from lookout_edge.rules.registry import RULES
from lookout_edge.testing import ShadeDetector, box_at, picture

KEYS = ["scenario", "phase", "at_s", "camera", "occurrence", "label", "score", "zone", "end_reason", "explain"]


def see(shade: int) -> Sequence[Detection]:
    return (Detection("bicycle", 0.71234567, box_at(0.4, 0.4, 0.2, 0.2)),) if shade else ()


def lines(start_at: float) -> list[str]:
    kind = RULES[Scenario.CORRIDOR_EBIKE]
    rule = kind.build(kind.params.model_validate({"dwell_s": 2.0}), (), ZoneInfo("UTC"))
    pipeline = CameraPipeline(Provenance(camera="clip", models={}), [rule], ShadeDetector(see))
    frames = (Frame("clip", start_at + index / 25, picture(200 if index > 25 else 0)) for index in range(200))
    return list(replay(frames, pipeline, start_at=start_at))


def test_a_line_has_the_agreed_keys_in_order_and_what_is_open_ends_with_the_clip() -> None:
    entries = [json.loads(line) for line in lines(0.0)]
    assert [list(entry) for entry in entries] == [KEYS] * 2
    start, end = entries
    assert (start["scenario"], start["phase"], start["camera"]) == ("corridor_ebike", "start", "clip")
    assert (start["label"], start["score"], start["zone"]) == ("bicycle", 0.7123, "frame")
    assert 3.0 <= start["at_s"] <= 3.6
    assert (end["phase"], end["at_s"]) == ("end", 7.96)
    assert end["occurrence"] == start["occurrence"]
    assert {"name": "dwell", "limit": 2.0, "met": True, "unit": "s"}.items() <= next(
        condition.items() for condition in start["explain"] if condition["name"] == "dwell"
    )


def test_another_start_moves_nothing_but_the_names() -> None:
    def without_name(text: str) -> dict[str, object]:
        return {key: value for key, value in json.loads(text).items() if key != "occurrence"}

    day = 86_400.0 * 365
    assert [without_name(line) for line in lines(0.0)] == [without_name(line) for line in lines(day)]
