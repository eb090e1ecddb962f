"""The running dispatcher: parts in their order of starting, stopped in the opposite one."""

import asyncio
import gc
import os
import signal
import socket
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import structlog
from fastapi import FastAPI

import lookout_server
from lookout_server.adapters.clock import SystemClock
from lookout_server.adapters.database import Committed, Database, migrate
from lookout_server.adapters.evidence import open_evidence
from lookout_server.adapters.feed import FeedHub
from lookout_server.adapters.files import FolderLock
from lookout_server.adapters.housekeeping import Household, keep_house
from lookout_server.adapters.listening import listen
from lookout_server.adapters.mqtt.intake import STUCK_AFTER_S, IntakeLoop
from lookout_server.adapters.mqtt.kept import set_mirrors_right
from lookout_server.adapters.mqtt.link import MqttLink
from lookout_server.adapters.mqtt.outbox import OutboxRelay, report_silence
from lookout_server.adapters.mqtt.presence import watch_gateways
from lookout_server.adapters.mqtt.replay import ReplayPlanner, ask_for_replays
from lookout_server.adapters.notify import Channels, run_courier
from lookout_server.adapters.passwords import Argon2Hasher
from lookout_server.adapters.photos import PillowCleaner
from lookout_server.adapters.policies import follow_policy, take_policy
from lookout_server.adapters.stills import StillFolder
from lookout_server.adapters.timers import run_timers
from lookout_server.adapters.tracing import Tracing, trace
from lookout_server.adapters.uploads import PieceFolder
from lookout_server.adapters.web_push import WebPush
from lookout_server.adapters.webhook_post import HttpPost, run_webhooks
from lookout_server.api.rate import Buckets, Rate
from lookout_server.api.refusals import tell_of_refusals
from lookout_server.app import Deps, create_app
from lookout_server.bootstrap.access import import_at_first_start
from lookout_server.bootstrap.broker import ReachedBroker, intake_filters, local_address, reach_broker
from lookout_server.bootstrap.enrolment import SiteDoor
from lookout_server.bootstrap.http import HttpServer
from lookout_server.bootstrap.huge_pages import use_huge_pages
from lookout_server.bootstrap.models import model_shelf
from lookout_server.bootstrap.runtime import Runtime, forget_process, read_runtime, write_runtime
from lookout_server.bootstrap.site import configured_policy, site_of
from lookout_server.bootstrap.version import version
from lookout_server.config import ServerConfig
from lookout_server.config.server import RateConfig
from lookout_server.ports import Blocked, Gap
from lookout_server.services.commands import open_gaps, request_replay
from lookout_server.services.correlating import unknown_stops
from lookout_server.services.courier import Courier
from lookout_server.services.intake import Intake, note_stranger
from lookout_server.services.mirrors import states_below, tell_what_goes_on
from lookout_server.services.retention import Retention
from lookout_server.services.single_sign_on import Provider
from lookout_server.services.timers import Timers
from lookout_server.services.webhooks import Receiver, Webhooks
from lookout_server.supervisor import Supervisor

_log = structlog.stdlib.get_logger("lookout")

#: Objects made before each generation is looked through; Python's own numbers are 700, 10, 10.
_COLLECT_AFTER = (100_000, 10, 10)
STATIC = Path(lookout_server.__file__).parent / "static"

#: How often, and how long, the start waits for the subscription.
_LINK_LOOKS, _LINK_LOOK_S = 100, 0.02


class Dispatcher:
    """Everything that runs in the process. ``start`` returns when requests are answered; ``stop`` undoes it."""

    def __init__(self, config: ServerConfig) -> None:
        self._config = config
        self._site = site_of(config)
        self._clock = SystemClock()
        self._parts = AsyncExitStack()
        push = config.web_push
        self._push = push and WebPush(push.key(), contact=push.contact, services=push.services)
        self._channels = Channels(config.contacts.channels, self._push)

    async def start(self) -> Runtime:
        """Database, broker, intake, HTTP, in this order. Whatever fails, what was started before is stopped again."""
        try:
            return await self._start()
        except BaseException:  # an interrupt, too: neither the broker's process nor the database's lock may outlive it
            await self.stop()
            raise

    async def stop(self) -> None:
        """HTTP first, so that nobody is told yes any more; database last."""
        await self._parts.aclose()

    async def _start(self) -> Runtime:
        config = self._config
        self._parts.enter_context(FolderLock(config.data_dir))
        last = read_runtime(config.data_dir)
        # Taken before anything is started: a taken port is the most common reason not to start at all.
        listening = self._parts.enter_context(
            listen(config.listen.host, config.listen.port, key="listen.port", preferred=last and last.http_port)
        )
        await asyncio.to_thread(migrate, config.database_url())
        relays: list[OutboxRelay] = []
        hubs: list[FeedHub] = []

        def committed(news: Committed) -> None:
            for hub in hubs if news.feed else ():
                hub.wake()
            for relay in relays if news.outbox else ():
                relay.wake()

        database = Database(config.database_url(), on_commit=committed)
        self._parts.push_async_callback(database.close)
        await import_at_first_start(database, config, at=self._clock.now())
        if await take_policy(database, self._site) and config.policy_file is not None:
            _log.info("policy.yaml is not looked at: another policy was activated", file=str(config.policy_file))
        for camera in await unknown_stops(database, self._site.policy.graph):
            _log.warning("same_thing of the policy names a camera that nobody knows yet", camera=camera)
        await tell_what_goes_on(database, self._site, at=self._clock.now())
        supervisor = Supervisor()
        broker = await self._start_broker(database, supervisor, last and last.mqtt_port)
        link, intake = self._start_messaging(database, broker, supervisor, relays)
        self._start_timers(database, supervisor)
        webhooks = self._start_webhooks(database, supervisor)
        hub = FeedHub(database, more_comes=lambda: database.is_writing)
        hubs.append(hub)
        supervisor.start("feed", hub.run, may_end=True)  # closing the hub ends it, before the others are stopped
        deps = replace(
            self._deps(database, hub, broker, webhooks),
            checks={"broker": link.problem, "intake": intake.problem},
            blocked=lambda: _blocked(link, intake),
        )
        supervisor.start("refusals", lambda: tell_of_refusals(deps.refusals, database, now=self._clock.now))
        proxies = [str(network) for network in config.listen.proxies]
        http = HttpServer(self._traced(create_app(deps)), listening, proxies=proxies)
        self._parts.push_async_callback(http.stop)
        self._parts.callback(hub.close)
        self._parts.callback(deps.live.close)
        await http.start()
        await _subscribed(link)
        return self._announce(http.port, broker)

    async def _start_broker(self, database: Database, supervisor: Supervisor, last_port: int | None) -> ReachedBroker:
        broker = await reach_broker(self._config, last_port=last_port)
        if broker.process is not None:
            self._parts.push_async_callback(broker.process.stop)
        # Stopped before the broker is: what it runs watches over the broker.
        self._parts.push_async_callback(supervisor.stop)
        if broker.process is not None:
            supervisor.start("broker", broker.process.watch)
        if (strangers := broker.strangers) is not None:

            async def note(reason: str) -> None:
                await note_stranger(database, reason, at=self._clock.now())

            supervisor.start("strangers", lambda: strangers.keep(note))
        return broker

    def _start_messaging(
        self, database: Database, broker: ReachedBroker, supervisor: Supervisor, relays: list[OutboxRelay]
    ) -> tuple[MqttLink, IntakeLoop]:
        clock, site = self._clock, self._site
        service = Intake(database, site=site)
        filters = intake_filters(self._config)
        link = MqttLink(broker.address, filters=filters, clock=clock, read=service.read, aside=states_below(site))
        planner = ReplayPlanner()
        intake = IntakeLoop(link, service, site=site.id, clock=clock, planner=planner, read=service.read)
        relay = OutboxRelay(database, link, clock=clock)
        relays.append(relay)

        async def ask(gap: Gap) -> None:
            await request_replay(database, site, gap, at=clock.now())

        supervisor.start("intake", intake.run)
        supervisor.start("outbox", relay.run)

        async def replays() -> None:
            planner.note(await open_gaps(database), clock.now())
            await ask_for_replays(planner, ask, clock=clock)

        supervisor.start("replays", replays)
        supervisor.start("mirrors", lambda: set_mirrors_right(link, database, site, clock=clock), may_end=True)
        supervisor.start("silence", lambda: report_silence(database, clock=clock))
        supervisor.start("gateways", lambda: watch_gateways(database, lambda: link.connected, clock=clock))
        link.start()
        self._parts.push_async_callback(link.stop)
        return link, intake

    def _start_timers(self, database: Database, supervisor: Supervisor) -> None:
        owner = f"{socket.gethostname()[:40]}-{os.getpid()}"
        timers = Timers(database, site=self._site, owner=owner)
        courier = Courier(database, self._channels, owner=owner)
        supervisor.start("timers", lambda: run_timers(timers, database, self._site, clock=self._clock))
        supervisor.start("database", database.keep, may_end=True)  # only a file needs it
        supervisor.start("policy", lambda: follow_policy(database, self._site))
        supervisor.start("notices", lambda: run_courier(courier, clock=self._clock))
        house = Household(
            store=database,
            files=open_evidence(self._config.evidence_place()),
            retention=Retention(**self._config.retention.model_dump()),
            hooks=frozenset(each.name for each in self._config.webhooks),
        )
        supervisor.start("housekeeping", lambda: keep_house(house, clock=self._clock))

    def _start_webhooks(self, database: Database, supervisor: Supervisor) -> Webhooks:
        receivers = [
            Receiver(name=each.name, url=each.url, secrets=each.secrets(), care=each.care)
            for each in self._config.webhooks
        ]
        post = HttpPost()
        self._parts.push_async_callback(post.close)
        webhooks = Webhooks(database, receivers, post, site=self._site)
        if receivers:
            relays = {each.name: Webhooks(database, [each], post, site=self._site) for each in receivers}
            supervisor.start("webhooks", lambda: run_webhooks(relays, database, clock=self._clock))
        return webhooks

    def _deps(self, database: Database, hub: FeedHub, broker: ReachedBroker, webhooks: Webhooks) -> Deps:
        return Deps(
            webhooks=webhooks,
            site=self._site,
            policy=configured_policy(self._config),
            store=database,
            evidence=open_evidence(self._config.evidence_place()),
            feed=hub,
            hasher=Argon2Hasher(),
            clock=self._clock,
            channel=self._channels,
            version=version(),
            pieces=PieceFolder(self._config.data_dir / "uploads"),
            max_evidence_bytes=self._config.evidence.max_bytes,
            static_dir=STATIC if STATIC.is_dir() else None,
            secure_cookies=self._config.listen.secure_cookies,
            models=model_shelf(self._config),
            photos=PillowCleaner(),
            stills=StillFolder(self._config.data_dir / "stills"),
            provider=self._provider(),
            web_push=self._push,
            public_url=self._config.listen.url,
            asking=_buckets(self._config.limits.account),
            addresses=_buckets(self._config.limits.address),
            second_factor_for=frozenset(self._config.accounts.second_factor_for),
            door=SiteDoor(self._config, mqtt_port=broker.address.port),
        )

    def _traced(self, app: FastAPI) -> FastAPI:
        wanted = self._config.tracing
        if wanted is not None:
            service = f"lookout-{self._site.id}"
            tracing = Tracing(endpoint=wanted.endpoint, share=wanted.share, service=service, version=version())
            self._parts.push_async_callback(asyncio.to_thread, trace(app, tracing))
        return app

    def _provider(self) -> Provider | None:
        oidc = self._config.oidc
        if oidc is None:
            return None
        # Here, since few sites ask for it, and a start is faster without it.
        from lookout_server.adapters.openid import OpenIdProvider

        client = (oidc.client_id, oidc.secret())
        provider = OpenIdProvider(oidc.issuer, client, claim=oidc.username_claim, label=oidc.label)
        self._parts.push_async_callback(provider.close)
        return provider

    def _announce(self, http_port: int, broker: ReachedBroker) -> Runtime:
        host = local_address(self._config.listen.host)
        runtime = Runtime(
            pid=os.getpid(),
            url=f"http://{f'[{host}]' if ':' in host else host}:{http_port}",
            http_host=host,
            http_port=http_port,
            mqtt_host=broker.address.host,
            mqtt_port=broker.address.port,
            broker=broker.kind,
            site=self._site.id,
            version=version(),
            started_at=self._clock.now().isoformat(),
        )
        write_runtime(self._config.data_dir, runtime)
        self._parts.callback(forget_process, self._config.data_dir)
        _log.info("the dispatcher is ready", url=runtime.url, mqtt=f"{runtime.mqtt_host}:{runtime.mqtt_port}")
        return runtime


def _buckets(rate: RateConfig | None) -> Buckets | None:
    return None if rate is None else Buckets(Rate(per_s=rate.per_s, burst=rate.burst))


def _blocked(link: MqttLink, intake: IntakeLoop) -> Blocked | None:
    """What people are told of: a broker that is back within seconds was no trouble to anybody."""
    if link.away_s >= STUCK_AFTER_S:
        return "broker"
    return "database" if intake.stuck_s >= STUCK_AFTER_S else None


def _spare_the_collector() -> None:
    """What the start made stays for good, and a batch of events is gone by itself: looking through both at every 700
    objects was a quarter of what the intake costs."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
    gc.enable()


async def _subscribed(link: MqttLink) -> None:
    """Whoever reads that the dispatcher is ready may send at once, so it waits until it is heard; with a broker that is
    away not for long, for its address is known and ``/readyz`` says what is wrong."""
    for _ in range(_LINK_LOOKS):
        if await link.problem() is None:
            return
        await asyncio.sleep(_LINK_LOOK_S)


async def serve(config: ServerConfig) -> None:
    """Run until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    dispatcher = Dispatcher(config)
    await dispatcher.start()
    _spare_the_collector()
    await asyncio.to_thread(use_huge_pages)
    await stopped.wait()
    _log.info("the dispatcher stops")
    await dispatcher.stop()


def run_dispatcher(config: ServerConfig) -> None:
    """Run in this process until it is told to stop. ServerError when it cannot start."""
    if sys.platform == "win32":
        asyncio.run(serve(config))
    else:
        import uvloop

        uvloop.run(serve(config))
