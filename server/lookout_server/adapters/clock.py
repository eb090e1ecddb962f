"""The dispatcher's clock."""

from datetime import UTC, datetime


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present in UTC."""
        return datetime.now(UTC)
