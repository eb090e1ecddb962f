import pytest

from lookout_server.api.cursor import encode, page_of
from lookout_server.api.routes.evidence import RangeError, Span, parse_range
from lookout_server.errors import InvalidError
from lookout_server.testing import NOON


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, Span(0, 100, whole=True)),
        ("bytes=0-", Span(0, 100, whole=False)),
        ("bytes=10-19", Span(10, 20, whole=False)),
        ("bytes=90-500", Span(90, 100, whole=False)),
        ("bytes=-10", Span(90, 100, whole=False)),
        ("bytes=-500", Span(0, 100, whole=False)),
        ("bytes=0-1,5-6", Span(0, 100, whole=True)),
        ("bytes=-", Span(0, 100, whole=True)),
        ("pages=1-2", Span(0, 100, whole=True)),
    ],
)
def test_ranges(header: str | None, span: Span) -> None:
    assert parse_range(header, 100) == span


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=20-10", "bytes=-0"])
def test_ranges_without_a_byte(header: str) -> None:
    with pytest.raises(RangeError, match="100 bytes"):
        parse_range(header, 100)


def test_cursors_come_back() -> None:
    assert page_of(10, encode(NOON, "a-1")).before == (NOON, "a-1")
    assert page_of(10, None).before is None


@pytest.mark.parametrize("cursor", ["x", "!!!!", "MjAyNi0xMS0yMlQwNDowMDowMCBhLTE", "4pi6", "\u00e9"])
def test_made_up_cursors_are_refused(cursor: str) -> None:
    with pytest.raises(InvalidError, match="cursor"):
        page_of(10, cursor)
