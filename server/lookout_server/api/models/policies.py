"""The site's policy, as people see and change it."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity
from lookout_server.api.models.base import Model, Reason, Ref, RequestModel, UtcTime, shown
from lookout_server.domain.rehearsal import Tally, Trial
from lookout_server.domain.territory import Person
from lookout_server.exchange.policy import PolicyFile
from lookout_server.ports import PolicyVersion

_CONTENT = PolicyFile().whole().model_dump(mode="json")
_DRAFT: dict[str, Any] = {"limits": {"accepted": {"yellow": "20min"}}, "escalation": {"rungs": 3}}
_EXAMPLE: dict[str, Any] = {
    "version": 2,
    "at": "2026-11-22T06:00:00.000Z",
    "by": {"id": "u-zhao", "name": "赵敏"},
    "reason": "夜间签收太紧",
    "content": _CONTENT,
}
#: Numbers of cases that an answer lists, at most.
_MOST = 50


class PolicyModel(Model):
    """A policy that is or was in force, with everything said that people may leave out."""

    model_config = shown(_EXAMPLE)

    version: int = Field(description="0: as the configuration says.")
    at: UtcTime | None = Field(description="Since when; null: since always.")
    by: Ref | None = Field(description="Who activated it; null: whoever runs the machine.")
    reason: str
    content: PolicyFile

    @classmethod
    def of(cls, held: PolicyVersion, people: Mapping[str, Person]) -> "PolicyModel":
        """From the port's value."""
        who = people.get(held.by or "")
        return cls(
            version=held.version,
            at=held.at if held.version else None,
            by=Ref(id=who.id, name=who.name) if who else None,
            reason=held.reason,
            content=PolicyFile.of_kept(held.content),
        )

    @classmethod
    def configured(cls, content: PolicyFile) -> "PolicyModel":
        """Of a site where nobody has activated one."""
        return cls(version=0, at=None, by=None, reason="", content=content)


class PolicyPage(Model):
    """Policies, the one in force first."""

    model_config = shown({"items": [_EXAMPLE], "next_cursor": None})

    items: tuple[PolicyModel, ...]
    next_cursor: str | None


class DraftBody(RequestModel):
    """A policy to look at. What it leaves out is as it usually is."""

    model_config = shown({"content": _DRAFT}, request=True)

    content: PolicyFile


class CheckedModel(Model):
    """The draft with everything said, and what in it may be a typing mistake."""

    model_config = shown({"content": _CONTENT, "unknown_cameras": []})

    content: PolicyFile
    unknown_cameras: tuple[str, ...] = Field(description="On its ways, and nobody has heard of them.")


class TrialBody(DraftBody):
    """A policy to try on the past."""

    model_config = shown({"content": _DRAFT, "days": 90}, request=True)

    days: Annotated[int, Field(ge=1, le=366)] = 90


class ActivateBody(DraftBody):
    """A policy that shall be in force. `version`: the one that was in force when its writer looked."""

    model_config = shown({"content": _DRAFT, "reason": "夜间签收太紧", "version": 1}, request=True)

    reason: Reason
    version: Annotated[int, Field(ge=0, le=2**31 - 2)]


class Compared(Model):
    """A count with the policy in force, and with the other one."""

    now: int
    then: int


class LimitTrial(Model):
    """What a limit would have meant. `severity`: the grade with which the cases came into that state."""

    state: CaseState
    severity: Severity
    late: Compared = Field(description="Steps that took longer.")
    pages: Compared


class KindTrial(Model):
    """What the policy would have meant for one kind of case; null: those that people told of in their own words."""

    scenario: Scenario | None
    late: Compared = Field(description="Steps that took too long.")
    pages: Compared


_ONE = {"now": 12, "then": 4}


class TrialModel(Model):
    """What the policy in force and the other one would have meant for the same past.

    Judged are the limits of steps, working time and the rungs; grades, 报到 and 回访 are not replayed.
    """

    model_config = shown(
        {
            "days": 90,
            "cases": 61,
            "steps": 402,
            "pages": _ONE,
            "late_cases": _ONE,
            "newly_late": [],
            "no_longer_late": ["20261122-0007"],
            "no_longer_late_count": 8,
            "newly_late_count": 0,
            "limits": [{"state": "accepted", "severity": "yellow", "late": _ONE, "pages": _ONE}],
            "kinds": [{"scenario": "garbage", "late": _ONE, "pages": _ONE}],
        }
    )

    days: int
    cases: int
    steps: int
    pages: Compared
    late_cases: Compared
    newly_late: tuple[str, ...] = Field(description=f"Numbers of the cases, the newest {_MOST}.")
    newly_late_count: int
    no_longer_late: tuple[str, ...] = Field(description=f"Numbers of the cases, the newest {_MOST}.")
    no_longer_late_count: int
    limits: tuple[LimitTrial, ...]
    kinds: tuple[KindTrial, ...]

    @classmethod
    def of(cls, trial: Trial, days: int) -> "TrialModel":
        """From the domain's value."""
        now, then = trial.now, trial.then
        states, severities = list(CaseState), list(Severity)
        limits = sorted(
            {*now.limits, *then.limits}, key=lambda each: (states.index(each[0]), severities.index(each[1]))
        )
        kinds = sorted({*now.kinds, *then.kinds}, key=lambda each: each.value if each else "")
        return cls(
            days=days,
            cases=trial.cases,
            steps=trial.steps,
            pages=Compared(now=now.pages, then=then.pages),
            late_cases=Compared(now=len(now.late), then=len(then.late)),
            newly_late=tuple(trial.newly_late[: -_MOST - 1 : -1]),
            newly_late_count=len(trial.newly_late),
            no_longer_late=tuple(trial.no_longer_late[: -_MOST - 1 : -1]),
            no_longer_late_count=len(trial.no_longer_late),
            limits=tuple(
                LimitTrial(state=state, severity=severity, **_compared(now.limits, then.limits, (state, severity)))
                for state, severity in limits
            ),
            kinds=tuple(KindTrial(scenario=kind, **_compared(now.kinds, then.kinds, kind)) for kind in kinds),
        )


def _compared(now: Mapping[Any, Tally], then: Mapping[Any, Tally], key: object) -> dict[str, Compared]:
    one, other = now.get(key, Tally()), then.get(key, Tally())
    return {"late": Compared(now=one.late, then=other.late), "pages": Compared(now=one.pages, then=other.pages)}
