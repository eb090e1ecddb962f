"""Slows down guessing of passwords, and bounds what strangers may do: both in memory, so that a restart forgets it."""

import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from lookout_server.api.rate import Buckets, Rate
from lookout_server.errors import CodeNeededError, ThrottledError, UnauthenticatedError, WrongPasswordError

_FREE_FAILURES = 5
_LONGEST = timedelta(minutes=5)
_FORGET_AFTER = timedelta(minutes=15)
#: Failures of one address, whatever the names: many people may come by the one address of an office.
_OF_ADDRESS = Rate(per_s=1 / 6, burst=120)
#: Failures of one name, from wherever: gentle, for whoever guesses must not lock out whose name it is.
_OF_NAME = Rate(per_s=1 / 10, burst=30)
#: Entries kept; a flood of made-up names pushes the oldest out instead of filling the memory.
_KEPT = 10_000


@dataclass(frozen=True)
class _Failures:
    count: int
    last_at: datetime


class SignInThrottle:
    """Counts failures by user name and address together, and more generously by each alone. In memory: a restart
    forgets them, and that is fine. ``monotonic``: seconds of a clock that never goes back."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._by_address, self._by_name = Buckets(_OF_ADDRESS, now=monotonic), Buckets(_OF_NAME, now=monotonic)
        #: Who has come in from where: nobody else's guesses hold them up.
        self._came_in: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()
        self._under_way: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def attempt(self, username: str, address: str, at: datetime) -> Generator[None]:
        """Around an attempt, whose end it counts. ThrottledError while it is too early for one.

        What is under way counts as failed until it has ended: or a thousand guesses at once would all be let through
        before the first of them has failed.
        """
        self.check(username, address, at)
        key = (username, address)
        held = self._failures.get(key)
        if self._under_way[key] and self._under_way[key] + (held.count if held else 0) >= _FREE_FAILURES:
            raise ThrottledError("too many sign-ins at once: try again in 1 s", retry_after_s=1)
        give_back = self._take(username, address)
        self._under_way[key] += 1
        try:
            yield
        except CodeNeededError:  # the password was right
            give_back()
            raise
        except (UnauthenticatedError, WrongPasswordError):
            self.failed(username, address, at)
            raise
        except BaseException:  # whatever it was, nobody's password was wrong; the error goes on
            give_back()
            raise
        else:
            give_back()
            self.succeeded(username, address)
        finally:
            self._under_way[key] -= 1
            if not self._under_way[key]:
                del self._under_way[key]

    def _take(self, username: str, address: str) -> Callable[[], None]:
        """Take one of what the address and the name have, each; what gives both back."""
        if (username, address) in self._came_in:
            return lambda: None
        self._by_address.take(address)
        try:
            self._by_name.take(username)
        except ThrottledError:
            self._by_address.give_back(address)
            raise

        def give_back() -> None:
            self._by_address.give_back(address)
            self._by_name.give_back(username)

        return give_back

    def check(self, username: str, address: str, at: datetime) -> None:
        """ThrottledError while it is too early for another attempt."""
        held = self._failures.get((username, address))
        if held is None or held.count < _FREE_FAILURES:
            return
        wait = min(timedelta(seconds=2 ** min(held.count - _FREE_FAILURES, 20)), _LONGEST)
        left = (held.last_at + wait - at).total_seconds()
        # More than the whole wait: the clock has been set back since, and nobody is to wait until it is there again.
        if 0 < left <= wait.total_seconds():
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
        self._came_in[(username, address)] = None
        self._came_in.move_to_end((username, address))
        while len(self._came_in) > _KEPT:
            self._came_in.popitem(last=False)


@dataclass(frozen=True)
class Allowance:
    """So many times within so many seconds, for each who."""

    times: int
    within_s: float


class Allowances:
    """Counts what strangers do, by who they are as far as one can tell: an address, a code."""

    def __init__(self) -> None:
        self._done: OrderedDict[tuple[Allowance, str], deque[datetime]] = OrderedDict()

    def take(self, allowance: Allowance, who: str, at: datetime) -> None:
        """Count one more; ThrottledError when there have been enough."""
        self.check(allowance, who, at)
        self.count(allowance, who, at)

    def check(self, allowance: Allowance, who: str, at: datetime) -> None:
        """ThrottledError when there have been enough."""
        done = self._done.get((allowance, who))
        if done is None or len(done) < allowance.times:
            return
        left = (done[0] + timedelta(seconds=allowance.within_s) - at).total_seconds()
        if 0 < left <= allowance.within_s:
            seconds = int(left) + 1
            raise ThrottledError(f"that was a lot at once: try again in {seconds} s", retry_after_s=seconds)

    def left(self, allowance: Allowance, who: str, at: datetime) -> bool:
        """Whether there have not been enough yet."""
        try:
            self.check(allowance, who, at)
        except ThrottledError:
            return False
        return True

    def count(self, allowance: Allowance, who: str, at: datetime) -> None:
        """Count one more; only the newest are remembered."""
        done = self._done.pop((allowance, who), None) or deque(maxlen=allowance.times)
        done.append(at)
        self._done[(allowance, who)] = done
        while len(self._done) > _KEPT:
            self._done.popitem(last=False)
