"""Receipts: what the dispatcher has stored, and so what a gateway may forget."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from lookout_contract.base import Message, UtcTime
from lookout_contract.events import Epoch

Sequence = Annotated[int, Field(ge=1)]


class Rejection(Message):
    """One event that will never be stored, and why. It sits in the dispatcher's quarantine; do not send it again."""

    seq: Sequence
    reason: str
    conflict: bool = False
    """Another event is stored under this number: two boxes count in one epoch, or a disk was restored from a copy. The
    gateway then begins a new epoch and sends what waits, this event too, with new numbers."""


class Refusal(Message):
    """Why a message lies in quarantine, for its sender; also for messages without a number, which no receipt names."""

    topic: str
    """The topic on which it came."""
    reason: str
    at: UtcTime
    stored: bool = False
    """True: it was taken all the same, and something about it is wrong (a time in the future)."""


class Receipt(Message):
    """Sent only after the database has committed.

    Everything up to and including ``upto`` is settled (stored or rejected), and so are the closed ranges in
    ``also``, since a live fire alarm overtakes the backlog.
    """

    epoch: Epoch
    upto: int = Field(ge=0)
    also: tuple[tuple[Sequence, Sequence], ...] = ()
    rejected: tuple[Rejection, ...] = ()

    @model_validator(mode="after")
    def _ranges_are_ordered(self) -> Self:
        end = self.upto
        for first, last in self.also:
            if first <= end or last < first:
                raise ValueError("'also' must hold ascending, separate [from, to] ranges above 'upto'")
            end = last
        return self

    def settles(self, sequence: int) -> bool:
        """Whether the event of that number need not be kept any longer."""
        return sequence <= self.upto or any(first <= sequence <= last for first, last in self.also)
