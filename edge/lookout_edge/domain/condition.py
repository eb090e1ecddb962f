"""One condition of a rule with the value it had: each look makes dozens, and the few that are told become messages."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from lookout_contract import events

#: Conditions that merely inform of what was measured: always met, since one of several of them may have been enough.
#: Whether each limit is the least from which it speaks for the alarm, or the most. The pages have the same list.
INFORMING: Mapping[str, Literal["least", "most"]] = {
    "flicker": "least",
    "growth": "least",
    "drift": "most",
    "seen_share": "least",
    "torso_tilt": "least",
    "plate_misread": "most",
}


class Condition(NamedTuple):
    """Like the contract's ``Condition``, without its checks: those would cost more than the rule."""

    #: Stable key, e.g. ``dwell``, ``zone``, ``plate``; pages translate it.
    name: str
    value: float | str | bool | None
    met: bool
    #: What the value was compared with.
    limit: float | str | bool | None = None
    #: ``s``, ``1`` (fraction), ``px`` …
    unit: str | None = None

    def as_contract(self) -> events.Condition:
        """The condition as events and notes carry it."""
        return events.Condition(name=self.name, value=self.value, limit=self.limit, met=self.met, unit=self.unit)


def of_contract(condition: events.Condition) -> Condition:
    """The condition that an event told."""
    return Condition(condition.name, condition.value, condition.met, condition.limit, condition.unit)
