"""Slows down guessing of passwords: after a few failures each further one doubles the wait."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from lookout_server.errors import ThrottledError

_FREE_FAILURES = 5
_LONGEST = timedelta(minutes=5)
_FORGET_AFTER = timedelta(minutes=15)
#: Entries kept; a flood of made-up names pushes the oldest out instead of filling the memory.
_KEPT = 10_000


@dataclass(frozen=True)
class _Failures:
    count: int
    last_at: datetime


class SignInThrottle:
    """Counts failures by user name and address, in memory: a restart forgets them, and that is fine."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def check(self, username: str, address: str, at: datetime) -> None:
        """ThrottledError while it is too early for another attempt."""
        held = self._failures.get((username, address))
        if held is None or held.count < _FREE_FAILURES:
            return
        wait = min(timedelta(seconds=2 ** min(held.count - _FREE_FAILURES, 20)), _LONGEST)
        left = (held.last_at + wait - at).total_seconds()
        if left > 0:
            seconds = int(left) + 1
            raise ThrottledError(f"too many failed sign-ins: try again in {seconds} s", retry_after_s=seconds)

    def failed(self, username: str, address: str, at: datetime) -> None:
        """Count a failure."""
        key = (username, address)
        held = self._failures.pop(key, None)
        fresh = held is None or at - held.last_at > _FORGET_AFTER
        self._failures[key] = _Failures(1 if fresh or held is None else held.count + 1, at)
        while len(self._failures) > _KEPT:
            self._failures.popitem(last=False)

    def succeeded(self, username: str, address: str) -> None:
        """Forget the failures."""
        self._failures.pop((username, address), None)
