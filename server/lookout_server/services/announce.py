"""Tells the feed and the integrators what changed, within the transaction that changes it."""

from datetime import datetime

from lookout_contract.cases import CaseMessage
from lookout_contract.topics import CaseTopics
from lookout_server.domain.access import RESTRICTED
from lookout_server.domain.alarm import Alarm
from lookout_server.domain.case import Case, HistoryEntry
from lookout_server.domain.moves import SETTLED
from lookout_server.domain.territory import CameraKey, Site
from lookout_server.ports import FeedEntry, FeedKind, UnitOfWork

#: The level of the case topic for a case whose camera nobody has placed yet.
UNPLACED = "unplaced"


def camera_subject(key: CameraKey) -> str:
    """How the feed names a camera; ids alone are unique within a gateway only."""
    return f"{key.gateway}/{key.id}"


def camera_key(subject: str) -> CameraKey:
    """The camera that ``camera_subject`` named."""
    gateway, _, name = subject.partition("/")
    return CameraKey(gateway=gateway, id=name)


def alarm_changed(uow: UnitOfWork, alarm_id: str, change: str, at: datetime) -> None:
    """A line of the feed about an alarm."""
    uow.feed.add(FeedEntry(at=at, kind=FeedKind.ALARM, subject=alarm_id, change=change))


def camera_changed(uow: UnitOfWork, key: CameraKey, change: str, at: datetime) -> None:
    """A line of the feed about a camera."""
    uow.feed.add(FeedEntry(at=at, kind=FeedKind.CAMERA, subject=camera_subject(key), change=change))


def gateway_changed(uow: UnitOfWork, gateway_id: str, change: str, at: datetime) -> None:
    """A line of the feed about a gateway."""
    uow.feed.add(FeedEntry(at=at, kind=FeedKind.GATEWAY, subject=gateway_id, change=change))


def case_noted(uow: UnitOfWork, case: Case, change: str, at: datetime) -> None:
    """A line of the feed about a case that has not moved (a file came)."""
    uow.feed.add(FeedEntry(at=at, kind=FeedKind.CASE, subject=case.id, change=change))


def case_moved(uow: UnitOfWork, site: Site, case: Case, entry: HistoryEntry, alarm: Alarm | None) -> None:
    """A line of the feed, the step for integrators, and the retained state, which goes when the case settles.

    Care cases are not published: whoever may read the broker may read everything there.
    """
    case_noted(uow, case, entry.action.value, entry.at)
    if case.scenario in RESTRICTED:
        return
    message = CaseMessage(
        case=case.id,
        grid=case.grid or UNPLACED,
        state=case.state,
        version=case.version,
        at=entry.at,
        action=entry.action.value,
        scenario=case.scenario,
        severity=case.severity,
        camera=case.camera.id if case.camera else None,
        occurrence=alarm.occurrence if alarm else None,
    )
    topics = CaseTopics(site=site.id, grid=message.grid, case=case.id)
    payload = message.to_json()
    uow.outbox.add(topics.event, payload, at=entry.at, retain=False, expires_at=None)
    state = b"" if case.state in SETTLED else payload
    uow.outbox.add(topics.state, state, at=entry.at, retain=True, expires_at=None)
