"""What is kept of registered vehicles."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lookout_contract.commands import Resident
from lookout_server.domain.vehicles import Handed, ListState, Vehicle
from lookout_server.ports.records import Page


@dataclass(frozen=True, kw_only=True)
class VehicleFilter:
    """Which vehicles; None means any.

    ``text``: part of a note; ``plate``: part of a plate; both: either. ``over_at``: those that have run out by then.
    """

    text: str | None = None
    plate: str | None = None
    over_at: datetime | None = None


class VehicleRepository(Protocol):
    """The site's list of registered vehicles, and what gateways were sent of it."""

    async def page(self, wanted: VehicleFilter, page: Page) -> Sequence[Vehicle]:
        """The newest first."""
        ...

    async def count(self, wanted: VehicleFilter) -> int:
        """How many."""
        ...

    async def everything(self) -> Sequence[Vehicle]:
        """All in the order of their registration."""
        ...

    def portions(self, at: datetime) -> AsyncIterator[Sequence[Resident]]:
        """Those that have not run out by then, in the order of their registration, some at a time: others have their
        turn in between."""
        ...

    async def get(self, vehicle_id: str) -> Vehicle | None:
        """One of them."""
        ...

    async def of_plate(self, plate: str) -> Sequence[Vehicle]:
        """All passes of a plate, the newest first."""
        ...

    async def save(self, vehicles: Sequence[Vehicle]) -> None:
        """Insert or update."""
        ...

    async def remove(self, ids: Collection[str]) -> None:
        """Delete."""
        ...

    async def note_visits(self, gateway: str, told: Mapping[str, int]) -> None:
        """Keep how often vehicles, by id, were used at a gateway: the greatest number that it ever told."""
        ...

    async def count_anew(self, ids: Collection[str]) -> None:
        """Forget how often these were used."""
        ...

    async def forget(self, before: datetime) -> int:
        """Delete what has run out before this time; how many there were."""
        ...

    async def size(self, at: datetime) -> int:
        """Bytes that those take in a command that have not run out by then."""
        ...

    async def state(self, *, lock: bool = False) -> ListState:
        """Where the list stands; ``lock`` holds it until the transaction ends: whoever changes it does so alone."""
        ...

    async def save_state(self, state: ListState) -> None:
        """Insert or update."""
        ...

    async def handed(self) -> dict[str, Handed]:
        """Gateway → what it was sent last as the site's list."""
        ...

    async def hand(self, gateway: str, handed: Handed, at: datetime) -> None:
        """Remember what it was sent."""
        ...

    async def unhand(self, gateways: Collection[str] | None = None) -> None:
        """Forget what these, or all, were sent: they need the list again."""
        ...
