"""Tables of the hotline 12345, as they come."""

from datetime import UTC, datetime

import pytest

from lookout_server.domain.hotline import Call, read_calls
from lookout_server.domain.resident import ReportKind
from lookout_server.domain.territory import Level, Territory
from lookout_server.errors import InvalidError

PLACES = {
    name: Territory(id=name, name=label, level=Level.GRID)
    for name, label in (("grid-07", "第七网格"), ("grid-08", "同名"), ("grid-09", "同名"))
}
TABLE = """工单号,受理时间,诉求类型,网格,内容
HF-1,2026/11/22 14:05,通道被占、消防通道堵塞,第七网格,"门口堵了,很久"
HF-2,2026-11-22T06:05:00Z,,grid-08,路灯不亮

HF-3,昨天,垃圾乱堆乱放,第七网格,垃圾
HF-4,2026-11-22 14:05,闹鬼,第七网格,有鬼
HF-5,2026-11-22 14:05,other,同名,哪里
HF-6,2026-11-22 14:05,other,火星,哪里
HF-1,2026-11-22 14:05,other,grid-07,又一次
HF-7,2026-11-22 14:05,other,grid-07
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_good_lines_are_calls_and_bad_ones_say_why(encoding: str) -> None:
    lines = read_calls(TABLE.encode(encoding), PLACES, "Asia/Shanghai")
    first, second, *bad = lines
    assert first.call == Call(
        number="HF-1",
        received_at=datetime(2026, 11, 22, 6, 5, tzinfo=UTC),
        kind=ReportKind.BLOCKED,
        grid="grid-07",
        words="门口堵了,很久",
    )
    assert second.call is not None
    assert (second.line, second.call.kind, second.call.grid) == (3, ReportKind.OTHER, "grid-08")
    assert [(line.line, line.number, line.call) for line in bad] == [
        (5, "HF-3", None),
        (6, "HF-4", None),
        (7, "HF-5", None),
        (8, "HF-6", None),
        (9, "HF-1", None),
        (10, "HF-7", None),
    ]
    said = ("is no time", "is no kind", "several grids", "no grid", "twice", "words are missing")
    assert all(word in (line.wrong or "") for word, line in zip(said, bad, strict=True))


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "lacks"), ("工单号,内容\n1,2\n".encode(), "受理时间, 网格"), (b"\xff\xff\xff", "neither UTF-8")],
)
def test_what_is_no_such_table_says_what_it_lacks(content: bytes, said: str) -> None:
    with pytest.raises(InvalidError, match=said):
        read_calls(content, PLACES, "Asia/Shanghai")
