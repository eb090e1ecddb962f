"""From the configuration to a broker that can be reached: ours, started here, or somebody else's."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lookout_contract.topics import INTAKE_FILTERS
from lookout_server.adapters.authority import Authority
from lookout_server.adapters.broker.access import DISPATCHER, nats_permissions, rabbitmq_permissions
from lookout_server.adapters.broker.accounts import BrokerAccounts
from lookout_server.adapters.broker.engines import BrokerPlace, TlsDoor, choose_engine
from lookout_server.adapters.broker.process import BrokerProcess, end_orphan
from lookout_server.adapters.broker.strangers import Strangers
from lookout_server.adapters.clock import SystemClock
from lookout_server.adapters.listening import settle_port
from lookout_server.adapters.mqtt.link import BrokerAddress, Tls
from lookout_server.config import EmbeddedBroker, ExternalBroker, GatewayTls, ServerConfig
from lookout_server.errors import InvalidError


@dataclass(frozen=True, kw_only=True)
class ReachedBroker:
    """Where to connect, and the process behind it when it is ours."""

    address: BrokerAddress
    kind: str
    process: BrokerProcess | None = None
    strangers: Strangers | None = None


def broker_rules(config: ServerConfig, account: str, kind: str) -> dict[str, Any]:
    """What the account may say and hear, as ``nats`` or ``rabbitmq`` writes it."""
    of = {"nats": nats_permissions, "rabbitmq": rabbitmq_permissions}
    if kind not in of:
        raise InvalidError(
            f"there are rules for {' and '.join(of)}, not for {kind!r}; Mosquitto's are docker/mosquitto/acl"
        )
    return of[kind](account, site=config.site.id)


def broker_folder(config: ServerConfig) -> Path:
    """Where the embedded broker keeps its accounts and queues."""
    return config.data_dir / "broker"


async def reach_broker(config: ServerConfig, *, last_port: int | None) -> ReachedBroker:
    """Start the embedded broker, or say where the external one is. BrokerError or PortTakenError when ours cannot."""
    if isinstance(config.broker, ExternalBroker):
        return ReachedBroker(address=_external(config.broker, config.site.id), kind="external")
    return await _embedded(config.broker, config, last_port)


async def _embedded(broker: EmbeddedBroker, config: ServerConfig, last_port: int | None) -> ReachedBroker:
    folder = broker_folder(config)
    engine = choose_engine(broker.engine)
    await end_orphan(folder)
    port = settle_port(broker.bind, broker.port, key="broker.port", preferred=last_port)
    password = BrokerAccounts(folder).dispatcher_password()
    door = None if broker.gateway_tls is None else _tls_door(config, broker.gateway_tls)
    strangers = Strangers()
    place = BrokerPlace(site=config.site.id, bind=broker.bind, port=port, folder=folder, tls=door)
    process = BrokerProcess(engine, place, on_line=strangers.read)
    await process.start()
    address = BrokerAddress(
        host=local_address(broker.bind),
        port=port,
        client_id=_client_id(config.site.id),
        username=DISPATCHER,
        password=password,
        version=5 if broker.version == "5" and engine.name == "mosquitto" else 4,
    )
    return ReachedBroker(address=address, kind=engine.name, process=process, strangers=strangers)


def open_authority(config: ServerConfig) -> Authority:
    """The site's own certificate authority, in the data folder."""
    return Authority(config.data_dir / "authority", site=config.site.id, now=SystemClock().now())


def _tls_door(config: ServerConfig, tls: GatewayTls) -> TlsDoor:
    port = settle_port(tls.bind, tls.port, key="broker.gateway_tls.port")
    authority, now = open_authority(config), SystemClock().now()
    authority.issue_server(tls.hosts, now=now)
    if not authority.revocations.exists():
        authority.publish_revocations([], now=now)
    certificate, key = authority.server_files
    return TlsDoor(
        bind=tls.bind,
        port=port,
        ca=authority.file,
        certificate=certificate,
        key=key,
        revocations=authority.revocations,
    )


def _external(broker: ExternalBroker, site: str) -> BrokerAddress:
    tls = None if broker.tls is None else Tls(ca=broker.tls.ca, cert=broker.tls.cert, key=broker.tls.key)
    return BrokerAddress(
        host=broker.host,
        port=broker.port,
        client_id=_client_id(site) + (f"-{broker.replica}" if broker.replica else ""),
        username=broker.username,
        password=broker.secret(),
        tls=tls,
        # What the broker holds for a replica that is gone would reach nobody: the others are sent it anew, by gateways.
        clean=broker.replica is not None,
        version=5 if broker.version == "5" else 4,
    )


def intake_filters(config: ServerConfig) -> tuple[str, ...]:
    """What to subscribe to. Replicas share events and answers; every one of them hears the retained states."""
    is_replica = isinstance(config.broker, ExternalBroker) and config.broker.replica
    shared = {"event", "test", "response"} if is_replica else set[str]()
    return tuple(
        f"$share/lookout-{config.site.id}/{each}" if channel in shared else each
        for channel, each in INTAKE_FILTERS.items()
    )


def _client_id(site: str) -> str:
    """Fixed, so that the broker keeps what arrives while the dispatcher is away."""
    return f"lookout-dispatcher-{site}"


def local_address(bind: str) -> str:
    """How this machine reaches what is bound there."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)
