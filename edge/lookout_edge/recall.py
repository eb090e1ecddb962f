"""What the gateway remembers, told to people."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta, tzinfo
from typing import Protocol

from lookout_contract.events import Condition, Scenario
from lookout_contract.status import ShadowReport
from lookout_edge.domain.comparison import Difference
from lookout_edge.domain.condition import Bound, of_contract
from lookout_edge.domain.feedback import Proposal
from lookout_edge.domain.memory import KEEP_S, Kind, Note, Recollection, Silence
from lookout_edge.errors import ConfigError

_SILENCE = {
    Silence.WHOLE: "why_nothing",
    Silence.SINCE: "why_nothing_since",
    Silence.WATCHED: "why_nothing_watched",
}


#: A camera that counts from so much later on than its shadow, seconds, says so.
#: How a value that was not needed says on which side of its limit it is.
_MISSED: Mapping[Bound, str] = {"least": "condition_short", "most": "condition_beyond"}
_LATE_S = 60.0
_ONE_DIGIT = re.compile(r"\d:\d\d")


class Words(Protocol):
    """What things are called in somebody's language."""

    def say(self, group: str, key: str) -> str:
        """The words for a key of a group (``labels``, ``conditions``, …); the key itself where none are known."""
        ...

    def sentence(self, key: str, **values: str) -> str:
        """A whole sentence with its places filled in."""
        ...


def answer(recalled: Recollection, timezone: tzinfo, words: Words) -> list[str]:
    """Lines that answer "why was there an alarm, or none?"."""
    lines: list[str] = []
    before, notes = recalled.before, recalled.notes
    if recalled.is_incomplete:
        lines.append(words.sentence("why_forgotten", clock=_clock(recalled.forgotten_until or 0.0, timezone)))
    elif before is None:
        lines.append(words.sentence("why_unknown" if notes else "why_empty"))
    if before is not None and before.state != "watching":
        lines.append(words.sentence("why_since", clock=_clock(before.at, timezone), state=_sight(before, words)))
    for note in notes:
        lines += _told(note, timezone, words)
    lines += broken_off(recalled, timezone, words)
    if recalled.silence is not None:
        lines.append(words.sentence(_SILENCE[recalled.silence]))
    return lines


class Remembering(Protocol):
    """Where notes are kept."""

    def cameras(self) -> Sequence[str]:
        """Cameras of which something is remembered."""
        ...


def remembered_cameras(configured: Iterable[str], memory: Remembering) -> list[str]:
    """The cameras of which one may ask: those that are configured, and those that were."""
    names = list(configured)
    return [*names, *sorted(set(memory.cameras()) - set(names))]


def broken_off(recalled: Recollection, timezone: tzinfo, words: Words) -> list[str]:
    """The line that says since when nothing is known because the gateway broke off; none where it did not."""
    since = recalled.unknown_since
    return [] if since is None else [words.sentence("why_broken_off", clock=_clock(since, timezone))]


def read_moment(text: str, timezone: tzinfo, now: datetime) -> datetime:
    """``21:04`` as its last time before ``now``, or an ISO 8601 time; where no zone is written (``21:04Z``) the site's.

    ``9:04`` and a colon as Chinese keyboards write it are fine.
    ConfigError for what is no time, or one of which nothing can be remembered: then silence would say "nothing".
    """
    written = text.strip().replace("：", ":")
    written = f"0{written}" if _ONE_DIGIT.match(written) else written
    try:
        clock = time.fromisoformat(written)
    except ValueError:
        try:
            moment = datetime.fromisoformat(written)
        except ValueError as error:
            raise ConfigError(f"{text!r} is no time: write 21:04, or 2026-05-04T21:04:00+08:00.") from error
        if len(written) <= len("2026-05-04"):
            raise ConfigError(f"{text!r} is a day and no time: write {moment.date()}T21:04.") from None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone)
        if moment > now:
            raise ConfigError(f"{text!r} is still to come: it is {now:%Y-%m-%d %H:%M} at the site.") from None
        if (now - moment).total_seconds() > KEEP_S:
            days = KEEP_S / 86_400
            raise ConfigError(f"{text!r} is too long ago: a gateway remembers {days:g} days.") from None
        return moment
    zone = clock.tzinfo or timezone
    moment = datetime.combine(now.astimezone(zone).date(), clock.replace(tzinfo=None), zone)
    return moment if moment <= now else moment - timedelta(days=1)


def _told(note: Note, timezone: tzinfo, words: Words) -> Iterable[str]:
    clock = _clock(note.at, timezone)
    if note.kind is Kind.SIGHT:
        yield words.sentence("why_sight", clock=clock, state=_sight(note, words))
        return
    what = {
        "clock": clock,
        "scenario": words.say("scenarios", note.scenario or ""),
        "zone": words.say("values", note.zone or "frame"),
        "thing": _thing(note, words),
    }
    if note.kind is Kind.SUPPRESSED:
        yield words.sentence("why_suppressed", condition=words.say("conditions", note.blocked_by or ""), **what)
    else:
        trial = words.sentence("why_trial") if note.kind is Kind.SHADOW else ""
        yield words.sentence(
            "why_event",
            happened=words.say("phases", note.state or "") + trial,
            severity=words.say("severities", note.severity or ""),
            because=_because(note.reason or "", words),
            **what,
        )
    if note.kind is Kind.SUPPRESSED or note.state == "start":
        yield from (f"    {_condition(condition, words)}" for condition in note.conditions)


def _thing(note: Note, words: Words) -> str:
    """What an alarm is about as a part of the sentence: none of an alarm about no thing."""
    subject = _subject(note, words)
    return words.sentence("why_thing", thing=subject) if subject else ""


def _subject(note: Note, words: Words) -> str:
    """What it is about: nothing of an alarm about no thing, save where nobody being there is what it is about."""
    if note.label:
        return words.say("labels", note.label)
    return words.sentence("why_nobody") if note.scenario == Scenario.CARE else ""


def _sight(note: Note, words: Words) -> str:
    return words.say("states", note.state or "") + (f" · {words.say('reasons', note.reason)}" if note.reason else "")


def _because(reason: str, words: Words) -> str:
    blind = reason.removeprefix("blind_")
    return words.say("because", reason) if blind == reason else words.say("reasons", blind)


def _condition(condition: Condition, words: Words) -> str:
    """As the page has it: of a yes or no that is wanted the mark says everything, what is met needs no limit; what
    merely informs has no tick, and says where its limit was not kept."""
    name, informs = words.say("conditions", condition.name), _informs(condition)
    mark = "✗" if not condition.met else "·" if informs else "✓"
    if isinstance(condition.value, bool) and condition.limit is not None and not informs:
        return f"{mark} {name}"
    if condition.name == "sight" and isinstance(condition.value, str):
        value = words.say("reasons", condition.value)
    else:
        value = _value(condition.value, condition.unit, words)
    missed = of_contract(condition).missed
    if missed is not None:
        limit = _value(condition.limit, condition.unit, words)
        return f"{mark} {words.sentence(_MISSED[missed], name=name, value=value, limit=limit)}"
    if condition.met or condition.limit is None:
        return f"{mark} {words.sentence('condition', name=name, value=value)}"
    limit = _value(condition.limit, condition.unit, words)
    return f"{mark} {words.sentence('condition_limit', name=name, value=value, limit=limit)}"


def _informs(condition: Condition) -> bool:
    """Whether it is told for who asks why: it has no limit, or was not held to it."""
    overruled = isinstance(condition.limit, bool) and condition.value != condition.limit
    return condition.met and (condition.limit is None or overruled or condition.bound is not None)


def _value(value: float | str | bool | None, unit: str | None, words: Words) -> str:
    if value is None or isinstance(value, bool | str):
        key = "null" if value is None else str(value).lower() if isinstance(value, bool) else value
        return words.say("values", key)
    rounded = f"{value:g}" if value == round(value) else f"{value:.{2 if value < 10 else 1}f}"
    return f"{rounded} {words.say('units', unit)}" if unit and unit != "1" else rounded


def proposal_text(proposal: Proposal, timezone: tzinfo, words: Words) -> str:
    """A proposal in lines: what it would leave out, and each alarm of the last week that it would have left out."""
    state = words.say("decisions", proposal.decision.value)
    if proposal.until is not None:
        until = _clock(proposal.until, timezone)
        state += words.sentence("proposal_until", by=proposal.decided_by or "", until=until)
    what = {
        "id": proposal.id,
        "state": state,
        "camera": proposal.camera,
        "scenario": words.say("scenarios", proposal.scenario.value),
        "thing": words.say("things", proposal.group),
    }
    if proposal.least_score is None:
        place = ", ".join(f"{value:.2f}" for value in proposal.box)
        zone = words.say("values", proposal.zone or "frame")
        head = words.sentence("proposal_place", place=place, zone=zone, **what)
    else:
        head = words.sentence("proposal_threshold", score=f"{proposal.least_score:g}", **what)
    if proposal.scenario is Scenario.FIRE_SMOKE:
        head += words.sentence("proposal_slows")
    counts = {"spared": proposal.spared, "missed": proposal.missed, "unjudged": proposal.unjudged}
    tried = words.sentence("proposal_tried", **{name: str(count) for name, count in counts.items()})
    if proposal.tried_at is not None:
        at = _clock(proposal.tried_at, timezone)
        tried += words.sentence("proposal_tried_on", at=at, count=str(proposal.tried_on))
    lines = [head, f"    {tried}"]
    for each in proposal.left_out:
        verdict = words.say("left_out", each.verdict.value if each.verdict is not None else "unjudged")
        lines.append(f"      {_clock(each.at, timezone)}  {verdict}  {each.occurrence}")
    return "\n".join(lines)


def shadow_text(
    name: str,
    told: tuple[ShadowReport, Sequence[Difference]],
    now: datetime,
    timezone: tzinfo,
    words: Words,
) -> list[str]:
    """A shadow beside the running rules, camera by camera, in lines."""
    report, differences = told
    until = min(now, report.until)
    days = (until - report.since).total_seconds() / 86_400
    of = (report.until - report.since).total_seconds() / 86_400
    head = words.sentence(
        "shadow_head",
        name=name,
        since=_clock(report.since.timestamp(), timezone),
        days=f"{days:.1f}",
        of=f"{of:g}",
        looks=str(report.looks),
    )
    lines = [head + (words.sentence("shadow_shed", shed=str(report.shed)) if report.shed else "")]
    if report.gave_up:
        lines.append("  " + words.sentence("shadow_gave_up", reason=report.gave_up))
    if not differences:
        lines.append("  " + words.sentence("shadow_nobody"))
    for each in differences:
        began = report.since.timestamp()
        late = each.since - began >= _LATE_S
        own_days = (until.timestamp() - max(began, each.since)) / 86_400
        since = words.sentence("shadow_since", since=_clock(each.since, timezone)) if late else ""
        lines.append("  " + _difference(each, own_days, words) + since)
        for key, notes in (("shadow_spared", each.spared), ("shadow_added", each.added)):
            lines += [f"    {_clock(note.at, timezone)}  {_alarm(key, note, words)}" for note in notes]
    return lines


def _difference(each: Difference, days: float, words: Words) -> str:
    """The counts of one camera and scenario; a day's share of them once an hour has run."""
    counts = {"running": each.running, "shadow": each.shadow}
    a_day = {f"{key}_a_day": f"{count / days:.1f}" if days * 24 >= 1 else "–" for key, count in counts.items()}
    return words.sentence(
        "shadow_pair",
        camera=each.camera,
        scenario=words.say("scenarios", each.scenario.value),
        both=str(each.both),
        **{key: str(count) for key, count in counts.items()},
        **a_day,
    )


def _alarm(key: str, note: Note, words: Words) -> str:
    subject, because = _subject(note, words), _because(note.reason or "", words)
    what = words.sentence("shadow_thing", thing=subject, because=because) if subject else because
    return words.sentence(key, what=what)


def _clock(at: float, timezone: tzinfo) -> str:
    return datetime.fromtimestamp(at, timezone).strftime("%m-%d %H:%M:%S")
