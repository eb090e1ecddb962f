"""What is kept of workers' rounds."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lookout_server.domain.rounds import DiaryEntry, Inspection, InspectionReport
from lookout_server.ports.records import Page


@dataclass(frozen=True, kw_only=True)
class DiaryFilter:
    """Which entries; None means any. From ``first`` on and before ``last``."""

    person: str | None = None
    places: Collection[str] | None = None
    first: datetime | None = None
    last: datetime | None = None


class RoundRepository(Protocol):
    """The diary and inspections."""

    async def entry(self, entry_id: str, *, lock: bool = False) -> DiaryEntry | None:
        """By id; ``lock`` holds it against other writers until the transaction ends."""
        ...

    async def entries(self, wanted: DiaryFilter, page: Page) -> Sequence[DiaryEntry]:
        """Newest first."""
        ...

    async def write(self, entry: DiaryEntry) -> None:
        """Insert; one with this id that is there already stays as it is."""
        ...

    async def link(self, entry_id: str, case_id: str) -> None:
        """A case was made of it."""
        ...

    async def inspection(self, inspection_id: str, *, lock: bool = False) -> Inspection | None:
        """By id, ended or not; ``lock`` as above."""
        ...

    async def inspections(self, places: Collection[str] | None) -> Sequence[Inspection]:
        """Those that have not ended, of these grids or all, the most urgent first."""
        ...

    async def save_inspection(self, inspection: Inspection) -> None:
        """Insert or update."""
        ...

    async def report(self, report_id: str) -> InspectionReport | None:
        """By id."""
        ...

    async def reports(self, inspection_id: str, limit: int) -> Sequence[InspectionReport]:
        """Newest first."""
        ...

    async def add_report(self, report: InspectionReport, grid: str) -> None:
        """Insert; one with this id that is there already stays as it is."""
        ...

    async def grids_of_photo(self, sha256: str) -> Sequence[str]:
        """In which grids entries and reports name this picture."""
        ...
