"""Silence means something only while everybody could be heard."""

from datetime import timedelta

from lookout_server.adapters.mqtt.presence import LOOK_EVERY_S, SILENT_AFTER, Listening
from lookout_server.testing import NOON


def judged(listening: Listening, *, start: float = 0.0, seconds: float = 120.0) -> list[float]:
    """The times at which it judged, looking every five seconds."""
    times = [start + LOOK_EVERY_S * look for look in range(int(seconds / LOOK_EVERY_S))]
    return [at for at in times if listening.judged_from(NOON + timedelta(seconds=at)) is not None]


def test_nobody_is_judged_before_everybody_had_time_to_speak() -> None:
    assert min(judged(Listening())) == SILENT_AFTER.total_seconds()


def test_judged_is_who_said_nothing_for_a_minute() -> None:
    listening = Listening()
    judged(listening)
    assert listening.judged_from(NOON + timedelta(seconds=120)) == NOON + timedelta(seconds=60)


def test_a_broker_or_database_that_was_away_begins_the_time_anew() -> None:
    listening = Listening()
    judged(listening)
    listening.begin_again()
    assert min(judged(listening, start=120)) == 120 + SILENT_AFTER.total_seconds()


def test_a_clock_that_is_set_and_a_process_that_stood_still_begin_it_anew() -> None:
    for leap_s in (3600.0, -3600.0):
        listening = Listening()
        judged(listening)
        start = 120 + leap_s
        assert min(judged(listening, start=start)) == start + SILENT_AFTER.total_seconds()
