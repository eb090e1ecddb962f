"""交接班: one worker hands over to the next what they have in hand, and both sign.

A signature is an act of a signed-in person: it is written into the audit log with the hash of what was signed.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from lookout_server.domain.ledger import digest_of
from lookout_server.errors import ConflictError, ForbiddenError, FourEyesError

#: What nobody has signed by then is void.
SIGNED_WITHIN = timedelta(hours=24)


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


def answered(hand_over: HandOver, by: str, at: datetime, *, declined: str | None = None) -> HandOver:
    """The hand-over once the taker has signed, or declined and said why."""
    if by == hand_over.giver:
        raise FourEyesError("you signed this already: the other one has to sign too")
    if by != hand_over.taker:
        raise ForbiddenError("this was handed over to somebody else")
    if hand_over.state(at) is not HandOverState.OFFERED:
        raise ConflictError(f"this is {hand_over.state(at).value} already: it has to be handed over anew")
    return replace(hand_over, answered_at=at, declined=declined)
