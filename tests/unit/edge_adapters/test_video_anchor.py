"""Where a live stream's times fall on the calendar."""

from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from lookout_edge.adapters.video.anchor import Anchor

NOW = 1_750_000_000.0
FPS = 25


@dataclass
class Stream:
    """A live stream of 25 pictures a second, and the frame times that come of it."""

    after: float | None = None
    #: Its counter, seconds.
    position: float = 5000.0
    monotonic: float = 100.0
    #: This box's clock minus ``monotonic``.
    offset: float = NOW - 100.0
    ats: list[float | None] = field(default_factory=list[float | None])

    def __post_init__(self) -> None:
        self.anchor = Anchor(after=self.after, frame_s=1 / FPS, monotonic=lambda: self.monotonic)

    @property
    def now(self) -> float:
        return self.monotonic + self.offset

    def come(self, seconds: float, *, camera_off: float | None = None, pace: float = 1.0, late: float = 0.0) -> None:
        """Packets worth ``seconds`` arrive, ``pace`` times as long apart as they should, ``late`` seconds late."""
        for _ in range(round(seconds * FPS)):
            self.position += 1 / FPS
            self.monotonic += pace / FPS
            camera_at = None if camera_off is None else self.now - late + camera_off
            self.anchor.note(self.position, self.now, camera_at)
            self.ats.append(None if self.anchor.base is None else self.anchor.base + self.position)

    @property
    def behind(self) -> float:
        """This box's clock minus the newest frame time."""
        at = self.ats[-1]
        assert at is not None
        return self.now - at

    def steps(self) -> list[float]:
        known = [at for at in self.ats if at is not None]
        return [b - a for a, b in pairwise(known)]


def test_what_was_kept_back_before_the_opening_is_older_than_now() -> None:
    stream = Stream()
    stream.come(1.2, pace=0.01)
    assert stream.ats[-1] is None
    stream.come(1.0)
    assert stream.behind == pytest.approx(0.0, abs=0.05)


def test_a_burst_without_end_is_believed_after_three_seconds() -> None:
    stream = Stream()
    stream.come(20, pace=0.4)
    assert stream.ats[-1] is not None


def test_the_cameras_own_clock_counts_from_the_first_packet_on() -> None:
    stream = Stream()
    stream.come(1.0, camera_off=2.5)
    assert None not in stream.ats
    assert stream.behind == pytest.approx(-2.5)
    assert stream.anchor.skew_s == pytest.approx(2.5)


def test_a_camera_whose_clock_is_wrong_is_dated_by_this_box_and_its_skew_is_told() -> None:
    stream = Stream()
    stream.come(3.0, camera_off=-3600.0)
    assert stream.behind == pytest.approx(0.0, abs=0.05)
    assert stream.anchor.skew_s == pytest.approx(-3600.0)


@pytest.mark.parametrize("off", [4.0, -4.0])
def test_reports_that_come_later_are_followed_without_a_jump(off: float) -> None:
    stream = Stream()
    stream.come(5.0)
    stream.come(120.0, camera_off=off)
    assert stream.behind == pytest.approx(-off, abs=0.11)
    assert min(stream.steps()) > 0.94 / FPS
    assert max(stream.steps()) < 1.06 / FPS


def test_a_late_packet_changes_nothing() -> None:
    stream = Stream()
    stream.come(5.0)
    stream.monotonic += 4.0  # nothing arrives …
    stream.come(4.0, pace=0.0)  # … then all of it at once
    stream.come(30.0)
    assert {round(step, 6) for step in stream.steps()} == {0.04}
    assert stream.behind == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("drift", [0.999, 1.001])
def test_a_camera_without_reports_never_drifts_far_from_this_box(drift: float) -> None:
    stream = Stream()
    stream.come(3600.0, pace=drift)
    assert abs(stream.behind) < 0.7
    assert min(stream.steps()) > 0.94 / FPS


def test_a_camera_that_stood_still_catches_up_slowly() -> None:
    stream = Stream()
    stream.come(5.0)
    stream.monotonic += 6.0
    stream.come(200.0)
    assert stream.behind == pytest.approx(0.0, abs=0.6)
    assert max(stream.steps()) < 1.06 / FPS


@pytest.mark.parametrize("camera_off", [None, 0.0])
def test_a_camera_that_floods_is_not_dated_far_into_the_future(camera_off: float | None) -> None:
    stream = Stream()
    stream.come(5.0, camera_off=camera_off)
    for minute in range(1, 6):
        for tenth in range(600):  # three seconds of pictures in each second, by the camera's word as well
            ahead = None if camera_off is None else 2.0 * ((minute - 1) * 60 + tenth / 10)
            stream.come(0.3, pace=1 / 3, camera_off=ahead)
        assert -40.0 < stream.behind <= 0.1, minute
    stream.come(400.0)
    assert stream.behind == pytest.approx(0.0, abs=0.6)
    assert min(stream.steps()) > 0


def test_times_go_on_after_an_earlier_connection() -> None:
    stream = Stream(after=NOW + 3.0)
    stream.come(1.0)
    assert stream.ats[1] is not None
    assert stream.ats[1] > NOW + 3.0


def test_setting_this_boxs_clock_takes_the_frames_along() -> None:
    stream = Stream()
    stream.come(1.0)
    stream.offset += 86_400
    stream.anchor.shift(86_400)
    stream.come(1.0)
    assert stream.behind == pytest.approx(0.0, abs=0.05)
