"""How the timers do."""

from lookout_server.api.models.base import Model, UtcTime, shown
from lookout_server.domain.deadline import Deadline, DeadlineKind
from lookout_server.ports import DeadlineHealth


class StalledTimer(Model):
    """A timer that has passed and on which nobody has acted."""

    subject: str
    kind: DeadlineKind
    due_at: UtcTime
    attempts: int
    last_error: str | None

    @classmethod
    def of(cls, deadline: Deadline) -> "StalledTimer":
        """From the domain's value."""
        return cls(
            subject=deadline.key.subject,
            kind=deadline.key.kind,
            due_at=deadline.due_at,
            attempts=deadline.attempts,
            last_error=deadline.last_error,
        )


class TimersModel(Model):
    """How many timers run; those that have stalled, the oldest first, with what went wrong."""

    model_config = shown(
        {
            "waiting": 12,
            "stalled": [
                {
                    "subject": "c-20261122-0007",
                    "kind": "step",
                    "due_at": "2026-11-22T06:09:10.000Z",
                    "attempts": 3,
                    "last_error": "the database does not answer: check that it runs",
                }
            ],
        }
    )

    waiting: int
    stalled: tuple[StalledTimer, ...]

    @classmethod
    def of(cls, health: DeadlineHealth) -> "TimersModel":
        """From the port's value."""
        return cls(waiting=health.waiting, stalled=tuple(StalledTimer.of(each) for each in health.late))
