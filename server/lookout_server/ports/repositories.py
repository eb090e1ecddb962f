"""What a transaction offers: one narrow Protocol for each kind of thing that is kept."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity
from lookout_server.domain.access import Access
from lookout_server.domain.alarm import Alarm
from lookout_server.domain.case import Case, CaseEvidence, HistoryEntry, Source
from lookout_server.domain.deadline import Deadline, DeadlineKey, DeadlineKind
from lookout_server.domain.silence import Silence
from lookout_server.domain.territory import Camera, CameraKey, Territory
from lookout_server.ports.records import (
    AlarmFilter,
    CameraPart,
    CaseFilter,
    DeadlineHealth,
    LeaseRequest,
    Page,
)


class AlarmRepository(Protocol):
    """Alarms by id and in lists."""

    async def get(self, ids: Collection[str], *, lock: bool = False) -> dict[str, Alarm]:
        """Those that exist, by id; ``lock`` holds them against other writers until the transaction ends."""
        ...

    async def save(self, alarms: Sequence[Alarm]) -> None:
        """Insert or update."""
        ...

    async def tell(self, alarms: Sequence[Alarm], held: Mapping[str, Alarm]) -> None:
        """Insert, or update what gateways tell and leave alone what people decide. ``held``: by id, those that are
        there, locked, as they were; their files come first in the new ones."""
        ...

    async def page(self, wanted: AlarmFilter, page: Page) -> Sequence[Alarm]:
        """Newest arrival first."""
        ...

    async def with_evidence(self, sha256: str) -> Sequence[str]:
        """Ids of the alarms that name this file."""
        ...

    async def active(self, camera: CameraKey, scenario: Scenario) -> int:
        """How many of this kind go on at this camera."""
        ...

    async def going_on(self) -> Sequence[Alarm]:
        """Of each kind at each camera the one that came last, in the order in which they came."""
        ...

    async def repeats(self, alarms: Sequence[Alarm], within: timedelta) -> Sequence[int]:
        """For each alarm, how many of its kind came from its camera within that time up to it, itself included.

        A thousand at most.
        """
        ...

    async def open_by_severity(self, visible_to: Access | None = None) -> dict[Severity, int]:
        """How many nobody has judged; of those that somebody may see, or of all."""
        ...


class CaseRepository(Protocol):
    """Cases, their history and files."""

    async def next_number(self, day: str) -> int:
        """The next running number of that day (``20261122``), from 1; never given twice."""
        ...

    async def get(self, ids: Collection[str], *, lock: bool = False) -> dict[str, Case]:
        """Those that exist, by id; ``lock`` holds them against other writers until the transaction ends."""
        ...

    async def add(self, case: Case, entry: HistoryEntry) -> None:
        """Insert. ConflictError when one of its alarms already belongs to a live case."""
        ...

    async def add_past(self, cases: Sequence[tuple[Case, Sequence[HistoryEntry]]]) -> None:
        """Insert cases that are over, with their histories and without their alarms."""
        ...

    async def link_past(self, links: Sequence[tuple[str, str]]) -> None:
        """Link such cases (first) with their alarms (second)."""
        ...

    async def update(self, case: Case, entry: HistoryEntry, *, seen: int) -> None:
        """Write the case and append to its history. StaleVersionError when its version is no longer ``seen``."""
        ...

    async def release_alarms(self, case_id: str, *, released: bool) -> None:
        """Let the case's alarms go (it is void), or take them back."""
        ...

    async def add_alarms(self, case_id: str, alarms: Collection[str]) -> None:
        """Let alarms join the case. ConflictError when one belongs to another live case."""
        ...

    async def drop_alarms(self, case_id: str, alarms: Collection[str]) -> None:
        """Let alarms leave the case."""
        ...

    async def cameras(self, ids: Collection[str]) -> Mapping[str, Sequence[CameraKey]]:
        """Case id → the cameras of its alarms but those of care, each once, in the order in which they joined."""
        ...

    async def page(self, wanted: CaseFilter, page: Page) -> Sequence[Case]:
        """Newest first."""
        ...

    async def first_words(self, case_ids: Collection[str]) -> Mapping[str, str]:
        """What was said when these cases began; those that began without a word are left out."""
        ...

    async def history(self, case_id: str) -> Sequence[HistoryEntry]:
        """Oldest first."""
        ...

    async def attach(self, case_id: str, evidence: CaseEvidence) -> None:
        """Attach a file; again does nothing."""
        ...

    async def evidence(self, case_id: str) -> Sequence[CaseEvidence]:
        """Attached files, oldest first."""
        ...

    async def with_evidence(self, sha256: str) -> Sequence[str]:
        """Ids of the cases to which the file is attached."""
        ...

    async def load_of(self, people: Collection[str]) -> dict[str, int]:
        """Person id → how many cases they have in hand."""
        ...

    async def returned_by(self, case_id: str) -> frozenset[str]:
        """Ids of the people who gave this case back."""
        ...

    async def sent_for(self, case_id: str) -> frozenset[str]:
        """Ids of the people who were sent for this case and did not accept it."""
        ...

    async def without_deadline(self, limit: int) -> Sequence[Case]:
        """Cases whose step has a limit that no timer watches and that has not been told on."""
        ...

    async def opened_by(self, person: str, source: Source, since: datetime) -> Sequence[str]:
        """Ids of the cases that somebody made in one way since then, the newest first."""
        ...

    async def closed_at(self, camera: CameraKey, scenario: Scenario, since: datetime) -> Sequence[Case]:
        """Closed cases of this kind at this camera that were touched since then, newest first."""
        ...

    async def live_near(self, scenarios: Collection[Scenario], since: datetime) -> Sequence[Case]:
        """Cases of these kinds that are not settled, opened since then or with an alarm that was told of since then."""
        ...

    async def opened_since(self, since: datetime, page: Page) -> Sequence[Case]:
        """Newest first."""
        ...

    async def histories(self, ids: Collection[str]) -> dict[str, list[HistoryEntry]]:
        """Case id → its history, oldest first."""
        ...

    async def count_by_state(self, visible_to: Access | None = None) -> dict[CaseState, int]:
        """How many cases that are not settled stand where; of those that somebody may see, or of all."""
        ...

    async def waiting_by_severity(self, visible_to: Access) -> dict[Severity, int]:
        """How many cases wait for the control room, of those that somebody may see."""
        ...


class DeadlineRepository(Protocol):
    """Timers."""

    async def set(self, deadlines: Sequence[Deadline]) -> None:
        """Start timers, or start them anew: a lease that somebody has on one is void."""
        ...

    async def cancel(self, keys: Collection[DeadlineKey]) -> None:
        """Forget timers; those that are not there are no error."""
        ...

    async def lease(self, request: LeaseRequest) -> Sequence[Deadline]:
        """Those that have passed and that nobody has leased, now leased; commit at once."""
        ...

    async def claim(self, keys: Collection[DeadlineKey], request: LeaseRequest) -> frozenset[DeadlineKey]:
        """Lease these, whether they have passed or not, except those that somebody has; which."""
        ...

    async def take(self, key: DeadlineKey, owner: str) -> bool:
        """Delete a timer that ``owner`` has leased; False when it was changed or taken by somebody else meanwhile."""
        ...

    async def failed(self, key: DeadlineKey, owner: str, error: str, *, again_at: datetime) -> None:
        """Note why acting on it did not work; nobody leases it before ``again_at``."""
        ...

    async def next_due(self, kinds: Collection[DeadlineKind]) -> datetime | None:
        """When the first timer of these kinds passes."""
        ...

    async def health(self, *, late_since: datetime) -> DeadlineHealth:
        """How many wait; which have passed before ``late_since`` and are there still."""
        ...


class TerritoryRepository(Protocol):
    """Places and cameras."""

    async def territories(self) -> Sequence[Territory]:
        """All of them, parents before children."""
        ...

    async def save_territory(self, territory: Territory) -> None:
        """Insert or update; its parent must be there."""
        ...

    async def cameras(
        self, keys: Collection[CameraKey] | None = None, *, lock: bool = False
    ) -> dict[CameraKey, Camera]:
        """These cameras, or all."""
        ...

    async def make_cameras(self, cameras: Sequence[Camera]) -> None:
        """Insert those that are not there."""
        ...

    async def save_cameras(self, cameras: Sequence[Camera], *, part: CameraPart | None = None) -> None:
        """Insert or update; of those that are there only the part, since others may write the rest just now."""
        ...


class SilenceRepository(Protocol):
    """Silences and maintenance windows."""

    async def current(self, at: datetime) -> Sequence[Silence]:
        """Those that have not ended; some may not have begun."""
        ...

    async def get(self, silence_id: str) -> Silence | None:
        """By id."""
        ...

    async def save(self, silence: Silence) -> None:
        """Insert or update."""
        ...
