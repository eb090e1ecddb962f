"""One line for a fault that repeats."""

import threading

import structlog
from structlog.testing import capture_logs

from lookout_edge.adapters.folded_log import FoldedLog


def test_a_repeated_message_is_one_line_and_its_end_tells_how_often() -> None:
    with capture_logs() as lines:
        log = FoldedLog(structlog.get_logger(), every_s=3600)
        for _ in range(5):
            log.warning("link", "no broker")
        log.over("link", "there it is")
        log.over("link", "there it is")
    assert [(line["event"], line.get("repeated")) for line in lines] == [("no broker", None), ("there it is", 4)]


def test_another_message_is_said_at_once() -> None:
    with capture_logs() as lines:
        log = FoldedLog(structlog.get_logger(), every_s=3600)
        for message in ("refused", "refused", "unreachable", "refused"):
            log.warning("link", message)
    assert [line["event"] for line in lines] == ["refused", "unreachable", "refused"]


def test_it_is_said_again_after_a_while_with_the_count() -> None:
    with capture_logs() as lines:
        log = FoldedLog(structlog.get_logger(), every_s=0.0)
        log.warning("link", "no broker")
        log.warning("link", "no broker")
    assert len(lines) == 2


def test_forty_cameras_that_fail_at_once_are_two_lines() -> None:
    with capture_logs() as lines:
        log = FoldedLog(structlog.get_logger(), gap_s=3600)
        for number in range(40):
            log.warning(f"camera-{number}", f"camera {number} is blind")
        assert [line["event"] for line in lines] == ["camera 0 is blind"]
        log.flush()
    assert lines[1]["event"].startswith("camera 1 is blind | camera 2 is blind")
    assert lines[1]["event"].endswith("and 34 more")
    assert lines[1]["more"] == [f"camera-{number}" for number in range(6, 40)]


def test_what_was_held_back_is_said_without_being_asked() -> None:
    with capture_logs() as lines:
        log = FoldedLog(structlog.get_logger(), gap_s=0.05)
        log.warning("a", "one")
        log.warning("b", "two")
        pause = threading.Event()
        for _ in range(100):
            if len(lines) == 2:
                break
            pause.wait(0.05)
    assert [line["event"] for line in lines] == ["one", "two"]


def test_closed_it_says_what_it_held_and_nothing_later() -> None:
    with capture_logs() as lines:
        log = FoldedLog(structlog.get_logger(), gap_s=0.2)
        log.warning("a", "first")
        log.warning("b", "second")
        log.close()
        said = [line["event"] for line in lines]
        threading.Event().wait(0.4)
        log.close()
    assert said == ["first", "second"]
    assert len(lines) == 2
