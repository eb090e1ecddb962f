"""When to ask a gateway for the events of a gap, and the loop that asks."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from lookout_server.errors import StoreError
from lookout_server.ports import Clock, Gap

_log = structlog.stdlib.get_logger("lookout.intake")

LOOK_EVERY_S = 1.0

#: A fire alarm overtakes the backlog; most gaps close by themselves within this.
GRACE = timedelta(seconds=5)
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)
#: Ranges asked for at a time and stream.
AT_ONCE = 10

Stream = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class _Open:
    gaps: tuple[Gap, ...]
    ask_at: datetime
    pause: timedelta


class ReplayPlanner:
    """Remembers the gaps of each (gateway, epoch) and says which to ask for, ever more rarely while they stay."""

    def __init__(self) -> None:
        self._open: dict[Stream, _Open] = {}

    def note(self, missing: Mapping[Stream, Sequence[Gap]], at: datetime) -> None:
        """``missing`` holds all gaps that these streams have now; streams without any are done."""
        for stream, gaps in missing.items():
            known = self._open.get(stream)
            if not gaps:
                self._open.pop(stream, None)
            elif known is None:
                self._open[stream] = _Open(gaps=tuple(gaps), ask_at=at + GRACE, pause=FIRST_PAUSE)
            else:
                self._open[stream] = replace(known, gaps=tuple(gaps))

    def due(self, at: datetime) -> tuple[Gap, ...]:
        """The gaps to ask for now; asking is noted."""
        asked: list[Gap] = []
        for stream, each in self._open.items():
            if each.ask_at <= at:
                asked += each.gaps[:AT_ONCE]
                pause = min(each.pause * 2, LONGEST_PAUSE)
                self._open[stream] = replace(each, ask_at=at + each.pause, pause=pause)
        return tuple(asked)


async def ask_for_replays(planner: ReplayPlanner, ask: Callable[[Gap], Awaitable[None]], *, clock: Clock) -> None:
    """Ask for what is due, until cancelled. A database that refuses now is tried again with the next pause."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        for gap in planner.due(clock.now()):
            _log.warning(
                "events are missing; asking for them again",
                gateway=gap.gateway,
                epoch=gap.epoch,
                first=gap.first,
                last=gap.last,
            )
            try:
                await ask(gap)
            except StoreError as error:
                _log.error("the request could not be stored", error=str(error))
