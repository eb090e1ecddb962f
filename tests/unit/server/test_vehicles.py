"""The table of known vehicles, as spreadsheets save it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from lookout_contract.commands import Resident
from lookout_server.errors import InvalidError
from lookout_server.exchange.vehicles import read_vehicles

ZONE = ZoneInfo("Asia/Shanghai")


def test_a_plate_alone_is_a_resident_and_how_it_is_written_does_not_matter() -> None:
    found = read_vehicles("plate\n皖A·12345\n 皖a12345 \n\n粤B 9D666\n".encode(), ZONE)
    assert found == (Resident(plate="皖A12345"), Resident(plate="粤B9D666"))


def test_a_pass_has_its_days_cameras_and_visits() -> None:
    table = "车牌号,有效期起,有效期止,摄像头,次数\r\n沪AD12345,2026/11/01,2026-11-30,gate;yard,3\r\n"
    expected = Resident(
        plate="沪AD12345",
        valid_from=datetime(2026, 10, 31, 16, tzinfo=UTC),
        valid_until=datetime(2026, 11, 30, 16, tzinfo=UTC),
        cameras=("gate", "yard"),
        uses=3,
    )
    for encoding in ("utf-8-sig", "gb18030"):
        assert read_vehicles(table.encode(encoding), ZONE) == (expected,)


def test_a_time_is_taken_as_it_stands() -> None:
    (found,) = read_vehicles(b"plate,valid_until\nA12345,2026-11-30 18:00\n", ZONE)
    assert found.valid_until == datetime(2026, 11, 30, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("name\n皖A12345\n", "the table's columns are plate, .*it has 'name'"),
        ("valid_from\n2026-11-01\n", "no column 'plate'"),
        ("", "no column 'plate'"),
        ("plate\n皖A12345\n皖\n", "line 3, plate"),
        ("plate\n皖A12345,1\n", "line 2: it has more cells"),
        ("plate,valid_from\n皖A12345,soon\n", "line 2: .*write times as"),
        ("plate,uses\n皖A12345,many\n", "line 2, uses"),
        ("plate,cameras\n皖A12345,The Gate!\n", "line 2, cameras"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(table: str, why: str) -> None:
    with pytest.raises(InvalidError, match=why):
        read_vehicles(table.encode(), ZONE)
