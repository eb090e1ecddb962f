"""交接班: one hands over to the next what they have in hand, and both sign.

Those who go hand over to each other what they were sent to; the control room hands over what waits for it.

A signature is an act of a signed-in person: it is written into the audit log with the hash of what was signed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from lookout_contract.cases import CaseState
from lookout_server.domain.access import Access, access_of
from lookout_server.domain.ledger import digest_of
from lookout_server.domain.territory import FIELD, Person, Territory
from lookout_server.errors import ConflictError, ForbiddenError, FourEyesError

#: What nobody has signed by then is void.
SIGNED_WITHIN = timedelta(hours=24)


#: Cases in these states wait for the control room: that is what an operator has in hand.
DESK = frozenset({CaseState.NEW, CaseState.CONFIRMED, CaseState.FEEDBACK, CaseState.VERIFYING})


class HandOverState(StrEnum):
    """Where it stands."""

    OFFERED = "offered"
    SIGNED = "signed"
    DECLINED = "declined"
    LAPSED = "lapsed"


@dataclass(frozen=True, kw_only=True)
class HandOver:
    """What ``giver`` hands over to ``taker``. ``cases``: ids, as they were in hand when the giver signed."""

    id: str
    giver: str
    taker: str
    note: str
    cases: tuple[str, ...]
    given_at: datetime
    answered_at: datetime | None = None
    declined: str | None = None

    @property
    def digest(self) -> str:
        """The hash of what both sign."""
        signed = (self.giver, self.taker, self.note, list(self.cases), self.given_at.isoformat())
        return digest_of(json.dumps(signed, ensure_ascii=False))

    def state(self, at: datetime) -> HandOverState:
        """Where it stands at this moment."""
        if self.answered_at is not None:
            return HandOverState.DECLINED if self.declined is not None else HandOverState.SIGNED
        return HandOverState.OFFERED if at - self.given_at < SIGNED_WITHIN else HandOverState.LAPSED


def shares_desk(giver: Person, taker: Person) -> bool:
    """Whether both decide, rather than go: then what waits for the control room goes over as well."""
    return giver.in_control_room and taker.in_control_room


def may_take(giver: Person, taker: Person) -> bool:
    """Whether this is somebody to hand over to: those who go to those who go, the control room within itself, and
    nobody to who has been shut out and could not sign."""
    of_a_kind = bool(giver.roles & FIELD and taker.roles & FIELD) or shares_desk(giver, taker)
    return giver.id != taker.id and not taker.barred and of_a_kind


def neighbourhood(giver: Person, territories: Sequence[Territory]) -> Access:
    """What is near enough for those there to be offered for taking over: the same places, and those beside them."""
    around = {place.parent for place in territories if place.id in giver.grids and place.parent is not None}
    return access_of(replace(giver, grids=giver.grids | around), territories)


def neighbours(giver: Person, people: Sequence[Person], reach: Access) -> list[Person]:
    """Who of them is in that neighbourhood and may take over."""
    # In the control room, whoever is named no place looks after the whole site.
    near = [other for other in people if reach.knows(other) or (other.in_control_room and not other.grids)]
    return [other for other in near if may_take(giver, other)]


def answered(hand_over: HandOver, by: str, at: datetime, *, declined: str | None = None) -> HandOver:
    """The hand-over once the taker has signed, or declined and said why."""
    if by == hand_over.giver:
        raise FourEyesError("you signed this already: the other one has to sign too")
    if by != hand_over.taker:
        raise ForbiddenError("this was handed over to somebody else")
    if hand_over.state(at) is not HandOverState.OFFERED:
        raise ConflictError(f"this is {hand_over.state(at).value} already: it has to be handed over anew")
    return replace(hand_over, answered_at=at, declined=declined)
