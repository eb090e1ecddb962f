"""A bound on how much one account, or one address, may ask: token buckets in memory, for each dispatcher."""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from lookout_server.api import problems
from lookout_server.errors import ThrottledError

#: Buckets kept; a flood of addresses pushes the longest unused out, which were full again anyhow.
_KEPT = 20_000
#: The others are asked by machines that come seldom, and cost the database as much.
_LIMITED = ("/api/", "/metrics", "/readyz")
#: What boxes bring, and what must never wait: method (None: any) and how the path begins.
_NEVER: tuple[tuple[str | None, str], ...] = (
    ("PUT", "/api/v1/evidence/"),
    ("HEAD", "/api/v1/evidence/"),
    ("PUT", "/api/v1/stills/"),
    (None, "/api/v1/live/"),
    ("GET", "/api/v1/models/"),
    ("POST", "/api/v1/alarm-button"),
)


@dataclass(frozen=True, kw_only=True)
class Rate:
    """So many a second in the long run, and so many at once."""

    per_s: float
    burst: int


class Buckets:
    """One bucket for each key. ``now``: seconds of a clock that never goes back."""

    def __init__(self, rate: Rate, *, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._now = now
        #: Key → what was left, and when that was.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> None:
        """Take one; ThrottledError when there is none, which says in how many seconds there will be."""
        now = self._now()
        left, at = self._left.pop(key, (float(self._rate.burst), now))
        left = min(self._rate.burst, left + (now - at) * self._rate.per_s)
        self._left[key] = (left - 1, now) if left >= 1 else (left, now)
        if len(self._left) > _KEPT:
            self._left.popitem(last=False)
        if left < 1:
            seconds = max(1, math.ceil((1 - left) / self._rate.per_s))
            raise ThrottledError(f"that was a lot at once: try again in {seconds} s", retry_after_s=seconds)

    def give_back(self, key: str) -> None:
        """It was not used after all."""
        if key in self._left:
            left, at = self._left[key]
            self._left[key] = (min(self._rate.burst, left + 1), at)


def unlimited(method: str, path: str) -> bool:
    """Whether a request is never held back: gateways' deliveries, and the alarm button."""
    return any((wanted is None or wanted == method) and path.startswith(begin) for wanted, begin in _NEVER)


def whence(address: str) -> str:
    """Who an address stands for, as far as one can tell: a line has 2**64 of IPv6, and may use them all."""
    if ":" not in address:
        return address
    try:
        found = ipaddress.IPv6Address(address)
    except ValueError:
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(found) >> 64 << 64, 64)))


class AddressLimit:
    """Answers 429 to addresses that ask too much of the API, before anything else is done for them."""

    def __init__(self, app: ASGIApp, *, buckets: Buckets) -> None:
        self._app = app
        self._buckets = buckets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path, client = str(scope["path"]), scope.get("client")
            if path.startswith(_LIMITED) and not unlimited(str(scope["method"]), path):
                try:
                    self._buckets.take(whence(str(client[0])) if client else "")
                except ThrottledError as error:
                    answer = problems.response(error.code, str(error), error.extras)
                    answer.headers["Retry-After"] = str(error.retry_after_s)
                    await answer(scope, receive, send)
                    return
        await self._app(scope, receive, send)
