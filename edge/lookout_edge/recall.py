"""What the gateway remembers, told to people."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta, tzinfo

from lookout_contract.commands import Verdict
from lookout_contract.events import Scenario
from lookout_contract.status import ShadowReport
from lookout_edge.domain.comparison import Difference
from lookout_edge.domain.feedback import Proposal
from lookout_edge.domain.memory import Kind, Note, condition_text
from lookout_edge.errors import ConfigError

_TRIED = {
    None: "not judged",
    Verdict.REAL: "MISSED, it was real",
    Verdict.FALSE: "spared",
    Verdict.DUPLICATE: "spared, told twice",
}


def answer(notes: Sequence[Note], before: Note | None, timezone: tzinfo) -> list[str]:
    """Lines that answer "why was there an alarm, or none?"; ``before`` says what the camera could see at the start."""
    lines: list[str] = []
    if before is None:
        lines.append("what the camera could see before that is not known")
    elif before.state != "watching":
        lines.append(f"{_clock(before.at, timezone)}  since then the camera was {before.state} ({before.reason})")
    for note in notes:
        lines += _told(note, timezone)
    if not any(note.kind in {Kind.SUPPRESSED, Kind.EVENT} for note in notes):
        lines.append("nothing came close to an alarm")
    return lines


def read_moment(text: str, timezone: tzinfo, now: datetime) -> datetime:
    """``21:04`` as its last time before ``now``, or an ISO 8601 time; without a zone it is the site's."""
    try:
        clock = time.fromisoformat(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise ConfigError(f"{text!r} is no time: write 21:04, or 2026-05-04T21:04:00+08:00.") from error
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone)
    moment = datetime.combine(now.astimezone(timezone).date(), clock, timezone)
    return moment if moment <= now else moment - timedelta(days=1)


def _told(note: Note, timezone: tzinfo) -> Iterable[str]:
    clock = _clock(note.at, timezone)
    if note.kind is Kind.SIGHT:
        yield f"{clock}  camera {note.state}" + (f" ({note.reason})" if note.reason else "")
        return
    what = f"{note.scenario} in {note.zone or 'frame'}: {note.label or 'nobody'}"
    if note.kind is Kind.SUPPRESSED:
        yield f"{clock}  no alarm: {what}, stopped by {note.blocked_by}"
        yield from (f"          {'ok ' if c.met else 'NO '} {condition_text(c)}" for c in note.conditions)
        return
    trial = " (trial run)" if note.kind is Kind.SHADOW else ""
    yield f"{clock}  {note.state}{trial}: {what}, {note.severity} ({note.reason})"
    if note.state == "start":
        yield from (f"              {condition_text(condition)}" for condition in note.conditions)


def proposal_text(proposal: Proposal, timezone: tzinfo) -> str:
    """A proposal in lines: what it would leave out, and each alarm of the last week that it would have left out."""
    place = ", ".join(f"{value:.2f}" for value in proposal.box)
    state = proposal.decision.value
    if proposal.until is not None:
        state += f" by {proposal.decided_by} until {_clock(proposal.until, timezone)}"
    where = f"{proposal.scenario} at {proposal.camera}"
    if proposal.least_score is None:
        what = f"{where}, {proposal.zone or 'frame'}: {proposal.group} at [{place}]"
    else:
        what = f"{where}: {proposal.group} of which the model is less sure than {proposal.least_score:g}"
    tried = f"{proposal.spared} false alarms spared, {proposal.missed} real ones missed, {proposal.unjudged} not judged"
    slows = "; only slows what neither flickers nor grows" if proposal.scenario is Scenario.FIRE_SMOKE else ""
    lines = [f"{proposal.id}  {state}  leave out {what}{slows}", f"              in the last week: {tried}"]
    lines += [
        f"                {_clock(each.at, timezone)}  {_TRIED[each.verdict]}  {each.occurrence}"
        for each in proposal.left_out
    ]
    return "\n".join(lines)


def shadow_text(
    name: str, report: ShadowReport, differences: Sequence[Difference], now: datetime, timezone: tzinfo
) -> list[str]:
    """A shadow beside the running rules, camera by camera, in lines."""
    days = (min(now, report.until) - report.since).total_seconds() / 86_400
    of = (report.until - report.since).total_seconds() / 86_400
    began = _clock(report.since.timestamp(), timezone)
    shed = f", {report.shed} more left out while the box was busy" if report.shed else ""
    lines = [f"{name}  since {began}, {days:.1f} of {of:g} days, {report.looks} looks{shed}"]
    lines += [f"  given up: {report.gave_up}"] if report.gave_up else []
    for each in differences:
        a_day = [f"{count / days:.1f}" if days * 24 >= 1 else "–" for count in (each.running, each.shadow)]
        lines.append(
            f"  {each.camera} {each.scenario}: {each.running} alarms, the shadow {each.shadow}, {each.both} of them "
            f"the same; a day {a_day[0]} and {a_day[1]}"
        )
        lines += [
            f"    {_clock(note.at, timezone)}  spared: {note.label or ''} {note.reason or ''}" for note in each.spared
        ]
        lines += [
            f"    {_clock(note.at, timezone)}  new: {note.label or ''} {note.reason or ''}" for note in each.added
        ]
    return lines or [f"{name}: judges no camera"]


def _clock(at: float, timezone: tzinfo) -> str:
    return datetime.fromtimestamp(at, timezone).strftime("%m-%d %H:%M:%S")
