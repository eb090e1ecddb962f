import io
import json
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
import structlog

from lookout_contract.commands import Verdict, VerdictCommand
from lookout_edge.adapters.jpeg import encode_jpeg
from lookout_edge.adapters.logs import configure_logs, log_uncaught_errors
from lookout_edge.adapters.verdicts import VerdictFile
from lookout_edge.errors import EdgeError
from lookout_edge.testing import picture


@pytest.mark.parametrize(
    ("width", "height", "size"), [(640, 360, (640, 360)), (1920, 1080, (1280, 720)), (1080, 1920, (720, 1280))]
)
def test_a_jpeg_is_scaled_down_and_never_up(width: int, height: int, size: tuple[int, int]) -> None:
    content = encode_jpeg(picture(120, width=width, height=height), max_size=1280)
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert (decoded.shape[1], decoded.shape[0]) == size
    assert abs(float(decoded.mean()) - 120) < 3


def test_a_picture_without_pixels_is_one_sentence() -> None:
    with pytest.raises(EdgeError, match="could not be written as JPEG"):
        encode_jpeg(np.zeros((0, 0, 3), np.uint8))


def test_verdicts_are_appended_as_lines(tmp_path: Path) -> None:
    file = VerdictFile(tmp_path / "data" / "verdicts.jsonl")
    for number, verdict in enumerate((Verdict.REAL, Verdict.FALSE)):
        issued = datetime(2026, 5, 4, tzinfo=UTC)
        file.add(VerdictCommand(id=str(number), issued_at=issued, occurrence="o1", verdict=verdict))
    lines = (tmp_path / "data" / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["verdict"] for line in lines] == ["real", "false"]


def test_a_line_that_a_power_cut_tore_apart_does_not_take_the_next_verdict_with_it(tmp_path: Path) -> None:
    file = VerdictFile(tmp_path / "verdicts.jsonl")
    first, second = (
        VerdictCommand(id=name, issued_at=datetime(2026, 5, 4, tzinfo=UTC), occurrence=name, verdict=Verdict.FALSE)
        for name in ("o1", "o2")
    )
    file.add(first)
    whole = (tmp_path / "verdicts.jsonl").read_bytes()
    (tmp_path / "verdicts.jsonl").write_bytes(whole + whole[:20])
    file.add(second)
    assert list(file.all()) == [first, second]


def test_a_verdict_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    command = VerdictCommand(id="1", issued_at=datetime(2026, 5, 4, tzinfo=UTC), occurrence="o1", verdict=Verdict.REAL)
    with pytest.raises(EdgeError, match="could not be written"):
        VerdictFile(tmp_path / "data" / "verdicts.jsonl").add(command)


def test_log_lines_are_json_without_passwords_when_nobody_reads_along() -> None:
    stream = io.StringIO()
    configure_logs(stream=stream)
    try:
        structlog.get_logger().warning("cannot reach rtsp://user:secret@10.0.0.1/x", url="rtsp://u:hidden@h/y", n=1)
        structlog.get_logger().debug("not shown")
    finally:
        structlog.reset_defaults()
    (line,) = stream.getvalue().splitlines()
    entry = json.loads(line)
    assert "secret" not in line
    assert "hidden" not in line
    assert (entry["level"], entry["n"]) == ("warning", 1)


def test_a_terminal_that_went_away_costs_lines_and_nothing_else() -> None:
    stream = io.StringIO()
    configure_logs(stream=stream)
    log = structlog.get_logger()
    log.info("somebody reads this")
    assert "somebody" in stream.getvalue()
    stream.close()
    log.info("nobody reads this")


def test_what_nobody_caught_in_a_thread_is_logged_without_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    stream = io.StringIO()
    configure_logs(stream=stream)
    log_uncaught_errors()

    def fail() -> None:
        raise ValueError("rtsp://user:secret@10.0.0.1/x is odd")

    thread = threading.Thread(target=fail, name="camera-gate")
    thread.start()
    thread.join()
    (line,) = stream.getvalue().splitlines()
    entry = json.loads(line)
    assert (entry["level"], entry["thread"]) == ("critical", "camera-gate")
    assert "ValueError" in entry["exception"]
    assert "secret" not in line
