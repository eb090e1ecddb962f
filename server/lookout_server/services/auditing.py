"""The audit log: reading it, and checking that nothing in it was changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from lookout_server.domain.audit import GENESIS, Act, Entry, Kept, first_break
from lookout_server.domain.case import HistoryEntry
from lookout_server.domain.seal import seal_of
from lookout_server.ports import Store, UnitOfWork

_PAGE = 500


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a check found. ``broken``: the first number that does not follow, None when all do."""

    entries: int
    head: str
    broken: int | None
    #: Cases whose histories are not what they were when an entry sealed them: their ids.
    altered: tuple[str, ...] = ()


async def verify(store: Store) -> Verdict:
    """Read the whole log and follow its hashes, and compare the histories of cases that it sealed.

    Entries missing at the end show in the counter.
    """
    last: Kept | None = None
    altered: dict[str, None] = {}
    async with store.read() as uow:
        given = await uow.audit.given()
        while entries := await uow.audit.after(last.seq if last else 0, _PAGE):
            broken = first_break(last, entries)
            if broken is not None:
                return Verdict(entries=given, head=last.chain if last else GENESIS, broken=broken)
            last = entries[-1]
            altered.update(dict.fromkeys(await _altered(uow, entries)))
    found = last.seq if last else 0
    broken = found + 1 if found < given else None
    return Verdict(entries=given, head=last.chain if last else GENESIS, broken=broken, altered=tuple(altered))


async def _altered(uow: UnitOfWork, entries: Sequence[Kept]) -> list[str]:
    """Which cases have another history than these entries sealed. What was added since is sealed by a later one."""
    seals = [kept.entry for kept in entries if kept.entry.act is Act.CASE_SETTLED]
    histories = await uow.cases.histories({seal.subject for seal in seals}) if seals else {}
    return [seal.subject for seal in seals if not _holds(seal, histories[seal.subject])]


def _holds(seal: Entry, lines: Sequence[HistoryEntry]) -> bool:
    said = seal.details or {}
    return seal_of(seal.subject, lines[: int(said["lines"])]) == said["hash"]


async def hash_of(store: Store, seq: int) -> str | None:
    """The hash of one entry, to compare with one that was written down."""
    async with store.read() as uow:
        found: Sequence[Kept] = await uow.audit.after(seq - 1, 1)
    return found[0].chain if found and found[0].seq == seq else None
