"""The list of residents on disk."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lookout_contract.commands import Resident
from lookout_edge.adapters.directory import MOST_TOLD, FilePlateDirectory
from lookout_edge.errors import SpoolError

SOME = (Resident(plate="皖A12345"), Resident(plate="皖AD12345", cameras=("gate",)))


def test_residents_outlive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "data" / "residents.json"
    directory = FilePlateDirectory(path)
    assert directory.residents(0.0) == ()
    directory.replace(SOME)
    assert directory.residents(0.0) == SOME
    assert FilePlateDirectory(path).residents(0.0) == SOME
    assert [p.name for p in path.parent.iterdir()] == ["residents.json"]


@pytest.mark.parametrize("content", [b"", b"{", b'[{"plate": 7}]', b"\xff\xfe"])
def test_a_broken_file_counts_as_empty_and_is_replaced_by_the_next_list(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "residents.json"
    path.write_bytes(content)
    directory = FilePlateDirectory(path)
    assert directory.residents(0.0) == ()
    directory.replace(SOME)
    assert FilePlateDirectory(path).residents(0.0) == SOME


def test_a_disk_that_refuses_leaves_the_old_list_in_use(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    directory = FilePlateDirectory(tmp_path / "file" / "residents.json")
    with pytest.raises(SpoolError, match="list of residents"):
        directory.replace(SOME)
    assert directory.residents(0.0) == ()


GUEST = Resident(plate="皖A54321", uses=2)
HOURS = 3600.0


def left(directory: FilePlateDirectory, at: float) -> int | None:
    return next(resident.uses for resident in directory.residents(at) if resident.plate == GUEST.plate)


def test_a_pass_is_good_for_its_visits_and_a_visit_lasts_half_a_day(tmp_path: Path) -> None:
    path = tmp_path / "residents.json"
    directory = FilePlateDirectory(path)
    directory.replace((*SOME, GUEST))
    assert left(directory, 0.0) == 2
    directory.visit("皖A54321", 10.0, "north")
    directory.visit("皖A5432I", 2 * HOURS, "north")  # read again, a character off: the same visit
    assert left(directory, 3 * HOURS) == 1
    directory.visit("皖A54321", 24 * HOURS, "north")
    assert left(directory, 25 * HOURS) == 1, "the last visit goes on"
    assert left(FilePlateDirectory(path), 25 * HOURS) == 1, "also after a restart"
    assert left(FilePlateDirectory(path), 37 * HOURS) == 0
    directory.visit("皖A12345", 24 * HOURS, "north")
    assert directory.residents(37 * HOURS)[:2] == SOME, "who lives here comes as often as they like"


def test_a_visit_lasts_as_long_as_the_guest_stays_and_two_hours_to_leave(tmp_path: Path) -> None:
    path = tmp_path / "residents.json"
    directory = FilePlateDirectory(path)
    directory.replace((*SOME, GUEST.model_copy(update={"uses": 1})))
    directory.stay(GUEST.plate, 0.0, "north")
    assert left(directory, 0.0) == 1, "who has not come does not stay"
    directory.visit(GUEST.plate, 0.0, "north")
    for hour in range(1, 21):
        directory.stay(GUEST.plate, hour * HOURS, "north")
        assert left(directory, hour * HOURS) == 1
    assert left(directory, 21.9 * HOURS) == 1
    assert left(FilePlateDirectory(path), 21.9 * HOURS) == 1
    assert left(directory, 22.1 * HOURS) == 0
    directory.stay(GUEST.plate, 23 * HOURS, "north")
    assert left(directory, 23 * HOURS) == 0, "who was gone has come again"


def test_who_is_seen_to_stay_a_while_has_half_a_day_all_the_same(tmp_path: Path) -> None:
    directory = FilePlateDirectory(tmp_path / "residents.json")
    directory.replace((GUEST.model_copy(update={"uses": 1}),))
    directory.visit(GUEST.plate, 0.0, "north")
    directory.stay(GUEST.plate, 1 * HOURS, "north")
    assert left(directory, 11 * HOURS) == 1
    assert left(directory, 13 * HOURS) == 0


def test_who_lives_here_uses_up_no_pass_of_a_guest_whose_plate_is_much_alike(tmp_path: Path) -> None:
    directory = FilePlateDirectory(tmp_path / "residents.json")
    directory.replace((Resident(plate="皖A54322"), GUEST))
    directory.visit("皖A54322", 10.0, "north")
    directory.visit("皖A54322", 24 * HOURS, "north")
    assert left(directory, 48 * HOURS) == 2


def test_a_pass_that_was_taken_away_and_given_again_is_a_new_one(tmp_path: Path) -> None:
    directory = FilePlateDirectory(tmp_path / "residents.json")
    directory.replace((GUEST,))
    directory.visit("皖A54321", 0.0, "north")
    directory.replace((GUEST,))
    assert left(directory, 24 * HOURS) == 1, "sending the list again changes nothing"
    directory.replace(SOME)
    directory.replace((GUEST,))
    assert left(directory, 24 * HOURS) == 2


def one_day(day: int, uses: int = 1) -> Resident:
    """A pass of 1970."""
    since, until = datetime(1970, 1, day, tzinfo=UTC), datetime(1970, 1, day + 1, tzinfo=UTC)
    return Resident(plate=GUEST.plate, valid_from=since, valid_until=until, uses=uses)


def test_passes_of_one_plate_for_two_days_are_used_up_one_by_one(tmp_path: Path) -> None:
    directory = FilePlateDirectory(tmp_path / "residents.json")
    directory.replace((one_day(1), one_day(2)))
    directory.visit(GUEST.plate, 8 * HOURS, "north")
    assert [each.uses for each in directory.residents(23 * HOURS)] == [0, 1]
    directory.visit(GUEST.plate, 32 * HOURS, "north")
    assert [each.uses for each in directory.residents(33 * HOURS)] == [0, 1], "the visit goes on"
    assert [each.uses for each in directory.residents(47 * HOURS)] == [0, 0]


def test_a_pass_that_takes_the_place_of_a_used_one_is_a_new_one(tmp_path: Path) -> None:
    directory = FilePlateDirectory(tmp_path / "residents.json")
    directory.replace((one_day(1),))
    directory.visit(GUEST.plate, 8 * HOURS, "north")
    directory.replace((one_day(2),))
    assert [each.uses for each in directory.residents(30 * HOURS)] == [1]


def test_of_passes_that_overlap_a_visit_uses_one(tmp_path: Path) -> None:
    directory = FilePlateDirectory(tmp_path / "residents.json")
    directory.replace((one_day(1), GUEST))
    directory.visit(GUEST.plate, 8 * HOURS, "north")
    directory.visit(GUEST.plate, 9 * HOURS, "north")
    assert [each.uses for each in directory.residents(23 * HOURS)] == [0, 2]
    directory.visit(GUEST.plate, 22 * HOURS, "north")
    assert [each.uses for each in directory.residents(40 * HOURS)] == [0, 1]


def test_a_visit_at_one_gate_uses_no_pass_for_another(tmp_path: Path) -> None:
    directory = FilePlateDirectory(tmp_path / "residents.json")
    north = GUEST.model_copy(update={"cameras": ("north",)})
    directory.replace((north, Resident(plate=GUEST.plate, cameras=("south",))))
    directory.visit(GUEST.plate, 1 * HOURS, "south")
    assert left(directory, 2 * HOURS) == 2
    directory.visit(GUEST.plate, 3 * HOURS, "north")
    assert left(directory, 24 * HOURS) == 1


def test_visits_that_cannot_be_read_are_counted_anew(tmp_path: Path) -> None:
    path = tmp_path / "residents.json"
    FilePlateDirectory(path).replace((GUEST,))
    path.with_suffix(".visits.json").write_bytes(b"rubbish")
    assert left(FilePlateDirectory(path), 0.0) == 2


def test_the_list_is_one_object_until_something_changes(tmp_path: Path) -> None:
    """Rules keep an index of it, which they need not build anew for each picture."""
    directory = FilePlateDirectory(tmp_path / "residents.json")
    directory.replace([*SOME, GUEST])
    first = directory.residents(0.0)
    assert directory.residents(1.0) is first
    directory.visit(GUEST.plate, 2.0, "north")
    during = directory.residents(2.0)
    assert during is not first
    assert directory.residents(11 * HOURS) is during
    after = directory.residents(13 * HOURS)
    assert after is not during
    assert directory.residents(20 * HOURS) is after
    assert directory.residents(3 * HOURS) == during, "time may go back"
    directory.replace(SOME)
    assert directory.residents(20 * HOURS) == SOME


def test_it_tells_by_id_how_often_passes_were_used_the_last_used_first(tmp_path: Path) -> None:
    path = tmp_path / "residents.json"
    directory = FilePlateDirectory(path)
    guest = GUEST.model_copy(update={"id": "v-1"})
    other = Resident(plate="沪C99999", valid_from=datetime(1970, 1, 1, tzinfo=UTC), uses=9, id="v-2")
    nameless = Resident(plate="粤B9D666", uses=1)
    directory.replace((*SOME, guest, other, nameless))
    assert directory.report() == {}
    for hours, seen in ((1, guest), (2, other), (30, other), (40, SOME[0]), (41, nameless)):
        directory.visit(seen.plate, hours * HOURS, "north")
    assert list(directory.report().items()) == [("v-2", 2), ("v-1", 1)]
    assert FilePlateDirectory(path).report() == directory.report()
    directory.replace((*SOME, guest.model_copy(update={"id": "v-3"}), other.model_copy(update={"uses": None})))
    assert directory.report() == {"v-3": 1}


def test_of_very_many_passes_it_tells_the_last_used(tmp_path: Path) -> None:
    directory = FilePlateDirectory(tmp_path / "residents.json")
    # Two plates differ in two characters at least: a reading may be off by one.
    passes = [Resident(plate=f"皖A{n:03}{n:03}", uses=1, id=f"v-{n}") for n in range(MOST_TOLD + 10)]
    directory.replace(passes)
    for at, each in enumerate(passes):
        directory.visit(each.plate, float(at), "north")
    assert list(directory.report()) == [each.id for each in reversed(passes[10:])]
