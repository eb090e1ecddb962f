"""Many things at once are one message: when a notice leaves by an outside channel, and which need not any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lookout_contract.events import Severity
from lookout_server.domain.alarm import Alarm, Disposition
from lookout_server.domain.case import Case
from lookout_server.domain.moves import SETTLED
from lookout_server.domain.notice import Notice, NoticeKind
from lookout_server.domain.policy import Grouping
from lookout_server.domain.wording import AND_MORE, GROUPS, SEVERAL, Words

#: What asks something of the one who is told: a clock runs against them, or they are on their way, so they hear of the
#: first one at once.
TASKS = frozenset(
    {
        NoticeKind.DISPATCHED,
        NoticeKind.REWORK,
        NoticeKind.RESUMED,
        NoticeKind.WHISTLE,
        NoticeKind.ALSO_AT,
        NoticeKind.RAISED,
    }
)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What left before: the last message of this kind to this person on this channel, and the last about this thing."""

    last: datetime | None = None
    same: datetime | None = None


NOTHING_TOLD = Told()
#: Lines of a message, in each language; more would not be read, and no group robot takes them.
_LINES = 8


def leaves_at(grouping: Grouping, kind: NoticeKind, severity: Severity, at: datetime, told: Told) -> datetime:
    """When a notice may leave; those of its kind that wait by then leave with it."""
    if severity is Severity.RED:
        return at
    if kind in TASKS:
        return at if told.last is None else max(at, told.last + grouping.wait)
    due = at + grouping.wait
    if told.last is not None:
        due = max(due, told.last + grouping.interval)
    if told.same is not None:
        due = max(due, told.same + grouping.repeat)
    return due


def is_over(kind: NoticeKind, person: str, about: Case | Alarm | None, at: datetime) -> bool:
    """Whether a notice that waited has nothing to say any more: what it asks for has been done meanwhile."""
    if isinstance(about, Alarm):
        taken_up = kind is NoticeKind.ALARM_LATE and about.acked_by is not None
        return taken_up or about.disposition is not Disposition.OPEN
    if about is None:
        return False
    if kind is NoticeKind.LATE:
        # The same kind of notice says that a department has not reported in.
        awaited = any(about.awaits(each.person) for each in about.whistles)
        return about.state in SETTLED or (not awaited and (about.due_at is None or about.due_at > at))
    if kind in {NoticeKind.ALSO_AT, NoticeKind.RAISED, NoticeKind.HANDLER_GONE}:
        return about.state in SETTLED
    return kind is NoticeKind.DISPATCHED and (about.handler != person or about.state in SETTLED)


def composed(notices: Sequence[Notice]) -> Words:
    """The words of one message about these, oldest first: a sentence, or a heading and a line for each thing.
    Of several about the same thing the newest speaks.
    """
    newest = {notice.about or notice.id: notice for notice in notices}
    if len(newest) == 1:
        return next(iter(newest.values())).words
    texts = [notice.words for notice in newest.values()][:_LINES]
    if len(newest) > _LINES:
        texts.append(AND_MORE.fill(count=len(newest) - _LINES))
    heading = GROUPS.get(notices[0].kind.value, SEVERAL).fill(count=len(newest))
    return Words("\n".join([heading.zh, *(each.zh for each in texts)]), "\n".join([heading.en, *(e.en for e in texts)]))
