"""The ledger: how each number of a gateway's epoch ended, chained by hashes in the order in which that was decided.

Each entry's hash covers the one before it (a hash chain after Haber and Stornetta, 1991), so an entry that is changed,
left out or put in later shows in every hash that follows. A ledger may begin with entries of earlier versions, whose
hashes leave out their times; behind the first whose hash covers its time there is none of those.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from lookout_server.domain.sequence import Range

#: An event that needs longer from the gateway's clock to the database counts as late.
LATE_AFTER = timedelta(seconds=10)
#: What "lately" means where the ledger is summed up.
SPAN = timedelta(hours=24)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Ending(StrEnum):
    """How a number ended. One that was lost and comes after all is stored: both entries stay."""

    STORED = "stored"
    REFUSED = "refused"
    LOST = "lost"


class Link(NamedTuple):
    """One entry. ``digest``: SHA-256 of the event's text as it came, or of the reason."""

    number: int
    ending: Ending
    first: int
    last: int
    digest: str
    #: Hash of this entry and, through the one before it, of all that came earlier.
    chain: str


class Chain(NamedTuple):
    """Where the ledger of one (source, epoch) stands: how many entries, and the hash of the newest."""

    links: int
    head: str

    @classmethod
    def begin(cls, source: str, epoch: str) -> "Chain":
        """Before the first entry."""
        return cls(links=0, head=digest_of(f"{source}\n{epoch}"))

    def add(self, ending: Ending, span: Range, digest: str, at: datetime | None) -> Link:
        """The next entry. ``at``: when it was decided, covered to the microsecond; None for an entry of an earlier
        version, whose hash says nothing of it."""
        number = self.links + 1
        text = f"{self.head}\n{number}\n{ending.value}\n{span[0]}\n{span[1]}\n{digest}"
        if at is not None:
            # A count, since it is the same in every zone and from both databases, and quicker than ISO 8601.
            text = f"{text}\n{(at - _EPOCH) // _MICROSECOND}"
        return Link(number=number, ending=ending, first=span[0], last=span[1], digest=digest, chain=digest_of(text))

    def after(self, link: Link) -> "Chain":
        """Where the ledger stands with that entry."""
        return Chain(links=link.number, head=link.chain)


@dataclass(frozen=True, kw_only=True)
class Account:
    """A gateway's ledger over the last ``SPAN``: what is open now, what was lost or refused, what came late."""

    missing: int = 0
    lost: int = 0
    refused: int = 0
    late: int = 0
    #: The longest that an event took, seconds; of the late ones only.
    max_late_s: float = 0.0


def digest_of(text: str) -> str:
    """SHA-256 of the UTF-8 text, in lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def delay_s(emitted_at: datetime, received_at: datetime) -> float:
    """Seconds from the gateway's clock to the dispatcher's; never negative, since a fast clock makes nothing early."""
    return max(0.0, (received_at - emitted_at).total_seconds())
