"""Which refused sign-ins the audit log takes one by one. It keeps its entries for ever, and anybody can be refused.

The rest is counted and told in one line now and then, so that the log leaves nothing out: how many there were, from how
many addresses, and which accounts were tried. Who guesses from everywhere cannot fill the log; who makes noise, from a
proxy's address for instance, hides nobody else, since each account and each address has its own share.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lookout_server.api.rate import whence
from lookout_server.api.throttle import Allowance, Allowances
from lookout_server.domain.audit import Act, Entry
from lookout_server.errors import StoreError
from lookout_server.ports import Store

#: Of one account, from wherever; of names that nobody has, from one address; and of all together.
OF_ACCOUNT = Allowance(times=20, within_s=600)
OF_ADDRESS = Allowance(times=20, within_s=600)
OF_ACCOUNTS = Allowance(times=300, within_s=600)
OF_ADDRESSES = Allowance(times=100, within_s=600)
#: How often what was counted is told.
TOLD_EVERY = timedelta(minutes=1)
#: Accounts and addresses that such a line names: those that were tried, or tried, most.
_NAMED = 5
#: Different ones that are told apart.
_APART = 10_000


@dataclass
class _Counted:
    since: datetime
    times: int = 0
    addresses: Counter[str] = field(default_factory=Counter[str])
    accounts: Counter[str] = field(default_factory=Counter[str])


class Refusals:
    """In memory, each dispatcher's own."""

    def __init__(self) -> None:
        self._allowances = Allowances()
        self._counted: _Counted | None = None

    def take(self, person: str | None, address: str, at: datetime) -> bool:
        """Whether this one gets an entry of its own. ``person``: whose name was typed, None for nobody's."""
        address = whence(address)
        shares = ((OF_ACCOUNT, person), (OF_ACCOUNTS, "")) if person else ((OF_ADDRESS, address), (OF_ADDRESSES, ""))
        if all(self._allowances.left(each, who, at) for each, who in shares):
            for each, who in shares:
                self._allowances.count(each, who, at)
            return True
        self._count(person, address, at)
        return False

    def _count(self, person: str | None, address: str, at: datetime) -> None:
        counted = self._counted = self._counted or _Counted(since=at)
        counted.times += 1
        for kind, who in ((counted.addresses, address), (counted.accounts, person)):
            if who is not None and (who in kind or len(kind) < _APART):
                kind[who] += 1

    def counted(self, at: datetime) -> Entry | None:
        """The line that is due for what had no entry of its own; what it tells is not counted any more."""
        counted = self._counted
        # Either way: the clock may have been set back.
        if counted is None or abs(at - counted.since) < TOLD_EVERY:
            return None
        self._counted = None
        details: dict[str, str | int] = {
            "times": counted.times,
            "since": counted.since.isoformat(),
            "addresses": len(counted.addresses),
            "most_from": _most(counted.addresses),
            "accounts": len(counted.accounts),
            "most_tried": _most(counted.accounts),
        }
        return Entry(at=at, act=Act.SIGN_INS_REFUSED, actor=None, details=details)


def _most(counted: Counter[str]) -> str:
    return ", ".join(f"{who} {times}" for who, times in counted.most_common(_NAMED))


async def tell_of_refusals(
    refusals: Refusals, store: Store, *, now: Callable[[], datetime], every_s: float = 15.0
) -> None:
    """Until cancelled: have the audit log hear of what was counted."""
    entry: Entry | None = None
    while True:
        await asyncio.sleep(every_s)
        entry = entry or refusals.counted(now())
        if entry is not None:
            with contextlib.suppress(StoreError):  # again the next time; whoever writes more often says so
                async with store.write() as uow:
                    uow.audit.add(entry)
                    await uow.commit()
                entry = None
