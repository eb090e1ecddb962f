"""码上就办: residents report by a QR code on the wall, without an account, and follow it by a tracking code."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity
from lookout_server.domain.access import RESTRICTED
from lookout_server.domain.case import Case, HistoryEntry
from lookout_server.domain.moves import Action
from lookout_server.domain.wording import Words
from lookout_server.errors import ConflictError

#: 80 bits, in base 32: nobody guesses somebody else's report.
_TRACKING_CHARACTERS = 16
_GROUP = 4
#: Whoever said that they see it, too, may take that back for so long.
TAKEN_BACK_WITHIN = timedelta(minutes=10)


class ReportKind(StrEnum):
    """What a resident reports, in the order in which pages show it."""

    FIRE = "fire"
    EBIKE = "ebike"
    GARBAGE = "garbage"
    BLOCKED = "blocked"
    FACILITY = "facility"
    SAFETY = "safety"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class KindRow:
    """How a kind is called, and what case it makes."""

    words: Words
    scenario: Scenario | None
    severity: Severity


KINDS: Mapping[ReportKind, KindRow] = {
    ReportKind.FIRE: KindRow(
        words=Words("火情、冒烟", "Fire or smoke"), scenario=Scenario.FIRE_SMOKE, severity=Severity.RED
    ),
    ReportKind.EBIKE: KindRow(
        words=Words("电动车进楼、飞线充电", "E-bike indoors or charged by a loose cable"),
        scenario=Scenario.CORRIDOR_EBIKE,
        severity=Severity.YELLOW,
    ),
    ReportKind.GARBAGE: KindRow(
        words=Words("垃圾乱堆乱放", "Garbage in the wrong place"), scenario=Scenario.GARBAGE, severity=Severity.BLUE
    ),
    ReportKind.BLOCKED: KindRow(
        words=Words("通道被占、消防通道堵塞", "Passage or fire lane blocked"), scenario=None, severity=Severity.YELLOW
    ),
    ReportKind.FACILITY: KindRow(
        words=Words("设施损坏（路灯、电梯、井盖等）", "Something is broken (lamp, lift, manhole cover …)"),
        scenario=None,
        severity=Severity.BLUE,
    ),
    ReportKind.SAFETY: KindRow(
        words=Words("治安隐患", "A worry about safety"), scenario=None, severity=Severity.YELLOW
    ),
    ReportKind.OTHER: KindRow(words=Words("其他", "Something else"), scenario=None, severity=Severity.BLUE),
}


#: What others are shown of what was told at a place: things that everybody sees who stands there. A worry about safety
#: or "something else" may be about somebody, who must not read on a wall that they were reported; and nobody is to
#: leave a fire untold because somebody may have told it.
SHOWN_KINDS = frozenset({ReportKind.EBIKE, ReportKind.GARBAGE, ReportKind.BLOCKED, ReportKind.FACILITY})


@dataclass(frozen=True, kw_only=True)
class ReportPlace:
    """A place with a QR code on its wall. ``code`` is printed for everybody to see: it opens reporting, no more."""

    code: str
    name: str
    grid: str
    created_at: datetime
    retired_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ResidentReport:
    """What one resident told. ``id`` is the hash of its tracking code, which is never kept."""

    id: str
    place: str
    kind: ReportKind
    words: str
    at: datetime
    case_id: str
    #: 1 (bad) to 5, once the resident has said so.
    score: int | None = None
    score_words: str | None = None
    rated_at: datetime | None = None


class Progress(StrEnum):
    """Where a report stands, as its resident is told."""

    RECEIVED = "received"
    CONFIRMED = "confirmed"
    ASSIGNED = "assigned"
    ON_SCENE = "on_scene"
    PAUSED = "paused"
    CHECKING = "checking"
    DONE = "done"
    DECLINED = "declined"


_PROGRESS: Mapping[CaseState, Progress] = {
    CaseState.NEW: Progress.RECEIVED,
    CaseState.CONFIRMED: Progress.CONFIRMED,
    CaseState.DISPATCHED: Progress.ASSIGNED,
    CaseState.ACCEPTED: Progress.ASSIGNED,
    CaseState.ON_SCENE: Progress.ON_SCENE,
    CaseState.REWORK: Progress.ON_SCENE,
    CaseState.SUSPENDED: Progress.PAUSED,
    CaseState.FEEDBACK: Progress.CHECKING,
    CaseState.VERIFYING: Progress.CHECKING,
    CaseState.CLOSED: Progress.DONE,
    CaseState.FOLLOW_UP: Progress.DONE,
    CaseState.EVALUATED: Progress.DONE,
    CaseState.VOID: Progress.DECLINED,
    CaseState.MERGED: Progress.CONFIRMED,
}

PROGRESS_WORDS: Mapping[Progress, Words] = {
    Progress.RECEIVED: Words("已收到，正在核实", "Received; somebody is looking at it"),
    Progress.CONFIRMED: Words("情况属实，正在安排人员", "Confirmed; somebody is being sent"),
    Progress.ASSIGNED: Words("已安排工作人员前往", "Somebody has been sent"),
    Progress.ON_SCENE: Words("工作人员已到现场处理", "Somebody is there and deals with it"),
    Progress.PAUSED: Words("需要更多时间，处理暂缓", "It needs more time and waits"),
    Progress.CHECKING: Words("已处理，正在核查效果", "Dealt with; the result is being checked"),
    Progress.DONE: Words("已办结", "Done"),
    Progress.DECLINED: Words(
        "经核实未予立案，如有疑问请联系社区或拨打 12345",
        "Not taken up after a look; ask your community office or call 12345",
    ),
}


#: There is nothing more to wait for.
_OVER = frozenset({Progress.DONE, Progress.DECLINED})


@dataclass(frozen=True, kw_only=True)
class OpenReport:
    """What was told at a place already and is being seen to, as anybody may read it: a day, for a minute tells who."""

    kind: ReportKind
    since: date
    progress: Progress
    times: int
    #: Names it to whoever says that they see it, too: what ``handle_of`` gives for the report that told it first.
    handle: str
    #: How many said so.
    seen_by: int = 0


@dataclass(frozen=True, kw_only=True)
class SeenToo:
    """Somebody sees what was told already. ``id`` is a hash of their browser's random token and of what they see: the
    same browser counts once, and two things that it saw have nothing in common. ``case_id`` is the case that the report
    itself made or joined, whatever that was merged into: taken apart again, each goes with its own.
    """

    id: str
    place: str
    kind: ReportKind
    case_id: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Milestone:
    """When a report came to stand where."""

    progress: Progress
    at: datetime


def progress_of(state: CaseState) -> Progress:
    """What a resident is told of a case in this state."""
    return _PROGRESS[state]


def is_shown(report: ResidentReport, case: Case) -> bool:
    """Whether others may know of it at all, open or not."""
    return report.kind in SHOWN_KINDS and case.scenario not in RESTRICTED


def is_over(case: Case) -> bool:
    """Whether there is nothing more to wait for."""
    return progress_of(case.state) in _OVER


def open_reports(
    told: Sequence[tuple[ResidentReport, Case]], zone: tzinfo, seen: Mapping[tuple[str, ReportKind], int]
) -> tuple[OpenReport, ...]:
    """Of reports and the cases that deal with them now, what others may know; the one told first comes last.

    ``seen``: by a report's own case and kind, how many see it, too.
    """
    same: dict[tuple[str, ReportKind], list[tuple[ResidentReport, Case]]] = {}
    for report, case in sorted(told, key=lambda each: each[0].at, reverse=True):
        if is_shown(report, case) and not is_over(case):
            same.setdefault((case.id, report.kind), []).append((report, case))
    return tuple(
        OpenReport(
            kind=kind,
            since=group[-1][0].at.astimezone(zone).date(),
            progress=progress_of(group[0][1].state),
            times=len(group),
            handle=handle_of(group[-1][0]),
            seen_by=sum(seen.get((own, kind), 0) for own in {report.case_id for report, _ in group}),
        )
        for (_, kind), group in same.items()
    )


def milestones(history: Sequence[HistoryEntry], since: datetime) -> tuple[Milestone, ...]:
    """What a report went through, oldest first; a report that joined a case begins where that case stood then."""
    found: list[Milestone] = []
    for entry in history:
        step = Milestone(progress=progress_of(entry.to_state), at=max(entry.at, since))
        if entry.action is Action.TAKE_BACK and len(found) > 1 and found[-2].progress is step.progress:
            # A slip, taken back a moment later: nothing that happened to their report.
            found.pop()
            continue
        if found and found[-1].at == step.at:
            found[-1] = step
        elif not found or found[-1].progress is not step.progress:
            found.append(step)
    return tuple(found)


def rated(report: ResidentReport, state: CaseState, score: int, words: str | None, at: datetime) -> ResidentReport:
    """The report with its rating. The same rating again changes nothing; ConflictError before it is done."""
    if report.score is not None:
        if (report.score, report.score_words) == (score, words):
            return report
        raise ConflictError("this report has its rating already: thank you")
    if progress_of(state) is not Progress.DONE:
        raise ConflictError("this report is not done yet: rate it once it is")
    return replace(report, score=score, score_words=words, rated_at=at)


def tracking_code(key: str) -> str:
    """The tracking code of the report that was sent under this key: the same key gives the same code again."""
    digest = hashlib.sha256(f"report\n{key}".encode()).digest()
    plain = base64.b32encode(digest)[:_TRACKING_CHARACTERS].decode()
    return "-".join(plain[start : start + _GROUP] for start in range(0, len(plain), _GROUP))


def report_id(tracking: str) -> str:
    """The id of the report with this tracking code, however it was typed."""
    plain = re.sub(r"[\s-]", "", tracking).upper()
    return hashlib.sha256(f"tracking\n{plain}".encode()).hexdigest()


def handle_of(report: ResidentReport) -> str:
    """What names an open thing to strangers. Case numbers can be counted up, so it is not made of them: a report's id
    is shown to nobody and cannot be guessed, and a merge does not change it.
    """
    return hashlib.sha256(f"handle\n{report.id}".encode()).hexdigest()[:32]


def seen_id(device: str, place: str, kind: ReportKind, case_id: str) -> str:
    """The id of what one browser sees, too: of its random token nothing can be read from it."""
    return hashlib.sha256(f"seen\n{place}\n{kind}\n{case_id}\n{device}".encode()).hexdigest()
