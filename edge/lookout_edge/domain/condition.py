"""One condition of a rule with the value it had: each look makes dozens, and the few that are told become messages."""

from typing import Literal, NamedTuple

from lookout_contract import events

Bound = Literal["least", "most"]
#: Whether the rule is armed at this time of the week.
WINDOW = "window"


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
    #: See the contract.
    bound: Bound | None = None

    @property
    def missed(self) -> Bound | None:
        """The bound that the value does not keep; None where it is kept, or there is nothing to compare."""
        if not isinstance(self.value, float | int) or not isinstance(self.limit, float | int):
            return None
        kept = self.value >= self.limit if self.bound == "least" else self.value <= self.limit
        return None if kept else self.bound

    def met_otherwise(self, bound: Bound) -> "Condition":
        """The same, which is told with its ``bound`` if it is met though its value does not keep that."""
        bounded = self._replace(bound=bound)
        return bounded if self.met and bounded.missed else self

    def as_contract(self) -> events.Condition:
        """The condition as events and notes carry it."""
        return events.Condition(**self._asdict())


def of_contract(condition: events.Condition) -> Condition:
    """The condition that an event told."""
    return Condition(condition.name, condition.value, condition.met, condition.limit, condition.unit, condition.bound)
