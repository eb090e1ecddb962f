"""Webhooks: every change of an alarm or case reaches its receiver in order, signed, however often it is away."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from lookout_contract.events import Scenario, Severity
from lookout_server.adapters.webhook_post import run_webhooks
from lookout_server.domain.webhook import MOST_REFUSALS, PAUSES, answered, secret_bytes, signed, status_of
from lookout_server.errors import DeliveryError, NotFoundError, RefusedError
from lookout_server.ports import FeedEntry, FeedKind
from lookout_server.services.webhooks import Receiver, Webhooks
from lookout_server.testing import NOON, SITE, SmallGateway, Station

RAISED = "alarm.created"
Message = dict[str, Any]
OLD, NEW = b"o" * 32, b"n" * 32

pytestmark = pytest.mark.anyio


@dataclass
class Inbox:
    """A receiver that may be away or refuse."""

    got: list[tuple[dict[str, str], Message]] = field(default_factory=list[tuple[dict[str, str], Message]])
    answer: Callable[[Message], Exception | None] = lambda message: None

    async def send(self, url: str, headers: dict[str, str], body: bytes) -> None:
        message = json.loads(body)
        if (error := self.answer(message)) is not None:
            raise error
        verify(headers, body)
        self.got.append((headers, message))

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]


def verify(headers: dict[str, str], body: bytes) -> None:
    """As a receiver does that knows the old secret only."""
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(OLD, content, hashlib.sha256).digest()).decode()
    assert f"v1,{wanted}" in headers["webhook-signature"].split()


def relay(station: Station, inbox: Inbox, *, care: bool = False) -> Webhooks:
    receiver = Receiver(name="property", url="https://hooks.example/x?key=1", secrets=(NEW, OLD), care=care)
    return Webhooks(station.store, [receiver], inbox, site=SITE)


async def test_changes_from_now_on_arrive_signed_in_order_and_once(station: Station) -> None:
    inbox = Inbox()
    hooks = relay(station, inbox)
    gateway = SmallGateway()
    await station.reported(gateway, "o-0")
    assert not await hooks.carry(NOON)
    assert inbox.got == []  # what happened before it was there
    case = await station.reported(gateway, "o-1")
    await hooks.carry(NOON)
    types = [message["type"] for _, message in inbox.got]
    assert types[0] == RAISED
    assert "case.report" in types
    assert inbox.ids == sorted(inbox.ids, key=lambda each: int(each.rpartition("-")[2]))
    told = next(message["data"] for _, message in inbox.got if message["type"] == "case.report")
    assert (told["case"], told["gateway"], told["camera"]) == (case, "gw-1", "gate")
    before = list(inbox.ids)
    await hooks.carry(NOON)
    assert inbox.ids == before


async def test_a_receiver_that_is_away_hears_everything_later_in_the_same_order(station: Station) -> None:
    inbox = Inbox()
    hooks = relay(station, inbox)
    await hooks.carry(NOON)
    await station.reported(SmallGateway(), "o-1")
    inbox.answer = lambda message: DeliveryError("ConnectError: away") if message["type"].startswith("case") else None
    now = NOON
    for pause in PAUSES[:3]:
        await hooks.carry(now)
        (view,) = await hooks.views()
        assert view.state is not None
        assert (view.state.failing_since, view.state.next_at) == (NOON, now + pause)
        assert view.state.last_error == "ConnectError: away"
        assert view.behind >= 1
        await hooks.carry(now + pause / 2)  # too early: not tried
        now += pause
    inbox.answer = lambda message: None
    # Another process goes on where the last one was.
    await relay(station, inbox).carry(now)
    (view,) = await hooks.views()
    assert view.state is not None
    assert (view.behind, view.state.failing_since, view.state.last_error) == (0, None, None)
    assert len(set(inbox.ids)) == len(inbox.ids)
    assert {RAISED, "case.report"} <= {message["type"] for _, message in inbox.got}


async def until(met: Callable[[], bool | Awaitable[bool]]) -> None:
    for _ in range(1500):
        found = met()
        if found if isinstance(found, bool) else await found:
            return
        await asyncio.sleep(0.02)
    pytest.fail("it did not happen within 30 s")


async def test_a_receiver_that_is_slow_holds_up_no_other(station: Station) -> None:
    """It takes each message, in its own time."""
    release = asyncio.Event()

    class Slow(Inbox):
        async def send(self, url: str, headers: dict[str, str], body: bytes) -> None:
            await release.wait()
            await super().send(url, headers, body)

    inboxes = {"slow": Slow(), "quick": Inbox()}
    relays = {
        name: Webhooks(station.store, [Receiver(name=name, url="https://x", secrets=(OLD,))], inbox, site=SITE)
        for name, inbox in inboxes.items()
    }
    running = asyncio.create_task(run_webhooks(relays, station.store, clock=station.clock))

    def heard(name: str) -> list[str]:
        return [message["type"] for _, message in inboxes[name].got]

    async def both_began() -> bool:
        views = [view for relay in relays.values() for view in await relay.views()]
        return all(view.state is not None for view in views)

    try:
        await until(both_began)
        await station.reported(SmallGateway(), "o-1")
        await until(lambda: RAISED in heard("quick"))
        assert heard("slow") == []
        release.set()
        await until(lambda: RAISED in heard("slow"))
    finally:
        running.cancel()
        # Cut off amid a question to the database it would leave its connection behind.
        await asyncio.wait([running])


async def test_what_is_refused_for_good_is_set_aside_and_can_be_sent_again(station: Station) -> None:
    inbox = Inbox()
    hooks = relay(station, inbox)
    await hooks.carry(NOON)
    await station.reported(SmallGateway(), "o-1")
    inbox.answer = lambda message: RefusedError("it answers 422") if message["type"] == RAISED else None
    now = NOON
    for _ in range(MOST_REFUSALS):
        await hooks.carry(now)
        now += timedelta(hours=2)
    (view,) = await hooks.views()
    assert [letter.error for letter in view.set_aside] == ["it answers 422"]
    # Pages say it in their own words.
    assert [status_of(letter.error) for letter in view.set_aside] == [422]
    assert (status_of("ConnectError: away"), status_of(answered(503, "Service Unavailable"))) == (None, 503)
    assert "case.report" in [message["type"] for _, message in inbox.got]  # the others got through
    with pytest.raises(DeliveryError, match="0 of 1 got through"):
        await hooks.resend("property", now)
    inbox.answer = lambda message: None
    assert await hooks.resend("property", now) == 1
    assert inbox.got[-1][1]["type"] == RAISED
    (view,) = await hooks.views()
    assert view.set_aside == ()
    with pytest.raises(NotFoundError, match="known are property"):
        await hooks.resend("nobody", now)


@pytest.mark.parametrize("care", [False, True])
async def test_care_is_told_only_to_those_who_may_know(station: Station, *, care: bool) -> None:
    inbox = Inbox()
    hooks = relay(station, inbox, care=care)
    await hooks.carry(NOON)
    gateway = SmallGateway(scenario=Scenario.CARE, severity=Severity.RED)
    await station.intake.take([gateway.sends("o-1")])
    await hooks.carry(NOON)
    assert bool(inbox.got) is care


async def test_the_feeds_lines_about_cameras_are_no_news_here(station: Station) -> None:
    inbox = Inbox()
    hooks = relay(station, inbox)
    await hooks.carry(NOON)
    async with station.store.write() as work:
        work.feed.add(FeedEntry(at=NOON, kind=FeedKind.CAMERA, subject="gw/x", change="blind"))
        await work.commit()
    await hooks.carry(NOON)
    (view,) = await hooks.views()
    assert (inbox.got, view.behind) == ([], 0)


def test_signatures_are_those_of_the_standard() -> None:
    # The example of the specification of Standard Webhooks.
    secret = secret_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert signed([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}') == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


@pytest.mark.parametrize("written", ["whsec_###", "whsec_" + base64.b64encode(b"short").decode()])
def test_a_secret_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="a secret"):
        secret_bytes(written)


async def test_what_is_refused_again_keeps_nothing_that_was_set_aside_behind_it(station: Station) -> None:
    inbox = Inbox()
    hooks = relay(station, inbox)
    await hooks.carry(NOON)
    await station.reported(SmallGateway(), "o-1")
    tried: list[str] = []

    def refuse(message: dict[str, Any]) -> Exception:
        tried.append(message["type"])
        return RefusedError("it answers 422")

    inbox.answer = refuse
    now = NOON
    for _ in range(4 * MOST_REFUSALS):
        await hooks.carry(now)
        now += timedelta(hours=2)
    (view,) = await hooks.views()
    assert len(view.set_aside) > 1
    inbox.answer = lambda message: RefusedError("it answers 422") if message["type"] == tried[0] else None
    with pytest.raises(DeliveryError, match=f"{len(view.set_aside) - 1} of {len(view.set_aside)} got through"):
        await hooks.resend("property", now)
    (view,) = await hooks.views()
    assert len(view.set_aside) == 1
