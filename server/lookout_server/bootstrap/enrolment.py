"""The verbs that let boxes in and shut them out, and the door that the running dispatcher opens to them."""

from datetime import datetime, timedelta
from functools import cached_property

from lookout_contract.topics import GatewayTopics
from lookout_server.adapters.authority import Authority
from lookout_server.adapters.broker.accounts import BrokerAccounts, new_secret
from lookout_server.adapters.clock import SystemClock
from lookout_server.bootstrap.access import open_database
from lookout_server.bootstrap.broker import broker_folder, local_address, open_authority
from lookout_server.bootstrap.runtime import read_runtime
from lookout_server.config import EmbeddedBroker, GatewayTls, ServerConfig
from lookout_server.errors import ConfigError, NotFoundError
from lookout_server.ports import IssuedCertificate
from lookout_server.services import enrolment
from lookout_server.services.enrolment import Addresses
from lookout_server.services.views import GatewayView, gateway_views


class SiteDoor:
    """Implements services.enrolment.Door for a configuration. ``mqtt_port``: where the broker listens now."""

    def __init__(self, config: ServerConfig, *, mqtt_port: int) -> None:
        self._config = config
        self._mqtt_port = mqtt_port

    @property
    def addresses(self) -> Addresses:
        """See ``Door``."""
        host, port = self._mqtt()
        return Addresses(
            site=self._config.site.id,
            timezone=self._config.site.timezone,
            mqtt_host=host,
            mqtt_port=port,
            dispatcher_url=self._config.listen.url,
        )

    @property
    def pin(self) -> str | None:
        """See ``Door``."""
        return None if self._tls is None else self._authority.fingerprint

    def certify(self, gateway: str, request: str, now: datetime) -> IssuedCertificate:
        """See ``Door``."""
        return self._authority.issue(gateway, request, now=now)

    def new_password(self, gateway: str) -> str | None:
        """See ``Door``."""
        if not isinstance(self._config.broker, EmbeddedBroker):
            return None
        password = new_secret()
        BrokerAccounts(broker_folder(self._config)).set(gateway, password)
        return password

    def shut_out(self, gateway: str, revoked: list[str], now: datetime) -> None:
        """See ``Door``."""
        if isinstance(self._config.broker, EmbeddedBroker):
            BrokerAccounts(broker_folder(self._config)).remove(gateway)
        if self._tls is not None:
            self._authority.publish_revocations(revoked, now=now)

    @cached_property
    def _authority(self) -> Authority:
        return open_authority(self._config)

    @property
    def _tls(self) -> GatewayTls | None:
        broker = self._config.broker
        return broker.gateway_tls if isinstance(broker, EmbeddedBroker) else None

    def _mqtt(self) -> tuple[str | None, int]:
        broker = self._config.broker
        if not isinstance(broker, EmbeddedBroker):
            return broker.host, broker.port
        if broker.gateway_tls is not None:
            return broker.gateway_tls.hosts[0], broker.gateway_tls.port
        return None if broker.bind in {"0.0.0.0", "::"} else broker.bind, self._mqtt_port


async def offer_enrolment(config: ServerConfig, gateway: str, *, hours: float) -> tuple[str, str]:
    """(address to ask at, code). The dispatcher need not run now, but must when the box asks."""
    GatewayTopics(site=config.site.id, gateway=gateway)
    runtime = read_runtime(config.data_dir)
    door = SiteDoor(config, mqtt_port=runtime.mqtt_port if runtime else 0)
    async with open_database(config) as database:
        now = SystemClock().now()
        code = await enrolment.offer(database, door, gateway, at=now, lasts=timedelta(hours=hours))
    port = config.listen.port or (runtime.http_port if runtime else 0)
    if config.listen.url is None and not port:
        raise ConfigError("listen.port is 0 and the dispatcher has never run: start it once, or set listen.url")
    return config.listen.url or f"http://{local_address(config.listen.host)}:{port}", code


async def revoke_gateway(config: ServerConfig, gateway: str) -> int:
    """Shut a gateway out; how many certificates were revoked. A running broker lets go of it within a second.

    NotFoundError when no gateway goes by that name; a code that it was offered works no longer all the same.
    """
    door = SiteDoor(config, mqtt_port=0)
    async with open_database(config) as database:
        async with database.read() as uow:
            known = await uow.gateways.get()
        count = await enrolment.revoke(database, door, gateway, at=SystemClock().now())
    if gateway not in known:
        there = ", ".join(known) or "none"
        raise NotFoundError(f"no gateway goes by {gateway!r}, so none was shut out; there are: {there}")
    return count


async def list_gateways(config: ServerConfig) -> list[GatewayView]:
    """All gateways by id, as the database has them now."""
    async with open_database(config) as database, database.read() as uow:
        found = await gateway_views(uow, at=SystemClock().now())
    return sorted(found, key=lambda each: each.gateway.id)


def gateway_values(view: GatewayView) -> dict[str, object]:
    """What ``gateway list --json`` says of one; times are ISO 8601 in UTC."""
    gateway = view.gateway
    return {
        "id": gateway.id,
        "state": _state(view),
        "version": gateway.version,
        "last_seen_at": _iso(gateway.last_seen_at),
        "registered": gateway.registered,
        "rival": view.rival,
        "spool_events": gateway.spool_events,
        "spool_evidence": gateway.spool_evidence,
        "certificate_expires_at": _iso(view.certificate_expires_at),
        "certificate_ends_soon": view.certificate_ends_soon,
    }


def gateway_line(view: GatewayView) -> str:
    """The same for a person, in one line; what somebody must see to stands at its end."""
    gateway = view.gateway
    seen = f"seen {gateway.last_seen_at:%Y-%m-%d %H:%M:%SZ}" if gateway.last_seen_at else "never seen"
    parts = [gateway.id, _state(view), gateway.version or "-", seen]
    if gateway.spool_events:
        parts.append(f"{gateway.spool_events} events wait on its disk")
    if view.certificate_ends_soon and view.certificate_expires_at:
        parts.append(f"its certificate ends {view.certificate_expires_at:%Y-%m-%d}: enrol it again")
    if view.rival:
        parts.append("two boxes go by its name")
    return "  ".join(parts)


def _state(view: GatewayView) -> str:
    gateway = view.gateway
    if gateway.online:
        return "online"
    # Without an upload token it was shut out, or only ever spoke through the broker.
    if not gateway.registered:
        return "no-credentials"
    return "offline" if gateway.last_seen_at else "never-seen"


def _iso(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None
