from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookout_contract.commands import Resident
from lookout_edge.domain.detection import PlateReading
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.plates import (
    Forgiveness,
    Found,
    Match,
    PlateVote,
    ResidentIndex,
    is_on,
    match_plate,
    substitutions,
)

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
VEHICLE = Box(0.2, 0.2, 0.6, 0.6)


@pytest.mark.parametrize(
    ("plate", "on"),
    [
        (Box(0.3, 0.5, 0.4, 0.53), True),
        (Box(0.25, 0.59, 0.35, 0.62), True),
        (Box(0.3, 0.31, 0.4, 0.33), True),
        (Box(0.3, 0.27, 0.4, 0.29), False),
        (Box(0.3, 0.18, 0.4, 0.21), False),
        (Box(0.14, 0.5, 0.24, 0.53), False),
        (Box(0.57, 0.5, 0.65, 0.53), False),
        (Box(0.25, 0.4, 0.5, 0.5), False),
        (Box(0.28, 0.4, 0.5, 0.5), True),
    ],
)
def test_a_plate_is_on_its_vehicle_and_no_sign_above_it_nor_text_as_wide(plate: Box, on: bool) -> None:
    assert is_on(plate, VEHICLE) is on


BOX = Box(0, 0, 1, 1)


def vote(*readings: tuple[str | None, float]) -> PlateVote:
    result = PlateVote()
    for text, confidence in readings:
        result.add([PlateReading(text, confidence, BOX)])
    return result


def test_the_vote_mends_single_misread_characters() -> None:
    text, confidence = vote(("皖A12345", 0.9), ("皖A1Z345", 0.8), ("皖A12346", 0.7), ("皖A12345", 0.9)).winner()
    assert text == "皖A12345"
    assert 0.6 < confidence < 0.9


def test_readings_of_another_length_are_left_out() -> None:
    text, _ = vote(("皖A1234", 0.9), ("皖A12345", 0.8), ("皖A12345", 0.8)).winner()
    assert text == "皖A12345"


@pytest.mark.parametrize("readings", [[], [(None, 0.9)], [("", 0.9)], [("皖A12345", 0.0)]])
def test_nothing_read_has_no_winner(readings: list[tuple[str | None, float]]) -> None:
    assert vote(*readings).winner() == (None, 0.0)


def test_attempts_count_even_in_vain() -> None:
    tried = PlateVote()
    tried.add([])
    assert (tried.attempts, tried.readings) == (1, [])


def find(
    text: str, *residents: Resident, distance: int = 1, margin: int = 2, camera: str = "gate", doubt: str | None = None
) -> Match:
    """Three readings say ``text``, one says ``doubt`` where that is given."""
    read = vote((text, 0.9), (text, 0.9), (text, 0.9), (doubt, 0.9))
    rules = Forgiveness(distance=distance, margin=margin)
    return match_plate(read, ResidentIndex(residents), camera=camera, at=NOW, forgiveness=rules).match


def test_exact_plate_is_a_resident() -> None:
    assert find("皖A12345", Resident(plate="皖A12345")) is Match.RESIDENT
    assert find("皖A12345", Resident(plate="皖A99999")) is Match.STRANGER
    assert find("皖A12345") is Match.STRANGER


def test_an_exact_plate_needs_no_margin() -> None:
    assert find("皖A12345", Resident(plate="皖A12345"), Resident(plate="皖A12346")) is Match.RESIDENT


def test_one_misread_character_needs_a_doubt_one_candidate_and_a_margin() -> None:
    near, doubt = Resident(plate="皖A12346"), "皖A12346"
    assert find("皖A12345", near, doubt=doubt) is Match.RESIDENT
    assert find("皖A12345", near, doubt=doubt, distance=0) is Match.STRANGER
    assert find("皖A12345", near, Resident(plate="皖A12347"), doubt=doubt) is Match.AMBIGUOUS
    two_off = Resident(plate="皖A12377")
    assert find("皖A12345", near, two_off, doubt=doubt, margin=1) is Match.RESIDENT
    assert find("皖A12345", near, two_off, doubt=doubt) is Match.AMBIGUOUS
    three_off = Resident(plate="皖A12999")
    assert find("皖A12345", near, three_off, doubt=doubt, distance=2) is Match.RESIDENT
    assert find("皖A12345", near, three_off, doubt=doubt, distance=2, margin=3) is Match.AMBIGUOUS


def test_a_stranger_one_character_from_the_only_resident_is_a_stranger() -> None:
    resident = Resident(plate="皖A12346")
    assert find("皖A12345", resident) is Match.STRANGER
    assert find("皖A12345", resident, doubt="皖A12348") is Match.STRANGER
    found = match_plate(vote(("皖A12345", 0.9), ("皖A12345", 0.9)), ResidentIndex([resident]), camera="gate", at=NOW)
    assert (found.match, found.plate) == (Match.STRANGER, None)


def test_whoever_is_forgiven_is_named_by_the_residents_plate() -> None:
    read = vote(("皖A12345", 0.9), ("皖A12345", 0.9), ("皖A12346", 0.9))
    index = ResidentIndex([Resident(plate="皖A12346")])
    found = match_plate(read, index, camera="gate", at=NOW, forgiveness=Forgiveness())
    assert (found.match, found.plate, found.misread) == (Match.RESIDENT, "皖A12346", 1)


_PLATES = st.text("ABC123", min_size=5, max_size=5)


@given(st.lists(_PLATES, min_size=1, max_size=6), st.lists(_PLATES, max_size=6))
def test_nobody_is_known_by_a_plate_that_no_reading_shows(readings: list[str], residents: list[str]) -> None:
    """Known means: each of the resident's characters was read at its place at least once."""
    known = ResidentIndex([Resident(plate=plate) for plate in residents])
    found = match_plate(
        vote(*((text, 0.9) for text in readings)), known, camera="gate", at=NOW, forgiveness=Forgiveness(distance=2)
    )
    if found.match is Match.RESIDENT:
        assert found.plate in residents
        assert all(any(text[place] == c for text in readings) for place, c in enumerate(found.plate or ""))


def by_looking_at_all(
    read: PlateVote, residents: list[Resident], forgiveness: Forgiveness
) -> tuple[Match, str | None, int]:
    """The same search among residents who may always pass, by comparing with each of them."""
    text = read.winner()[0] or ""
    gaps = {resident.plate: substitutions(text, resident.plate) for resident in residents}
    nearest = min(gaps.values(), default=99)
    if not text or nearest > forgiveness.distance:
        return Match.STRANGER, None, 0
    nearby = {plate for plate, gap in gaps.items() if gap == nearest}
    if nearest:
        doubts = {
            plate
            for plate in nearby
            if all(
                theirs == mine or read.share(place, theirs) >= forgiveness.share
                for place, (mine, theirs) in enumerate(zip(text, plate, strict=True))
            )
        }
        if not doubts:
            return Match.STRANGER, None, 0
        if len(nearby) > 1 or any(0 < gap - nearest < forgiveness.margin for gap in gaps.values()):
            return Match.AMBIGUOUS, None, 0
    return Match.RESIDENT, next(iter(nearby)), nearest


_LONG = st.one_of(st.text("AB12", min_size=7, max_size=7), st.text("AB12", min_size=2, max_size=8))


@given(
    st.lists(_LONG, min_size=1, max_size=4),
    st.lists(_LONG, max_size=12),
    st.builds(Forgiveness, distance=st.integers(0, 2), margin=st.integers(1, 4), share=st.sampled_from([0.15, 0.5])),
)
def test_the_index_finds_what_looking_at_all_finds(read: list[str], plates: list[str], rules: Forgiveness) -> None:
    votes, residents = vote(*((text, 0.9) for text in read)), [Resident(plate=plate) for plate in plates]
    found = match_plate(votes, ResidentIndex(residents), camera="gate", at=NOW, forgiveness=rules)
    assert found == Found(*by_looking_at_all(votes, residents, rules))


@given(_LONG, st.lists(_LONG, max_size=20), st.integers(0, 8))
def test_everybody_near_is_found_and_nobody_else(text: str, plates: list[str], most: int) -> None:
    index = ResidentIndex([Resident(plate=plate) for plate in plates])
    gaps = sorted((substitutions(text, plate), plate) for plate in plates)
    # Asked twice: the parts are made at the first time.
    for _ in range(2):
        near = sorted((gap, resident.plate) for gap, resident in index.near(text, most))
        assert near == [(gap, plate) for gap, plate in gaps if gap <= most]


def test_seven_and_eight_characters_never_match() -> None:
    assert find("皖AD12345", Resident(plate="皖A12345"), distance=2) is Match.STRANGER


def test_a_pass_counts_in_its_time_and_at_its_cameras() -> None:
    day = timedelta(days=1)
    assert find("皖A12345", Resident(plate="皖A12345", valid_until=NOW)) is Match.EXPIRED
    assert find("皖A12345", Resident(plate="皖A12345", valid_from=NOW)) is Match.RESIDENT
    assert find("皖A12345", Resident(plate="皖A12345", valid_from=NOW + day)) is Match.EXPIRED
    assert find("皖A12345", Resident(plate="皖A12345", cameras=("yard",))) is Match.ELSEWHERE
    assert find("皖A12345", Resident(plate="皖A12345", cameras=("yard", "gate"))) is Match.RESIDENT


def test_the_best_of_several_passes_of_one_plate_counts() -> None:
    old = Resident(plate="皖A12345", valid_until=NOW - timedelta(days=1))
    assert find("皖A12345", old, Resident(plate="皖A12345")) is Match.RESIDENT


def test_a_pass_that_is_used_up_is_no_resident() -> None:
    assert find("皖A12345", Resident(plate="皖A12345", uses=1)) is Match.RESIDENT
    assert find("皖A12345", Resident(plate="皖A12345", uses=0)) is Match.USED_UP
    assert find("皖A12345", Resident(plate="皖A12345", uses=0), Resident(plate="皖A12345")) is Match.RESIDENT
