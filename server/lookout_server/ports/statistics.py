"""What statistics are made of."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from lookout_server.domain.access import Access
from lookout_server.domain.statistics import AlarmCount, CaseFacts


class StatisticsRepository(Protocol):
    """Sums over cases and alarms, of what somebody may see. ``places`` None: wherever that is."""

    async def cases(
        self, first: datetime, last: datetime, by: Access, places: Collection[str] | None
    ) -> Sequence[CaseFacts]:
        """Cases opened from ``first`` on and before ``last``, in no order."""
        ...

    async def alarms(
        self, first: datetime, last: datetime, by: Access, places: Collection[str] | None
    ) -> Sequence[AlarmCount]:
        """Alarms that came from ``first`` on and before ``last``; tests are not among them."""
        ...
