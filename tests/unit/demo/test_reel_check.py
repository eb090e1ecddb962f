"""The reel's check passes when every scenario came, nothing came of what is harmless, and all cameras watched."""

import pytest

from lookout_demo.footage import Feed
from lookout_demo.reel_check import Alarms, Attention, judge

FEEDS = (
    Feed(id="fire", name="F", url="f.mp4", scenarios=("fire_smoke",)),
    Feed(id="blaze", name="B", url="b.mp4", scenarios=("fire_smoke",)),
    Feed(id="lamp", name="L", url="l.mp4", scenarios=("fire_smoke",), harmless=True),
    Feed(id="bag", name="G", url="g.mp4", scenarios=("garbage",)),
)
ALL = ("fire", "blaze", "lamp", "bag")
GOOD: Alarms = {("fire", "fire_smoke"): 112.04, ("bag", "garbage"): 115.0}


def test_one_clip_of_a_scenario_is_enough_and_each_is_told() -> None:
    blind = {("lamp", "camera_blind"): 104.0}
    verdict = judge(FEEDS, {**GOOD, **blind}, ALL, started=100.0, watched_s=180.0)
    assert verdict.passed
    assert verdict.first_alarm_s == {"fire": 12.0, "blaze": None, "bag": 15.0}


@pytest.mark.parametrize(
    ("alarms", "watching", "told"),
    [
        ({("fire", "fire_smoke"): 112.0}, ALL, (("garbage",), (), ())),
        ({**GOOD, ("lamp", "fire_smoke"): 120.0}, ALL, ((), ("lamp",), ())),
        # What is shown is known by its own scenario only.
        ({("fire", "fire_smoke"): 112.0, ("bag", "fire_smoke"): 113.0}, ALL, (("garbage",), (), ())),
        (GOOD, ("fire", "blaze", "bag"), ((), (), ("lamp",))),
    ],
)
def test_what_is_wrong_is_named(alarms: Alarms, watching: tuple[str, ...], told: tuple[tuple[str, ...], ...]) -> None:
    verdict = judge(FEEDS, alarms, watching, started=100.0, watched_s=180.0)
    assert not verdict.passed
    assert (verdict.missing, verdict.false_alarms, verdict.not_watching) == told


def test_a_moment_of_blindness_is_forgiven_and_half_of_the_time_is_not() -> None:
    attention = Attention()
    for fire, lamp in (("unknown", "blind"), ("watching", "watching"), ("blind", "blind"), ("watching", "blind")):
        attention.note({"fire": fire, "lamp": lamp, "bag": "blind"})
    assert attention.watched() == ["fire"]
