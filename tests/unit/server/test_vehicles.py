"""The table of known vehicles, as spreadsheets save it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lookout_server.domain.vehicles import (
    Change,
    Listed,
    ListState,
    Period,
    Vehicle,
    checked,
    compared,
    ends_at,
    normal_plate,
)
from lookout_server.errors import InvalidError
from lookout_server.exchange.vehicles import read_sheet, read_vehicles, sheet_text
from lookout_server.testing import NOON

ZONE = ZoneInfo("Asia/Shanghai")


def test_a_plate_alone_is_a_resident_and_how_it_is_written_does_not_matter() -> None:
    found = read_vehicles("plate\n皖A·12345\n 皖a12345 \n\n粤B 9D666\n".encode(), ZONE).vehicles
    assert found == (Listed(plate="皖A12345"), Listed(plate="粤B9D666"))


def test_a_pass_has_its_days_cameras_and_visits() -> None:
    table = "车牌号,有效期起,有效期止,摄像头,次数\r\n沪AD12345,2026/11/01,2026-11-30,gate;yard,3\r\n"
    expected = Listed(
        plate="沪AD12345",
        valid_from=datetime(2026, 10, 31, 16, tzinfo=UTC),
        valid_until=datetime(2026, 11, 30, 16, tzinfo=UTC),
        cameras=("gate", "yard"),
        uses=3,
    )
    for encoding in ("utf-8-sig", "gb18030"):
        assert read_vehicles(table.encode(encoding), ZONE).vehicles == (expected,)


def test_a_time_is_taken_as_it_stands() -> None:
    (found,) = read_vehicles(b"plate,valid_until\nA12345,2026-11-30 18:00\n", ZONE).vehicles
    assert found.valid_until == datetime(2026, 11, 30, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("name\n皖A12345\n", "the table's columns are plate, .*it has 'name'"),
        ("valid_from\n2026-11-01\n", "no column 'plate'"),
        ("", "no column 'plate'"),
        ("plate\n皖A12345\n皖\n", "line 3, plate"),
        ("plate\n皖A12345,1\n", "line 2: it has more cells"),
        ("plate,valid_from\n皖A12345,soon\n", "line 2, valid_from: .*write times as"),
        ("plate,uses\n皖A12345,many\n", "line 2, uses"),
        ("plate,cameras\n皖A12345,The Gate!\n", "line 2, cameras"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(table: str, why: str) -> None:
    with pytest.raises(InvalidError, match=why):
        read_vehicles(table.encode(), ZONE)


def test_every_line_that_cannot_be_read_is_named_with_its_column_and_the_others_are_read() -> None:
    table = (
        "车牌号,有效期止,次数,备注\n"
        "皖A12345,2026/1/5,,3号楼502\n"
        "皖,,,\n"
        "皖B77777,明天,,\n"
        "皖C33333,2026-12-31,两次,\n"
        f"皖D44444,,,{'长' * 101}\n"
        "皖E55555,,,,\n"
    )
    sheet, refused = read_sheet(table.encode(), ZONE)
    assert sheet.has_notes
    assert [(each.plate, each.note) for each in sheet.vehicles] == [("皖A12345", "3号楼502")]
    assert [(each.row, each.column, each.code, each.value) for each in refused] == [
        (3, "plate", "empty", "皖"),
        (4, "valid_until", "bad_time", "明天"),
        (5, "uses", "bad_number", "两次"),
        (6, "note", "too_long", "长" * 40),
        (7, None, "unknown_column", None),
    ]
    _, (ends,) = read_sheet(b"plate,valid_from,valid_until\nA12345,2026-11-30,2026-11-29\n", ZONE)
    assert (ends.column, ends.code) == ("valid_until", "bad_span")


def test_what_is_written_can_be_read_in_again() -> None:
    listed = (
        Listed(plate="皖A12345", note="=3号楼502, 张"),
        Listed(
            plate="沪AD12345",
            valid_from=datetime(2026, 10, 31, 16, tzinfo=UTC),
            valid_until=datetime(2026, 11, 30, 16, tzinfo=UTC),
            cameras=("gate", "yard"),
            uses=0,
        ),
        Listed(plate="粤B9D666", valid_until=datetime(2026, 11, 30, 10, 30, tzinfo=UTC)),
        Listed(plate="粤B9D667", valid_until=datetime(2026, 11, 30, 10, 30, 5, 20, tzinfo=UTC)),
    )
    text = sheet_text([_registered(str(place), each) for place, each in enumerate(listed)], ZONE)
    assert "沪AD12345,2026-11-01,2026-11-30,gate;yard,0," in text
    assert "粤B9D666,,2026-11-30 18:30,," in text
    assert "'=3号楼502" in text
    assert read_vehicles(text.encode(), ZONE).vehicles == listed


def test_a_plate_is_the_same_however_it_is_written() -> None:
    assert {normal_plate(text) for text in ("皖A·12345", "皖a 12345", "皖Ａ－１２３４５", "皖A12345")} == {"皖A12345"}


def test_a_pass_ends_at_midnight_by_the_clock_of_the_site() -> None:
    late = datetime(2026, 11, 22, 15, 59, tzinfo=UTC)  # a minute to midnight
    assert ends_at(Period.TONIGHT, ZONE, late) == datetime(2026, 11, 22, 16, tzinfo=UTC)
    assert ends_at(Period.TONIGHT, ZONE, datetime(2026, 11, 22, 16, tzinfo=UTC)) == datetime(
        2026, 11, 23, 16, tzinfo=UTC
    )
    assert ends_at(Period.WEEK, ZONE, late) == datetime(2026, 11, 29, 16, tzinfo=UTC)
    assert ends_at(Period.RESIDENT, ZONE, late) is None


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        (Listed(plate="皖"), "2 to 12 characters"),
        (Listed(plate="皖A12345678901"), "2 to 12 characters"),
        (Listed(plate="皖A12345", valid_from=NOON, valid_until=NOON), "ends after it begins"),
        (Listed(plate="皖A12345", note="长" * 101), "100 characters"),
    ],
)
def test_what_makes_no_sense_is_refused(listed: Listed, why: str) -> None:
    with pytest.raises(InvalidError, match=why):
        checked(listed)


def test_a_table_is_compared_with_the_list() -> None:
    alike = _registered("1", Listed(plate="皖A12345"))
    elsewhere = _registered("2", Listed(plate="皖B77777", note="旧"))
    second = _registered("3", Listed(plate="皖B77777", valid_from=NOON))
    gone = _registered("4", Listed(plate="皖C33333"))
    table = (
        Listed(plate="皖D44444"),
        Listed(plate="皖A12345"),
        Listed(plate="皖B77777", valid_from=NOON, uses=2),
        Listed(plate="皖B77777", note="新"),
    )
    found = compared([alike, elsewhere, second, gone], table, complete=True)
    assert set(found.changes) == {
        Change(before=None, after=table[0]),
        Change(before=second, after=table[2]),
        Change(before=elsewhere, after=table[3]),
        Change(before=gone, after=None),
    }
    counts = [found.count(before=b, after=a) for b, a in ((False, True), (True, True), (True, False))]
    assert (found.same, counts, found.others) == (1, [1, 2, 1], ())
    added = compared([alike, elsewhere, second, gone], table, complete=False)
    assert (len(added.changes), added.others) == (3, (gone,))
    assert compared([alike, gone], [gone.listed, alike.listed], complete=True).changes == ()


def test_gateways_are_sent_the_list_once_it_is_quiet_and_in_a_minute_at_the_latest() -> None:
    state = ListState().changed(NOON)
    assert state.due_at(NOON) == NOON + timedelta(seconds=10)
    at = NOON
    for _ in range(7):
        at += timedelta(seconds=8)
        state = state.changed(at)
    assert (state.version, state.due_at(at)) == (8, NOON + timedelta(seconds=60))
    assert state.sent().changed(at).due_at(at) == at + timedelta(seconds=10)


def _registered(name: str, listed: Listed) -> Vehicle:
    return Vehicle(id=f"v-{name}", listed=listed, registered_by=None, registered_at=NOON)
