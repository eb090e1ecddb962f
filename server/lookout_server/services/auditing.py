"""The audit log: reading it, and checking that nothing in it was changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from lookout_server.domain.audit import GENESIS, Kept, first_break
from lookout_server.ports import Store

_PAGE = 500


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a check found. ``broken``: the first number that does not follow, None when all do."""

    entries: int
    head: str
    broken: int | None


async def verify(store: Store) -> Verdict:
    """Read the whole log and follow its hashes; entries missing at the end show in the counter."""
    last: Kept | None = None
    async with store.read() as uow:
        given = await uow.audit.given()
        while entries := await uow.audit.after(last.seq if last else 0, _PAGE):
            broken = first_break(last, entries)
            if broken is not None:
                return Verdict(entries=given, head=last.chain if last else GENESIS, broken=broken)
            last = entries[-1]
    found = last.seq if last else 0
    return Verdict(entries=given, head=last.chain if last else GENESIS, broken=found + 1 if found < given else None)


async def hash_of(store: Store, seq: int) -> str | None:
    """The hash of one entry, to compare with one that was written down."""
    async with store.read() as uow:
        found: Sequence[Kept] = await uow.audit.after(seq - 1, 1)
    return found[0].chain if found and found[0].seq == seq else None
