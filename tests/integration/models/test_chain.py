"""A camera pays for no look at what none of its rules reads."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import av
import numpy as np
import pytest

from lookout_edge.adapters.onnx.chain import DetectorChain
from lookout_edge.adapters.onnx.session import OnnxSession
from lookout_edge.adapters.zoo import Zoo
from lookout_edge.bootstrap.models import Models
from lookout_edge.bootstrap.watching import NobodyKnown, build_pipeline
from lookout_edge.domain.frame import Frame, Image
from lookout_edge.domain.schedule import SiteCalendar
from lookout_edge.domain.zone import WHOLE_FRAME
from lookout_edge.rules.base import Rule, RuleContext
from lookout_edge.rules.corridor_ebike import CorridorEbike, CorridorEbikeParams
from lookout_edge.rules.fire_smoke import FireSmoke, FireSmokeParams
from lookout_edge.rules.garbage import Garbage, GarbageParams

ROOT = Path(__file__).parents[3]
FIRST = "community-nano-int8"
CONTEXT = RuleContext(SiteCalendar(ZoneInfo("UTC")), {})
FIRE = FireSmoke(FireSmokeParams(), [WHOLE_FRAME], CONTEXT)
EBIKE = CorridorEbike(CorridorEbikeParams(), [WHOLE_FRAME], CONTEXT)
FOR_FIRE = {FIRST, "fire-detector", "fire-second-look", "fire-far-look"}
GARBAGE = Garbage(GarbageParams(), [WHOLE_FRAME], CONTEXT)


@pytest.fixture(scope="module")
def chain() -> DetectorChain:
    return DetectorChain(Zoo(ROOT / "models" / "zoo"), FIRST)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Model → how many pictures it was given."""
    counted, run = Counter[str](), OnnxSession.run

    def count(session: OnnxSession, batch: np.ndarray, **others: Any) -> dict[str, np.ndarray]:
        counted[session.name] += len(batch)
        return run(session, batch, **others)

    monkeypatch.setattr(OnnxSession, "run", count)
    return counted


def picture(clip: str, at_s: float) -> Image:
    with av.open(str(ROOT / "models" / "reel" / f"{clip}.mp4")) as container:
        shown = next(frame for frame in container.decode(video=0) if frame.time and frame.time >= at_s)
        return np.asarray(shown.to_ndarray(format="bgr24"), np.uint8)


def models(chain: DetectorChain) -> Models:
    return Models(chain.whole, None, {}, about=chain.about)


@pytest.mark.parametrize(
    ("rules", "also", "paid"),
    [
        ([EBIKE], (), {FIRST}),
        ([EBIKE], ("fire",), FOR_FIRE),
        ([FIRE], (), FOR_FIRE),
        # What burns is no rubbish.
        ([GARBAGE], (), FOR_FIRE),
        ([EBIKE], ("garbage",), {FIRST}),
    ],
    ids=["e-bike", "e-bike and a shadow for fire", "fire", "garbage", "e-bike and a shadow for garbage"],
)
def test_who_reads_of_no_fire_pays_for_no_look_at_it(
    chain: DetectorChain, asked: Counter[str], rules: Sequence[Rule], also: Sequence[str], paid: set[str]
) -> None:
    pipeline = build_pipeline("yard", rules, models(chain), NobodyKnown(), also_read=also)
    pipeline.step(Frame("yard", 100.0, picture("fire-yard", 8.0)))
    assert set(asked) == paid


def test_rubbish_is_looked_at_by_its_own_looks_alone(chain: DetectorChain, asked: Counter[str]) -> None:
    shown = picture("bag-beside-bin", 16.0)
    found = chain.about(["garbage", "garbage_bin", "overflow"]).detect(shown)
    assert "garbage" in {each.label for each in found}
    assert set(asked) == {FIRST, "rubbish-detector", "rubbish-second-look"}
    asked.clear()
    assert not {each.label for each in chain.about(["person"]).detect(shown)} & {"garbage", "overflow"}
    assert set(asked) == {FIRST}


def test_two_wheelers_are_looked_at_by_their_own_looks_alone(chain: DetectorChain, asked: Counter[str]) -> None:
    shown = picture("ebike-corridor", 15.0)
    found = chain.about(["motorcycle", "bicycle"]).detect(shown)
    assert "motorcycle" in {each.label for each in found}
    assert set(asked) == {FIRST, "street-detector", "two-wheeler-second-look"}
    asked.clear()
    chain.about(["person"]).detect(shown)
    assert set(asked) == {FIRST}


def test_what_is_read_is_found_alike(chain: DetectorChain) -> None:
    shown = picture("fire-yard", 10.0)
    everything = chain.whole.detect(shown)
    fires = [found for found in everything if found.label == "fire"]
    assert fires
    assert [found for found in chain.about(["fire", "smoke"]).detect(shown) if found.label == "fire"] == fires
    left_out = {"fire", "smoke", "garbage", "overflow", "bicycle"}
    assert list(chain.about(["motorcycle"]).detect(shown)) == [
        each for each in everything if each.label not in left_out
    ]


def test_the_same_labels_have_the_same_detector(chain: DetectorChain) -> None:
    assert chain.about(["fire", "person"]) is chain.about(["fire"])
    assert chain.about(chain.whole.labels) is chain.whole
