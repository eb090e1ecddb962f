"""Where somebody is, as their own phone says."""

from lookout_server.api.models.base import Model, UtcTime, shown
from lookout_server.domain.whereabouts import FRESH_FOR, Position


class SharedModel(Model):
    """Until when the position counts, unless it is sent again."""

    model_config = shown({"until": "2026-11-22T04:10:00.000Z"})

    until: UtcTime

    @classmethod
    def of(cls, position: Position) -> "SharedModel":
        """From the domain's value."""
        return cls(until=position.at + FRESH_FOR)
