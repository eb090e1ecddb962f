"""Why was there no alarm? Candidates that came close, with the condition that stopped them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lookout_contract.events import Scenario
from lookout_edge.domain.condition import Condition
from lookout_edge.domain.observation import Observation, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """A thing in a zone that did not become an occurrence."""

    camera: str
    scenario: Scenario
    zone: str
    #: Frame time of the verdict, seconds since the Unix epoch.
    at: float
    label: str
    #: The condition that stopped it, with the value it reached.
    condition: Condition
    #: All conditions with their values.
    conditions: tuple[Condition, ...] = ()
    #: x1, y1, x2, y2 as fractions of the frame.
    box: tuple[float, float, float, float] | None = None


#: A thing that left after less than this share of the dwell was just passing: not worth a line.
CLOSE_SHARE = 0.5

_Key = tuple[Scenario, str, int]


def _of_nothing(observation: Observation) -> bool:
    return False


class SuppressionLedger:
    """Reports a candidate once: at once when something blocks it, on leaving when it just did not stay long enough."""

    def __init__(self, camera: str, report: Callable[[Suppressed], None]) -> None:
        self._camera = camera
        self._report = report
        #: When and how each was last judged: most never have to be told, so that is not made up before.
        self._pending: dict[_Key, tuple[float, Observation]] = {}
        self._blocked: dict[_Key, str] = {}

    def update(
        self,
        at: float,
        scenario: Scenario,
        observations: Sequence[Observation],
        is_told: Callable[[Observation], bool] = _of_nothing,
    ) -> None:
        """Take in one look of one rule; ``is_told`` knows what an occurrence is about: that was an alarm."""
        if not observations and not self._pending and not self._blocked:
            return
        present: set[_Key] = set()
        for observation in observations:
            key = (scenario, observation.zone, observation.key)
            present.add(key)
            self._note(key, at, observation, is_told)
        if self._pending:
            for key in [key for key in self._pending if key[0] is scenario and key not in present]:
                self._tell(key, *self._pending.pop(key))
        if self._blocked:
            self._blocked = {k: why for k, why in self._blocked.items() if k[0] is not scenario or k in present}

    def close(self) -> None:
        """Report what was still pending."""
        for key, judged in self._pending.items():
            self._tell(key, *judged)
        self._pending, self._blocked = {}, {}

    def _note(self, key: _Key, at: float, observation: Observation, is_told: Callable[[Observation], bool]) -> None:
        self._pending.pop(key, None)
        if observation.standing is Standing.ACTIVE or observation.blocked_by is None:
            self._blocked.pop(key, None)
            return
        if observation.standing is Standing.PENDING and (not _came_close(observation) or is_told(observation)):
            return
        if observation.standing is Standing.PENDING:
            self._pending[key] = at, observation
        elif self._blocked.get(key) != observation.blocked_by:
            self._blocked[key] = observation.blocked_by
            self._tell(key, at, observation)

    def _tell(self, key: _Key, at: float, observation: Observation) -> None:
        self._report(
            Suppressed(
                camera=self._camera,
                scenario=key[0],
                zone=observation.zone,
                at=at,
                label=observation.objects[0].label if observation.objects else observation.group,
                condition=_culprit(observation),
                conditions=observation.conditions,
                box=observation.objects[0].shown_box if observation.objects else None,
            )
        )


def _culprit(observation: Observation) -> Condition:
    """The condition to name. Votes run dry when a thing leaves, so for one that left too early it is the dwell."""
    unmet = [condition for condition in observation.conditions if not condition.met]
    if observation.standing is Standing.PENDING:
        return next((condition for condition in unmet if condition.name == "dwell"), unmet[0])
    return next(condition for condition in unmet if condition.name == observation.blocked_by)


def _came_close(observation: Observation) -> bool:
    for condition in observation.conditions:
        if condition.name == "dwell" and isinstance(condition.value, float) and isinstance(condition.limit, float):
            return condition.value >= CLOSE_SHARE * condition.limit
    return True
