"""How often pictures are looked at, and how fast packets are taken."""

import pytest

from lookout_edge.adapters.video.cadence import Valve


def test_a_camera_at_its_usual_rate_never_waits() -> None:
    valve = Valve(60.0)
    assert {valve.wait_s(number / 25) for number in range(10_000)} == {0.0}


def test_a_burst_passes_and_a_flood_comes_down_to_the_rate() -> None:
    valve, now, passed = Valve(60.0), 0.0, 0
    while now < 100.0:
        now += valve.wait_s(now) + 0.0001
        passed += 1
    assert passed == pytest.approx(600 + 60 * 100, rel=0.05)
