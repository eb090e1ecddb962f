"""Role × territory × care, one rule at a time."""

from dataclasses import replace

import pytest

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario
from lookout_server.domain.access import Access, access_of
from lookout_server.domain.case import Case, Whistle
from lookout_server.domain.territory import Person, Role
from lookout_server.testing import NOON, a_case, person, small_estate

PLACES = small_estate().territories
HERE, BESIDE = frozenset({"grid-07"}), frozenset({"grid-08"})
CASE = a_case(CaseState.DISPATCHED)
CARE = replace(CASE, scenario=Scenario.CARE)


def _may(who: Person, *opened: str) -> Access:
    return access_of(who, PLACES, frozenset(opened))


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.SUPERVISOR, Role.ADMIN, Role.WORKER, Role.HOUSEHOLD_HEAD])
@pytest.mark.parametrize(
    ("grids", "sees"),
    [(HERE, True), (BESIDE, False), ({"kangle"}, True), ({"yaohai"}, True), ({"grid-08", "x"}, False)],
)
def test_people_see_what_is_below_their_places(role: Role, grids: frozenset[str], sees: bool) -> None:
    assert _may(person("one", role, grids=frozenset(grids))).sees(CASE) is sees


def test_without_a_place_the_control_room_sees_the_site_and_a_worker_what_they_have() -> None:
    assert _may(person("li", Role.OPERATOR)).sees(CASE)
    worker = _may(person("wang", Role.WORKER))
    assert not worker.sees(CASE)
    assert worker.sees(replace(CASE, handler="u-wang"))


def test_what_nobody_has_placed_is_the_whole_control_rooms() -> None:
    unplaced = replace(CASE, grid=None)
    assert _may(person("li", Role.OPERATOR, grids=BESIDE)).sees(unplaced)
    assert not _may(person("wang", Role.WORKER, grids=HERE)).sees(unplaced)


def test_a_department_sees_what_it_was_called_to() -> None:
    fire = _may(person("fire", Role.DEPARTMENT, grids=HERE))
    assert not fire.sees(CASE)
    assert fire.sees(replace(CASE, whistles=(Whistle(person="u-fire", due_at=NOON),)))


@pytest.mark.parametrize(
    ("who", "case", "sees", "opens"),
    [
        (person("li", Role.OPERATOR), CARE, False, False),
        (person("root", Role.ADMIN), CARE, False, False),
        (person("wang", Role.WORKER, grids=HERE), CARE, False, False),
        (person("li", Role.OPERATOR, Role.CARE), CARE, True, False),
        (person("li", Role.OPERATOR, Role.CARE, grids=BESIDE), CARE, False, False),
        (person("wang", Role.WORKER, grids=BESIDE), replace(CARE, handler="u-wang"), True, True),
        (person("wang", Role.WORKER), replace(CARE, handler="u-wang", state=CaseState.CLOSED), False, False),
        (person("li", Role.OPERATOR), CASE, True, True),
    ],
)
def test_care_is_for_the_cleared_and_its_record_for_whoever_has_it(
    who: Person, case: Case, sees: bool, opens: bool
) -> None:
    assert (_may(who).sees(case), _may(who).opens(case)) == (sees, opens)


def test_an_opened_record_is_seen_by_the_one_it_was_opened_to() -> None:
    closed = replace(CARE, state=CaseState.CLOSED)
    assert _may(person("li", Role.OPERATOR), closed.id).opens(closed)
    assert not _may(person("li", Role.OPERATOR), "c-other").sees(closed)


def test_alarms_are_for_the_control_room_of_their_place() -> None:
    kind = Scenario.GARBAGE
    assert _may(person("li", Role.OPERATOR, grids=HERE)).sees_alarm(kind, "grid-07")
    assert not _may(person("li", Role.OPERATOR, grids=BESIDE)).sees_alarm(kind, "grid-07")
    assert not _may(person("wang", Role.WORKER, grids=HERE)).sees_alarm(kind, "grid-07")
    assert not _may(person("li", Role.OPERATOR)).sees_alarm(Scenario.CARE, "grid-07")


def test_people_and_gateways_of_other_places_are_not_theirs() -> None:
    zhao = _may(person("zhao", Role.SUPERVISOR, grids=BESIDE))
    assert zhao.knows(zhao.person)
    assert not zhao.knows(person("wang", Role.WORKER, grids=HERE))
    assert not zhao.reaches(["grid-07"])
    assert all(zhao.reaches(grids) for grids in ([], [None], ["grid-07", "grid-08"]))


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.DEPARTMENT])
def test_a_place_opens_nothing_to_who_has_no_work_there(role: Role) -> None:
    access = access_of(person("x", role, grids=frozenset({"grid-07"})), PLACES)
    assert not access.covers("grid-07")
    both = access_of(person("x", role, Role.WORKER, grids=frozenset({"grid-07"})), PLACES)
    assert both.covers("grid-07")
