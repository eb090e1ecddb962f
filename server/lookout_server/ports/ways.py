"""What is kept of the ways in that are no camera."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from lookout_server.domain.resident import ReportKind, ReportPlace, ResidentReport, SeenToo


class ResidentRepository(Protocol):
    """Places with a QR code, and what residents reported there."""

    async def places(self) -> Sequence[ReportPlace]:
        """All of them, by grid and name."""
        ...

    async def place(self, code: str) -> ReportPlace | None:
        """By code, retired or not."""
        ...

    async def save_place(self, place: ReportPlace) -> None:
        """Insert or update."""
        ...

    async def report(self, report_id: str) -> ResidentReport | None:
        """By id."""
        ...

    async def add_report(self, report: ResidentReport) -> bool:
        """Insert; False when it is there already."""
        ...

    async def save_rating(self, report: ResidentReport) -> None:
        """Keep what the resident said of it."""
        ...

    async def newest_at(self, place: str, since: datetime, limit: int) -> Sequence[ResidentReport]:
        """What was reported there since then, the newest first."""
        ...

    async def cases_of(self, place: str, kind: ReportKind, since: datetime) -> Sequence[str]:
        """Ids of the cases that reports of this kind from there made or joined since then, the newest first."""
        ...

    async def seen(self, ids: Collection[str]) -> Sequence[SeenToo]:
        """Which of these somebody said, the oldest first."""
        ...

    async def add_seen(self, seen: SeenToo) -> bool:
        """Insert; False when it is there already."""
        ...

    async def remove_seen(self, ids: Collection[str]) -> int:
        """Take them back; how many there were."""
        ...

    async def seen_at(self, place: str, cases: Collection[str]) -> Mapping[tuple[str, ReportKind], int]:
        """How many at this place see, too, what reports of each kind told; by their own case, merged away or not."""
        ...

    async def seen_by(self, cases: Collection[str]) -> Mapping[str, int]:
        """How many see it, too: by case, with those of the cases that were merged into it. Without those of none."""
        ...
