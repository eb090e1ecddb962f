"""Addresses: what they are, and that nobody's password is written down."""

from pathlib import Path

import pytest

from lookout_edge.adapters.video import is_live, redact
from lookout_edge.adapters.video.address import Kind, kind_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rtsp://admin:pw@10.0.0.5:554/ch1", "rtsp://***@10.0.0.5:554/ch1"),
        ("rtsp://admin:p@ss@10.0.0.5/ch1", "rtsp://***@10.0.0.5/ch1"),
        ("rtsp://admin:a/b@10.0.0.5/ch1", "rtsp://***@10.0.0.5/ch1"),
        ("http://cam/live?user=x&password=hunter2&ch=1", "http://cam/live?user=x&password=***&ch=1"),
        ("rtsp://cam/user=x_password=hunter2/ch1", "rtsp://cam/user=x_password=***/ch1"),
        ("rtsp://10.0.0.5/ch1", "rtsp://10.0.0.5/ch1"),
        ("two: rtsp://a:b@h/1 and http://c:d@h/2", "two: rtsp://***@h/1 and http://***@h/2"),
    ],
)
def test_redact(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("rtsp://h/1", Kind.RTSP),
        ("RTSPS://h/1", Kind.RTSP),
        ("rtmp://h/1", Kind.STREAM),
        ("https://h/1.m3u8", Kind.STREAM),
        ("/dev/video0", Kind.DEVICE),
        ("/videos/clip.mp4", Kind.FILE),
        ("file:///videos/clip.mp4", Kind.FILE),
        ("clip with spaces.mp4", Kind.FILE),
    ],
)
def test_kinds(url: str, kind: Kind) -> None:
    assert kind_of(url) is kind
    assert is_live(url) is (kind in {Kind.RTSP, Kind.STREAM, Kind.DEVICE})


def test_a_folder_is_told_by_looking(tmp_path: Path) -> None:
    assert kind_of(str(tmp_path)) is Kind.FOLDER
    assert not is_live(str(tmp_path))
