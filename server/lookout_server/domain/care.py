"""Opening the record of a care case: one cleared person asks, another agrees, and it closes again by itself."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lookout_server.domain.access import RESTRICTED, Access
from lookout_server.domain.case import Case
from lookout_server.errors import ConflictError, ForbiddenError, FourEyesError, InvalidError

#: No view lasts longer.
LONGEST_MINUTES = 8 * 60
#: What nobody has agreed to by then has to be asked again.
ANSWERED_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class View:
    """Somebody's look into a care case. It holds from ``granted_at`` until ``expires_at`` or ``ended_at``."""

    id: str
    case: str
    person: str
    reason: str
    minutes: int
    asked_at: datetime
    granted_by: str | None = None
    granted_at: datetime | None = None
    expires_at: datetime | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None

    def waits(self, at: datetime) -> bool:
        """Whether somebody may still agree to it."""
        return self.granted_at is None and self.ended_at is None and at - self.asked_at < ANSWERED_WITHIN

    def holds(self, at: datetime) -> bool:
        """Whether the record is open by it."""
        return self.ended_at is None and self.expires_at is not None and self.expires_at > at


def asked(view: View, case: Case, by: Access) -> View:
    """The view, or why there is nothing to ask: ``by`` sees the case."""
    if case.scenario not in RESTRICTED:
        raise InvalidError("this case is open to you as it is")
    if not by.cleared:
        raise ForbiddenError("care cases are opened to those with the role care alone")
    if not 1 <= view.minutes <= LONGEST_MINUTES:
        raise InvalidError(f"ask for 1 to {LONGEST_MINUTES} minutes")
    return view


def granted(view: View, by: Access, at: datetime) -> View:
    """The view once a second person has agreed; ``by`` sees the case."""
    if not (by.cleared and by.person.in_control_room):
        raise ForbiddenError("somebody of the control room with the role care agrees to this")
    if by.person.id == view.person:
        raise FourEyesError("you asked for this yourself: somebody else has to agree")
    if not view.waits(at):
        raise ConflictError("this was answered, or asked too long ago: it has to be asked again")
    expires = at + timedelta(minutes=view.minutes)
    return replace(view, granted_by=by.person.id, granted_at=at, expires_at=expires)


def ended(view: View, by: Access, at: datetime) -> View:
    """The view closed, or refused."""
    if view.ended_at is not None or not (view.waits(at) or view.holds(at)):
        raise ConflictError("this is over already")
    return replace(view, ended_by=by.person.id, ended_at=at)
