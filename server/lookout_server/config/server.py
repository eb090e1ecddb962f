"""``server.yaml``: what the dispatcher needs to know to start. Every key has a default, so an empty file will do."""

import re
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, IPvAnyNetwork, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from lookout_contract.base import Identifier
from lookout_server.config.connections import ContactsConfig, OidcConfig, TracingConfig, WebhookConfig, WebPushConfig
from lookout_server.config.documents import Document, read_document, validate
from lookout_server.domain.territory import Role
from lookout_server.errors import ConfigError
from lookout_server.exchange.base import Section

_DATABASE = re.compile(r"(sqlite|postgres|postgresql)(\+\w+)?://")

Port = Annotated[int, Field(ge=0, le=65535)]


class SiteIdentity(Section):
    """The site this dispatcher serves."""

    id: Identifier = "home"
    """Part of every topic; gateways must name the same one."""
    name: str = "守望哨"
    """What people call it; shown in the console's header."""
    timezone: str = "Asia/Shanghai"
    """IANA name; pages show times in it."""

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"unknown time zone {value!r}; use an IANA name such as Asia/Shanghai") from error
        return value


class ListenConfig(Section):
    """Where the console and the API are served."""

    host: str = "127.0.0.1"
    """``0.0.0.0`` makes it reachable from other machines."""
    port: Port = 8080
    """0 takes any free port, the same again at the next start where possible."""
    url: str | None = Field(default=None, pattern=r"^https?://[^/\s]+/?$")
    """The address by which gateways and people reach this machine, e.g. ``https://lookout.example``; left out: host
    and port."""
    proxies: tuple[IPvAnyNetwork, ...] = ()
    """Addresses or networks of TLS proxies on other machines or in containers, whose ``X-Forwarded-For`` says who asks;
    one on this machine is believed anyway. Without it all who come by such a proxy share one address, and its limits
    (ten residents' reports in ten minutes)."""
    secure_cookies: bool = False
    """``true`` when browsers come by HTTPS (a TLS proxy stands in front): cookies are then never sent in the clear."""


class DatabaseConfig(Section):
    """Where alarms and cases are kept."""

    url: SecretStr | None = None
    """``postgresql://user:password@host/name``; left out: an SQLite file in ``data_dir``. Environment:
    LOOKOUT_DATABASE_URL."""

    @field_validator("url")
    @classmethod
    def _is_a_kind_we_know(cls, value: SecretStr | None) -> SecretStr | None:
        # The value may hold a password: it is not repeated in the message.
        if value is not None and not _DATABASE.match(value.get_secret_value()):
            raise ValueError("write postgresql://user:password@host/name or sqlite:////path/to/lookout.db")
        return value


class EvidenceConfig(Section):
    """Where snapshots, clips and photos are kept; give ``dir`` or ``url``, not both."""

    dir: Path | None = None
    """A folder; left out: ``evidence`` in ``data_dir``."""
    url: str | None = Field(default=None, pattern=r"^s3://[^/]+(/.*)?$")
    """``s3://bucket/prefix``; credentials, region and endpoint come from the AWS_* environment."""
    max_bytes: int = Field(default=64 * 1024 * 1024, ge=1024)
    """Largest file that is accepted."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.dir is not None and self.url is not None:
            raise ValueError("give dir or url, not both")
        return self


class TlsConfig(Section):
    """TLS towards an external broker."""

    ca: Path | None = None
    """PEM file of the authority to trust; left out: the system's."""
    cert: Path | None = None
    """PEM client certificate, with ``key``."""
    key: Path | None = None

    @model_validator(mode="after")
    def _pair(self) -> Self:
        if (self.cert is None) != (self.key is None):
            raise ValueError("cert and key go together: give both, or neither")
        return self


class GatewayTls(Section):
    """A second door of the embedded broker (Mosquitto): TLS, and only for boxes with a certificate of this site."""

    hosts: tuple[str, ...] = Field(min_length=1)
    """Names or addresses by which gateways reach this machine, the one they are told first."""
    bind: str = "0.0.0.0"
    port: Port = 8883


class EmbeddedBroker(Section):
    """The dispatcher runs the broker itself: Mosquitto when installed, else amqtt."""

    mode: Literal["embedded"] = "embedded"
    engine: Literal["auto", "mosquitto", "amqtt"] = "auto"
    """``auto`` prefers Mosquitto."""
    bind: str = "127.0.0.1"
    """``0.0.0.0`` lets gateways on other machines connect."""
    port: Port = 1883
    """0 takes any free port, the same again at the next start where possible."""
    version: Literal["3.1.1", "5"] = "3.1.1"
    """MQTT version that the dispatcher speaks; 5 (Mosquitto) adds response topics and expiry to commands."""
    gateway_tls: GatewayTls | None = None
    """With it ``gateway enrol`` gives certificates (mutual TLS) instead of passwords."""


class ExternalBroker(Section):
    """A broker that somebody else runs."""

    mode: Literal["external"]
    host: str
    port: Port = 1883
    username: str | None = None
    password: SecretStr | None = None
    """Better in LOOKOUT_MQTT_PASSWORD or ``password_file``."""
    password_file: Path | None = None
    tls: TlsConfig | None = None
    version: Literal["3.1.1", "5"] = "3.1.1"
    """MQTT version to speak; 5 adds response topics and expiry to commands."""
    replica: Identifier | None = None
    """This dispatcher's own name when several share one PostgreSQL database; left out: it is the only one."""

    def secret(self) -> str | None:
        """The password, read from ``password_file`` when that is given; ConfigError when it cannot be."""
        if self.password is not None:
            return self.password.get_secret_value()
        if self.password_file is None:
            return None
        try:
            return self.password_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"broker.password_file cannot be read ({error}); check the path") from error


BrokerConfig = Annotated[EmbeddedBroker | ExternalBroker, Field(discriminator="mode")]


class MirrorsConfig(Section):
    """Other systems on the same broker that hear of alarms in their own language."""

    frigate: bool = False
    """Publish ``frigate/events`` as Frigate does, for automations made for it."""
    home_assistant: bool = False
    """Retained discovery under ``homeassistant/``: a binary sensor for each camera and kind of alarm."""


class RetentionConfig(Section):
    """For how many days things are kept; ``null``: for ever. Alarms, cases, histories and the ledger always are."""

    evidence_days: int | None = Field(default=180, ge=1)
    """Snapshots, clips and photos, from when they came; while an alarm waits or a case is not settled they stay."""
    care_days: int | None = Field(default=30, ge=1)
    """The same of care alarms and cases."""
    notices_days: int | None = Field(default=400, ge=1)
    """What people were told, and what became of it."""
    feed_days: int | None = Field(default=30, ge=1)
    """Lines of the feed, with which a page or another system that was away catches up. A webhook that is behind keeps
    them longer."""
    vehicles_days: int | None = Field(default=30, ge=1)
    """Registered vehicles whose pass has run out, from when it did."""


class RateConfig(Section):
    """Requests of the API: so many a second in the long run, and so many at once."""

    per_s: float = Field(gt=0, le=1e6)
    burst: int = Field(ge=1, le=10**7)


class AccountsConfig(Section):
    """What is asked of those who sign in."""

    second_factor_for: tuple[Role, ...] = ()
    """Roles that need a one-time code beside the password, as in [admin, supervisor]; until they have set it up they
    can do nothing else."""


class LimitsConfig(Section):
    """How much one account, and one address, may ask before it hears 429; null: as much as it likes. What gateways
    deliver and the alarm button are never held back."""

    account: RateConfig | None = RateConfig(per_s=20, burst=400)
    address: RateConfig | None = RateConfig(per_s=100, burst=2000)
    """Many people behind one address count together; behind a proxy on another machine all of them."""


class LogConfig(Section):
    """What is logged."""

    format: Literal["auto", "console", "json"] = "auto"
    """``auto``: readable on a terminal, JSON otherwise."""
    level: Literal["debug", "info", "warning", "error"] = "info"


class ServerConfig(Section):
    """The dispatcher's configuration. Relative paths are relative to the file that holds it."""

    site: SiteIdentity = SiteIdentity()
    listen: ListenConfig = ListenConfig()
    data_dir: Path = Path(".lookout")
    """Database, broker state and evidence, unless they are told to be elsewhere."""
    database: DatabaseConfig = DatabaseConfig()
    evidence: EvidenceConfig = EvidenceConfig()
    broker: BrokerConfig = EmbeddedBroker()
    site_file: Path | None = None
    """Territory, cameras and people (``site.yaml``), imported at the first start, while there is no place yet."""
    policy_file: Path | None = None
    """Limits of time, working hours, escalation (``policy.yaml``); left out: the usual ones."""
    mirrors: MirrorsConfig = MirrorsConfig()
    webhooks: tuple[WebhookConfig, ...] = ()
    """Other systems that are told by HTTP of alarms and cases."""
    retention: RetentionConfig = RetentionConfig()
    contacts: ContactsConfig = ContactsConfig()
    web_push: WebPushConfig | None = None
    """Notices to people's phones through their browsers; left out: none."""
    oidc: OidcConfig | None = None
    """Signing in by the organisation's own provider, beside passwords."""
    accounts: AccountsConfig = AccountsConfig()
    limits: LimitsConfig = LimitsConfig()
    tracing: TracingConfig | None = None
    """Left out: nothing is traced, and nothing is loaded for it."""
    log: LogConfig = LogConfig()

    @field_validator("webhooks")
    @classmethod
    def _names_differ(cls, value: tuple[WebhookConfig, ...]) -> tuple[WebhookConfig, ...]:
        # How far a receiver has heard is kept under its name: two with one name would hear half each.
        twice = sorted(name for name, number in Counter(each.name for each in value).items() if number > 1)
        if twice:
            raise ValueError(f"more than one is called {', '.join(twice)}; give each a name of its own")
        return value

    @model_validator(mode="after")
    def _replicas_share_a_database(self) -> Self:
        alone = self.database.url is None or self.database.url.get_secret_value().startswith("sqlite")
        if alone and isinstance(self.broker, ExternalBroker) and self.broker.replica:
            raise ValueError(
                "broker.replica is for dispatchers that share a PostgreSQL database: set database.url, or leave it out"
            )
        return self

    def database_url(self) -> str:
        """The URL of the database; whoever opens it adds the driver."""
        if self.database.url is None:
            return f"sqlite:///{self.data_dir / 'lookout.db'}"
        return self.database.url.get_secret_value()

    def evidence_place(self) -> Path | str:
        """A folder, or an ``s3://`` URL."""
        return self.evidence.url or self.evidence.dir or self.data_dir / "evidence"


class Secrets(BaseSettings):
    """What belongs into the environment rather than into a file; it wins over the file."""

    model_config = SettingsConfigDict(env_prefix="LOOKOUT_")

    database_url: str | None = None
    mqtt_password: str | None = None


def load_server_config(path: Path | None, *, secrets: Secrets | None = None) -> ServerConfig:
    """Read ``server.yaml``; None gives the defaults. ConfigError lists all mistakes with their lines."""
    document = Document("", name="defaults") if path is None else read_document(path)
    _overlay(document.values, Secrets() if secrets is None else secrets)
    config = validate(document, ServerConfig)
    base = (Path.cwd() if path is None else path.parent).resolve()
    return _resolved(config, base)


def _overlay(values: dict[str, Any], secrets: Secrets) -> None:
    # A section that is no mapping is left alone: the validation that follows says so.
    if secrets.database_url is not None and isinstance(values.setdefault("database", {}), dict):
        cast(dict[str, Any], values["database"])["url"] = secrets.database_url
    if isinstance(values.get("broker"), dict):
        broker = cast(dict[str, Any], values["broker"])
        broker.setdefault("mode", "external" if "host" in broker else "embedded")
        if secrets.mqtt_password is not None and broker["mode"] == "external":
            broker["password"] = secrets.mqtt_password


def _resolved(config: ServerConfig, base: Path) -> ServerConfig:
    """The same with every path absolute, as seen from the folder of the file."""

    def there(path: Path | None) -> Path | None:
        return None if path is None else base / path.expanduser()

    broker = config.broker
    if isinstance(broker, ExternalBroker):
        tls = broker.tls
        if tls is not None:
            tls = tls.model_copy(update={name: there(getattr(tls, name)) for name in ("ca", "cert", "key")})
        broker = broker.model_copy(update={"password_file": there(broker.password_file), "tls": tls})
    return config.model_copy(
        update={
            "data_dir": there(config.data_dir),
            "site_file": there(config.site_file),
            "policy_file": there(config.policy_file),
            "evidence": config.evidence.model_copy(update={"dir": there(config.evidence.dir)}),
            "broker": broker,
            "oidc": config.oidc
            and config.oidc.model_copy(update={"client_secret_file": there(config.oidc.client_secret_file)}),
            "web_push": config.web_push
            and config.web_push.model_copy(update={"key_file": there(config.web_push.key_file)}),
            "webhooks": tuple(
                each.model_copy(update={"secret_file": base / each.secret_file.expanduser()})
                for each in config.webhooks
            ),
        }
    )
