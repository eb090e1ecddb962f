"""key_area 重点区域: somebody is where nobody may be, or stays where people only pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from lookout_contract.events import Attributes, Scenario, Severity
from lookout_edge.domain.condition import Condition
from lookout_edge.domain.observation import Observation
from lookout_edge.domain.presence import Presence
from lookout_edge.domain.schedule import Schedule, make_schedule
from lookout_edge.domain.zone import Zone
from lookout_edge.rules.base import (
    Judgement,
    PresenceRule,
    RuleContext,
    RuleParams,
    Seconds,
    WeeklyWindow,
    dwell_condition,
)


class Stage(StrEnum):
    """What is wrong; ``panic`` comes from a button and not from this rule."""

    INTRUSION = "intrusion"
    LOITERING = "loitering"


#: Stage → what is told of it, and why it is so grave: the same in every look.
_TOLD = {stage: Attributes(stage=stage.value) for stage in Stage}
_REASON = {stage: f"key_area_{stage.value}" for stage in Stage}


class KeyAreaParams(RuleParams):
    """When somebody in the area is an alarm: for being there in ``windows``, for staying in ``loiter_windows``."""

    labels: tuple[str, ...] = Field(default=("person",), min_length=1)
    """Labels that count."""
    dwell_s: Seconds = 2.0
    """Seconds in the area after which it is an intrusion."""
    loiter_windows: tuple[WeeklyWindow, ...] = ()
    """Weekly windows in which passing is allowed and staying is not; none means never. Without ``windows`` being there
    is an alarm at all other times; where ``windows`` hold as well, being there is one. Who was an intruder before stays
    one until they leave."""
    loiter_s: Seconds = 60.0
    """Seconds in the area after which it is loitering."""
    longest_gap_s: Seconds = 1.0
    """Longest time without a picture while nothing moves."""

    @model_validator(mode="after")
    def _loitering_takes_longer(self) -> Self:
        if self.loiter_s < self.dwell_s:
            raise ValueError(f"loiter_s ({self.loiter_s:g}) must not be shorter than dwell_s ({self.dwell_s:g})")
        return self


@dataclass(slots=True)
class _Person:
    #: Whether they were here while nobody may be, for long enough.
    has_intruded: bool = False


class KeyArea(PresenceRule[KeyAreaParams, _Person]):
    """The rule."""

    scenario = Scenario.KEY_AREA
    urgent = True

    def __init__(self, params: KeyAreaParams, zones: Sequence[Zone], context: RuleContext) -> None:
        super().__init__(params, zones, context, params.labels)
        loitering = make_schedule(params.loiter_windows, context.calendar)
        self._loitering: Schedule | None = loitering if params.loiter_windows else None

    def _new_note(self) -> _Person:
        return _Person()

    def _go_on(self, note: _Person, told: Observation) -> None:
        note.has_intruded = told.attributes.stage == Stage.INTRUSION

    def _is_armed(self, at: float) -> bool:
        return self._armed.contains(at) or self._may_loiter(at)

    def _is_closed(self, at: float) -> bool:
        """Whether being there is an alarm: who names hours for passing alone does not mean those."""
        return self._armed.contains(at) and bool(self._params.windows or not self._may_loiter(at))

    def _may_loiter(self, at: float) -> bool:
        return self._loitering is not None and self._loitering.contains(at)

    def _judge(self, at: float, zone: Zone, presence: Presence, note: _Person) -> Judgement:
        closed, params = self._is_closed(at), self._params
        if closed and presence.dwell_s >= params.dwell_s and presence.votes.yes >= params.votes_needed:
            note.has_intruded = True
        # When the area opens, who broke in has not become somebody who merely stays.
        intrusion = closed or note.has_intruded
        stage = Stage.INTRUSION if intrusion else Stage.LOITERING
        limit_s = params.dwell_s if intrusion else params.loiter_s
        return Judgement(
            conditions=(
                dwell_condition(presence.dwell_s, limit_s),
                Condition(name="entering_allowed", value=not closed, met=True),
            ),
            severity=Severity.RED if intrusion else Severity.YELLOW,
            severity_reason=_REASON[stage],
            attributes=_TOLD[stage],
            turns=(presence.since + params.dwell_s, presence.since + params.loiter_s),
        )
