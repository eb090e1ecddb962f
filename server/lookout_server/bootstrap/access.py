"""The verbs that let somebody or something in: people, gateways, the site file. The server may run meanwhile or not."""

import asyncio
import re
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

import structlog

from lookout_contract.topics import GatewayTopics
from lookout_server.adapters.broker.access import (
    AROUND,
    INTEGRATOR,
    OF_DEVICE,
    OF_GATEWAY,
    device_topics,
    integrator_topics,
)
from lookout_server.adapters.broker.accounts import BrokerAccounts, have_been_read, new_secret
from lookout_server.adapters.clock import SystemClock
from lookout_server.adapters.database import Database, migrate
from lookout_server.adapters.files import make_private_folder
from lookout_server.adapters.mqtt.trial import accepts
from lookout_server.adapters.passwords import Argon2Hasher
from lookout_server.adapters.web_push import new_key
from lookout_server.bootstrap.broker import broker_folder, local_address
from lookout_server.bootstrap.runtime import read_runtime
from lookout_server.config import USERNAME_PATTERN, EmbeddedBroker, ServerConfig, SiteFile, load_site_file
from lookout_server.domain.territory import Camera, CameraKey, Level, Person, Role, Territory, person_id
from lookout_server.domain.webhook import written_secret
from lookout_server.domain.whereabouts import Spot
from lookout_server.errors import ConfigError, ConflictError, InvalidError, NotFoundError
from lookout_server.ports import Store
from lookout_server.services import accounts, estate

_log = structlog.stdlib.get_logger("lookout")

#: A running broker notices a new account within this.
_NOTICED_WITHIN_S = 10.0
#: And the dispatcher tells it within this, unless it was killed.
_TOLD_WITHIN_S = 3.0
_ACCOUNT_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")


@dataclass(frozen=True, kw_only=True)
class NewPerson:
    """What ``user add`` was told; None keeps what is known of somebody who exists."""

    username: str
    name: str | None = None
    roles: frozenset[Role] | None = None
    grids: frozenset[str] | None = None
    password: str


@dataclass(frozen=True, kw_only=True)
class GatewayAccess:
    """What a gateway's configuration needs; shown once."""

    gateway: str
    mqtt_host: str
    mqtt_port: int | None
    mqtt_username: str
    #: None: the account is made at the external broker.
    mqtt_password: str | None = field(repr=False)
    dispatcher_url: str
    upload_token: str = field(repr=False)


async def add_person(config: ServerConfig, wanted: NewPerson) -> Person:
    """Make the account or change it."""
    async with open_database(config) as database:
        async with database.read() as work:
            found = await work.people.credentials(wanted.username)
        known = found[0] if found else None
        return await accounts.add_person(database, Argon2Hasher(), _account(wanted, known), at=SystemClock().now())


def _account(wanted: NewPerson, known: Person | None) -> accounts.Account:
    if not re.fullmatch(USERNAME_PATTERN, wanted.username):
        raise InvalidError(f"user name {wanted.username!r} will not do: lower-case letters, digits, '.', '-' and '_'")
    if known is None:
        known = accounts.Account(
            username=wanted.username, name=wanted.username, roles=frozenset({Role.OPERATOR})
        ).person
    return accounts.Account(
        username=wanted.username,
        name=wanted.name or known.name,
        roles=wanted.roles or known.roles,
        grids=known.grids if wanted.grids is None else wanted.grids,
        password=wanted.password,
        language=known.language,
        skills=known.skills,
        willing=known.willing,
    )


async def add_gateway(config: ServerConfig, gateway: str, *, rotate: bool) -> GatewayAccess:
    """Make the broker account and the upload token; ConflictError when there are some and ``rotate`` is not asked."""
    GatewayTopics(site=config.site.id, gateway=gateway)
    async with open_database(config) as database:
        async with database.read() as work:
            known = (await work.gateways.get([gateway])).get(gateway)
        if known is not None and known.registered and not rotate:
            raise ConflictError(
                f"gateway {gateway} has its credentials already; --rotate replaces them, and the old ones stop working"
            )
        token = await accounts.issue_gateway_token(database, gateway)
    return await _with_broker_account(config, gateway, token)


async def _with_broker_account(config: ServerConfig, gateway: str, token: str) -> GatewayAccess:
    runtime = read_runtime(config.data_dir)
    http_port = config.listen.port or (runtime.http_port if runtime else 8080)
    url = f"http://{local_address(config.listen.host)}:{http_port}"
    broker = config.broker
    if not isinstance(broker, EmbeddedBroker):
        return GatewayAccess(
            gateway=gateway,
            mqtt_host=broker.host,
            mqtt_port=broker.port,
            mqtt_username=gateway,
            mqtt_password=None,
            dispatcher_url=url,
            upload_token=token,
        )
    login = await _new_login(config, broker, gateway)
    return GatewayAccess(
        gateway=gateway,
        mqtt_host=login.host,
        mqtt_port=login.port,
        mqtt_username=login.username,
        mqtt_password=login.password,
        dispatcher_url=url,
        upload_token=token,
    )


@dataclass(frozen=True, kw_only=True)
class IntegratorAccess:
    """What another system needs to follow the cases, or a device to speak; the password is shown once."""

    mqtt_host: str
    mqtt_port: int | None
    mqtt_username: str
    mqtt_password: str
    topic: str


async def add_integrator(config: ServerConfig, name: str, *, rotate: bool) -> IntegratorAccess:
    """Make an account of the embedded broker that reads cases and mirrors; ConflictError where there is one already."""
    cases, *mirrored = integrator_topics(config.site.id)
    may = f"read {', '.join(mirrored)} and"
    return await _add_account(config, f"{INTEGRATOR}{name}", (name,), cases, may=may, rotate=rotate)


async def add_device(
    config: ServerConfig, gateway: str, name: str, *, of_gateway: bool, rotate: bool
) -> IntegratorAccess:
    """Make an account for what stands around a gateway: a device, or the gateway's own connection to its devices.

    NotFoundError when no gateway goes by that name: nobody would hear the device.
    """
    async with open_database(config) as database, database.read() as work:
        known = await work.gateways.get()
    if gateway not in known:
        there = ", ".join(known) or "none yet; 'lookout-server gateway add' or 'gateway enrol' lets one in"
        raise NotFoundError(f"no gateway goes by {gateway!r}, so nobody would hear the device; there are: {there}")
    username = f"{AROUND}{gateway}{OF_GATEWAY if of_gateway else OF_DEVICE}{name}"
    topic = f"{device_topics(config.site.id, gateway, None if of_gateway else name)}/#"
    return await _add_account(config, username, (gateway, name), topic, may="read and write", rotate=rotate)


def remove_device(config: ServerConfig, gateway: str, name: str) -> None:
    """Take the account away, whichever of the two it is; NotFoundError as in ``remove_integrator``."""
    book = BrokerAccounts(broker_folder(config))
    mine = [f"{AROUND}{gateway}{kind}{name}" for kind in (OF_DEVICE, OF_GATEWAY)]
    if not set(mine) & set(book.names()):
        known = ", ".join(each.removeprefix(AROUND) for each in book.names() if each.startswith(AROUND))
        raise NotFoundError(f"gateway {gateway} has no device {name!r}; there are: {known or 'none'}")
    for username in mine:
        book.remove(username)


async def _add_account(
    config: ServerConfig, username: str, names: tuple[str, ...], topic: str, *, may: str, rotate: bool
) -> IntegratorAccess:
    for name in names:
        if not _ACCOUNT_NAME.fullmatch(name):
            raise InvalidError(f"{name!r} is no name for an account: use lower-case letters, digits, '-' and '_'")
    broker = config.broker
    if not isinstance(broker, EmbeddedBroker):
        raise InvalidError(
            f"the broker at {broker.host} is somebody else's: make an account there that may {may} {topic}"
        )
    if username in BrokerAccounts(broker_folder(config)).names() and not rotate:
        raise ConflictError(f"{username} has an account; --rotate gives it a new password")
    login = await _new_login(config, broker, username)
    return IntegratorAccess(
        mqtt_host=login.host,
        mqtt_port=login.port,
        mqtt_username=login.username,
        mqtt_password=login.password,
        topic=topic,
    )


def remove_integrator(config: ServerConfig, name: str) -> None:
    """Take the account away; NotFoundError when there is none. A running broker lets go of it within a second."""
    book, username = BrokerAccounts(broker_folder(config)), f"{INTEGRATOR}{name}"
    if username not in book.names():
        known = ", ".join(each.removeprefix(INTEGRATOR) for each in book.names() if each.startswith(INTEGRATOR))
        raise NotFoundError(f"there is no integrator {name!r}; there are: {known or 'none'}")
    book.remove(username)


@dataclass(frozen=True, kw_only=True)
class _Login:
    """An account of the embedded broker, and where it is used."""

    host: str
    port: int | None
    username: str
    password: str


async def _new_login(config: ServerConfig, broker: EmbeddedBroker, username: str) -> _Login:
    """Make the account, or give it a new password; a broker that runs knows it when this returns."""
    password, runtime = new_secret(), read_runtime(config.data_dir)
    BrokerAccounts(broker_folder(config)).set(username, password)
    port = broker.port or (runtime.mqtt_port if runtime else None)
    login = _Login(host=local_address(broker.bind), port=port, username=username, password=password)
    if runtime is not None and runtime.pid is not None:
        await _until_accepted(broker_folder(config), login, runtime.mqtt_port)
    return login


async def _until_accepted(folder: Path, login: _Login, port: int) -> None:
    """The running broker reads its accounts when the file changes; the verb ends when that has happened.

    It knocks only afterwards: whom the broker refuses lies in the quarantine as a stranger.
    """
    loop = asyncio.get_running_loop()
    told_by, deadline = loop.time() + _TOLD_WITHIN_S, loop.time() + _NOTICED_WITHIN_S
    while loop.time() < deadline:
        if have_been_read(folder) or loop.time() > told_by:
            knock = partial(accepts, login.host, port, username=login.username, password=login.password)
            if await asyncio.to_thread(knock) is not False:
                return  # accepted, or nobody there: then the account works at the next start
        await asyncio.sleep(0.1)
    _log.warning("the running broker does not accept the new account yet; restart the dispatcher if it stays so")


async def import_site(config: ServerConfig, site: SiteFile, *, dry_run: bool) -> tuple[estate.Change, ...]:
    """Bring territory, cameras and people in line with the file."""
    async with open_database(config) as database:
        return await estate.import_estate(database, _estate(site), at=SystemClock().now(), dry_run=dry_run)


async def import_at_first_start(store: Store, config: ServerConfig, *, at: datetime) -> None:
    """With a ``site_file`` and no place in the database: import it, unless another replica is doing so."""
    if config.site_file is None:
        return
    async with store.alone("import") as alone:
        if alone and not await estate.has_places(store):
            changes = await estate.import_first(store, _estate(load_site_file(config.site_file)), at=at)
            _log.info("the site file was imported", file=str(config.site_file), changes=len(changes))


def new_webhook_secret() -> str:
    """256 random bits, as webhooks are configured with."""
    return written_secret(secrets.token_bytes(32))


def new_web_push_key() -> str:
    """A fresh key for Web Push, as PEM."""
    return new_key()


def new_password() -> str:
    """One that can be read out over the telephone: 72 random bits."""
    return secrets.token_urlsafe(9)


def migrate_database(config: ServerConfig) -> None:
    """Bring the schema to what this version needs."""
    try:
        make_private_folder(config.data_dir)
    except OSError as error:
        raise ConfigError(
            f"data_dir {config.data_dir} cannot be made ({error.strerror}); run this as the user of the dispatcher, or "
            f"set another data_dir"
        ) from error
    migrate(config.database_url())


@asynccontextmanager
async def open_database(config: ServerConfig) -> AsyncGenerator[Database]:
    """The database with today's schema, for a verb of the command line."""
    await asyncio.to_thread(migrate_database, config)
    database = Database(config.database_url())
    try:
        yield database
    finally:
        await database.close()


def _estate(site: SiteFile) -> estate.Estate:
    places = [(Level.DISTRICT, site.district), (Level.STREET, site.street), (Level.COMMUNITY, site.community)]
    territories: list[Territory] = []
    parent: str | None = None
    for level, place in places:
        territories.append(Territory(id=place.id, name=place.name, level=level, parent=parent))
        parent = place.id
    territories += [Territory(id=grid.id, name=grid.name, level=Level.GRID, parent=parent) for grid in site.grids]
    territories += [
        Territory(id=each.id, name=each.name, level=Level.BUILDING, parent=grid.id)
        for grid in site.grids
        for each in grid.buildings
    ]
    cameras = [
        Camera(
            key=CameraKey(gateway=each.gateway, id=each.id),
            name=each.name,
            grid=each.grid,
            building=each.building,
            spot=Spot(lat=each.at[0], lon=each.at[1]) if each.at else None,
        )
        for each in site.cameras
    ]
    people = [
        Person(
            id=person_id(each.username),
            username=each.username,
            name=each.name,
            roles=frozenset(Role(role) for role in each.roles),
            grids=frozenset(each.grids),
            skills=frozenset(each.skills),
            willing=each.willing,
        )
        for each in site.people
    ]
    return estate.Estate(territories=tuple(territories), cameras=tuple(cameras), people=tuple(people))
