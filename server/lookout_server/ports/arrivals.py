"""What gateways have sent, as the services need it kept: events and their ledger, files, what could not be taken."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from lookout_contract.events import Scenario
from lookout_server.domain.ledger import Account
from lookout_server.domain.proof import CameraProof
from lookout_server.domain.refusal import Why
from lookout_server.domain.territory import CameraKey
from lookout_server.ports.records import (
    Incoming,
    LedgerEntry,
    LedgerStream,
    LinkedEvent,
    LinkedNote,
    Quarantined,
    QuarantinedMessage,
    QuarantineEnd,
    QuarantineState,
    StoredFile,
    StreamKey,
    StreamState,
)


class EventLog(Protocol):
    """Every event ever taken, raw, and which numbers are settled."""

    async def lock(self, streams: Collection[StreamKey]) -> dict[StreamKey, StreamState]:
        """How these streams stand, held against other writers until the transaction ends."""
        ...

    async def append(self, events: Sequence[LinkedEvent]) -> None:
        """Keep new events. Which ones are new is what the locked numbers say."""
        ...

    async def note(self, notes: Sequence[LinkedNote]) -> None:
        """Keep the ledger's entries that have no event."""
        ...

    async def payloads(self, numbers: Collection[tuple[StreamKey, int]]) -> dict[tuple[StreamKey, int], str]:
        """The text of the events stored under these numbers."""
        ...

    async def save_streams(self, states: Mapping[StreamKey, StreamState]) -> None:
        """Keep which numbers are settled, and the ledgers' heads."""
        ...


class Ledger(Protocol):
    """How the numbers of all gateways ended, to look at."""

    async def streams(self, gateway: str | None = None) -> Sequence[LedgerStream]:
        """All streams, or a gateway's; by source and epoch."""
        ...

    async def accounts(self, since: datetime) -> dict[str, Account]:
        """Gateway id → what was lost, refused and late since then, and what is missing now."""
        ...

    def entries(self, stream: StreamKey) -> AsyncIterator[LedgerEntry]:
        """All entries in the order of the chain."""
        ...


class Brought(NamedTuple):
    """When a file came, and its hash."""

    at: datetime
    sha256: str


class EvidenceIndex(Protocol):
    """Which evidence files are stored."""

    async def get(self, hashes: Collection[str]) -> dict[str, StoredFile]:
        """Those that are stored, by SHA-256."""
        ...

    async def add(self, file: StoredFile, *, uploader: str, at: datetime) -> bool:
        """Remember a file; False when it was known."""
        ...

    async def uploader(self, sha256: str) -> str | None:
        """Who brought the file: ``person:ID`` or ``gateway:ID``."""
        ...

    async def expired(
        self, before: datetime, kinds: Collection[Scenario] | None, limit: int, *, after: Brought | None = None
    ) -> Sequence[Brought]:
        """Files that were brought before then and that nothing has needed since, the oldest first, and with ``after``
        only what follows on it; with ``kinds``, only those of alarms and cases of these kinds."""
        ...

    async def forget(self, hashes: Collection[str]) -> None:
        """They are stored no longer."""
        ...


class ProofRepository(Protocol):
    """The newest trial of each camera and scenario."""

    async def get(self, keys: Collection[CameraKey] | None = None) -> dict[CameraKey, tuple[CameraProof, ...]]:
        """Of these cameras, or of all that were ever tried; by scenario."""
        ...

    async def save(self, proofs: Sequence[CameraProof]) -> None:
        """Insert or update."""
        ...


class Quarantine(Protocol):
    """Messages that could not be taken."""

    async def add(self, message: Incoming, why: Why, *, gateway: str | None, key: tuple[str, int] | None) -> None:
        """Keep a message (``key``: epoch and sequence, when both could be read). The same again only counts."""
        ...

    async def page(
        self, *, limit: int, before: int | None = None, state: QuarantineState | None = None
    ) -> Sequence[Quarantined]:
        """Newest first."""
        ...

    async def get(self, number: int) -> QuarantinedMessage | None:
        """One of them, as far as it is kept."""
        ...

    async def end(self, number: int, end: QuarantineEnd) -> bool:
        """Note what became of it; False when it waits no more, since somebody was faster."""
        ...

    async def trim(self, *, rows: int, kept_bytes: int) -> int:
        """Let the oldest go until at most so many messages and bytes are kept; how many went, which are counted."""
        ...

    async def dropped(self) -> int:
        """How many messages were ever let go for want of room."""
        ...

    async def count_by_gateway(self) -> dict[str, int]:
        """Gateway id → messages that wait."""
        ...
