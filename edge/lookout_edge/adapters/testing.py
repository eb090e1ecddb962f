"""Stand-ins for tests of the adapters: a clock that is set by hand and events to fill a spool with."""

from datetime import UTC, datetime

from lookout_contract.events import EventData, Phase, Scenario, Severity


class HandClock:
    """A Clock that moves when it is told to."""

    def __init__(self, now: float = 1_750_000_000.0) -> None:
        self._now = now

    def now(self) -> float:
        """Seconds since the Unix epoch, UTC."""
        return self._now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds


def some_event(
    occurrence: str = "occ-1",
    *,
    scenario: Scenario = Scenario.UNFAMILIAR_VEHICLE,
    severity: Severity = Severity.BLUE,
    camera: str = "gate",
    at: float = 1_750_000_000.0,
) -> EventData:
    """A valid event; its occurrence tells it from others."""
    moment = datetime.fromtimestamp(at, UTC)
    return EventData(
        occurrence=occurrence,
        scenario=scenario,
        camera=camera,
        phase=Phase.START,
        captured_at=moment,
        started_at=moment,
        severity=severity,
    )
