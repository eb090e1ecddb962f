"""Sends each line of the feed to every receiver, in order and at least once, from wherever it left off.

The feed is the outbox: a line is there if and only if the change it tells of was committed, and how far a receiver has
heard is one number. Nothing piles up for a receiver that is away, and nothing is lost.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from lookout_server.domain.access import RESTRICTED
from lookout_server.domain.alarm import Alarm
from lookout_server.domain.case import Case
from lookout_server.domain.territory import Site
from lookout_server.domain.webhook import MOST_REFUSALS, HookState, SetAside, signed
from lookout_server.errors import DeliveryError, NotFoundError, RefusedError
from lookout_server.ports import FeedEntry, FeedKind, Store, UnitOfWork

_log = structlog.stdlib.get_logger("lookout.webhooks")

#: Lines that are taken from the feed at a time.
BATCH = 50
_TOLD = frozenset({FeedKind.ALARM, FeedKind.CASE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Who is told. ``secrets`` are newest first; ``care`` includes what is restricted to few."""

    name: str
    url: str
    secrets: tuple[bytes, ...]
    care: bool = False


class Post(Protocol):
    """Sends one request."""

    async def send(self, url: str, headers: dict[str, str], body: bytes) -> None:
        """RefusedError when the receiver does not want it (4xx), DeliveryError when it did not get through."""
        ...


@dataclass(frozen=True, slots=True)
class HookView:
    """A receiver as an administrator sees it."""

    name: str
    url: str
    state: HookState | None
    #: Lines of the feed that it has not heard.
    behind: int
    set_aside: tuple[SetAside, ...]


class Webhooks:
    """One relay for some receivers. ``carry`` belongs to one task of one dispatcher at a time."""

    def __init__(self, store: Store, receivers: Sequence[Receiver], post: Post, *, site: Site) -> None:
        self._store, self._receivers, self._post, self._site = store, tuple(receivers), post, site

    async def carry(self, now: datetime) -> bool:
        """Send what is due; whether more may wait already."""
        more = False
        for receiver in self._receivers:
            more |= await self._carry_to(receiver, now)
        return more

    async def _carry_to(self, receiver: Receiver, now: datetime) -> bool:
        async with self._store.read() as work:
            state = await work.webhooks.state(receiver.name)
            head = await work.feed.head()
            entries = await work.feed.after(head if state is None else state.seq, BATCH)
        if state is None:
            # A receiver hears what happens from now on, not all that ever happened.
            await self._save(HookState(name=receiver.name, seq=head))
            return False
        if not entries or state.waits(now):
            return False
        begun = state
        for entry in entries:
            state, goes_on = await self._tell(receiver, state, entry, now)
            if not goes_on:
                break
        if state != begun:
            await self._save(state)
        return state.next_at is None and len(entries) == BATCH

    async def _tell(
        self, receiver: Receiver, state: HookState, entry: FeedEntry, now: datetime
    ) -> tuple[HookState, bool]:
        """Where the receiver stands after this line, and whether the next may follow."""
        body = await self._body(receiver, entry)
        if body is None:
            return state.done(entry.seq, now, delivered=False), True
        try:
            await self._send(receiver, entry.seq, body, now)
        except RefusedError as error:
            failed = state.failed(str(error), now)
            if failed.attempts < MOST_REFUSALS:
                return failed, False
            _log.error("a webhook refuses a message, which is set aside", hook=receiver.name, seq=entry.seq)
            await self._set_aside(SetAside(hook=receiver.name, seq=entry.seq, at=now, error=str(error)))
            return failed.set_aside(entry.seq), True
        except DeliveryError as error:
            if state.attempts == 0:
                _log.warning("a webhook cannot be reached and is tried again", hook=receiver.name, error=str(error))
            return state.failed(str(error), now), False
        return state.done(entry.seq, now, delivered=True), True

    async def _send(self, receiver: Receiver, seq: int, body: bytes, now: datetime) -> None:
        message_id, timestamp = f"{self._site.id}-{seq}", int(now.timestamp())
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signed(receiver.secrets, message_id, timestamp, body),
        }
        await self._post.send(receiver.url, headers, body)

    async def _body(self, receiver: Receiver, entry: FeedEntry) -> bytes | None:
        """What is said of a line of the feed: what changed, and how things stand now. None when nothing is."""
        if entry.kind not in _TOLD:
            return None
        async with self._store.read() as work:
            data = await _data(work, entry, care=receiver.care)
        if data is None:
            return None
        message = {"type": f"{entry.kind.value}.{entry.change}", "timestamp": entry.at.isoformat(), "data": data}
        return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()

    async def views(self) -> list[HookView]:
        """All receivers of the configuration."""
        async with self._store.read() as work:
            head = await work.feed.head()
            return [
                HookView(
                    each.name,
                    each.url,
                    state := await work.webhooks.state(each.name),
                    head - state.seq if state else 0,
                    tuple(await work.webhooks.set_aside(each.name)),
                )
                for each in self._receivers
            ]

    async def resend(self, name: str, now: datetime) -> int:
        """Send again what was set aside for a receiver; how much got through. What is refused again stays and keeps
        nothing that is behind it. DeliveryError says how far it went when not all did."""
        receiver = next((each for each in self._receivers if each.name == name), None)
        if receiver is None:
            raise NotFoundError(f"there is no webhook {name!r}; known are {', '.join(e.name for e in self._receivers)}")
        async with self._store.read() as work:
            waiting = await work.webhooks.set_aside(name)
        through = 0
        refused: RefusedError | None = None
        for letter in waiting:
            async with self._store.read() as work:
                entries = await work.feed.after(letter.seq - 1, 1)
            body = await self._body(receiver, entries[0]) if entries else None
            if body is not None:
                try:
                    await self._send(receiver, letter.seq, body, now)
                except RefusedError as error:
                    refused = error
                    continue
                except DeliveryError as error:
                    raise DeliveryError(f"{through} of {len(waiting)} got through, then: {error}") from error
            through += 1
            async with self._store.write() as work:
                await work.webhooks.forget(letter)
                await work.commit()
        if refused is not None:
            raise DeliveryError(f"{through} of {len(waiting)} got through, the rest is refused: {refused}") from refused
        return through

    async def _save(self, state: HookState) -> None:
        async with self._store.write() as work:
            await work.webhooks.save(state)
            await work.commit()

    async def _set_aside(self, letter: SetAside) -> None:
        async with self._store.write() as work:
            await work.webhooks.keep(letter)
            await work.commit()


async def _data(work: UnitOfWork, entry: FeedEntry, *, care: bool) -> dict[str, object] | None:
    if entry.kind is FeedKind.ALARM:
        alarm = (await work.alarms.get([entry.subject])).get(entry.subject)
        return None if alarm is None or (alarm.scenario in RESTRICTED and not care) else _alarm(alarm)
    case = (await work.cases.get([entry.subject])).get(entry.subject)
    return None if case is None or (case.scenario in RESTRICTED and not care) else _case(case)


def _alarm(alarm: Alarm) -> dict[str, object]:
    return {
        "alarm": alarm.id,
        "scenario": alarm.scenario.value,
        "severity": alarm.severity.value,
        "state": alarm.state.value,
        "disposition": alarm.disposition.value,
        "gateway": alarm.camera.gateway,
        "camera": alarm.camera.id,
        "zone": alarm.zone,
        "stage": alarm.attributes.stage,
        "started_at": alarm.started_at.isoformat(),
        "ended_at": alarm.ended_at.isoformat() if alarm.ended_at else None,
        "case": alarm.case_id,
    }


def _case(case: Case) -> dict[str, object]:
    return {
        "case": case.id,
        "number": case.number,
        "scenario": case.scenario.value if case.scenario else None,
        "severity": case.severity.value,
        "state": case.state.value,
        "version": case.version,
        "grid": case.grid,
        "gateway": case.camera.gateway if case.camera else None,
        "camera": case.camera.id if case.camera else None,
        "opened_at": case.opened_at.isoformat(),
        "due_at": case.due_at.isoformat() if case.due_at else None,
        "alarms": list(case.alarms),
    }
