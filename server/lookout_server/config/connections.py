"""``server.yaml``: the other systems that the dispatcher speaks with."""

from pathlib import Path

from pydantic import Field

from lookout_contract.base import Identifier
from lookout_server.domain.notice import CHANNELS
from lookout_server.domain.web_push import PUSH_SERVICES
from lookout_server.domain.webhook import secret_bytes
from lookout_server.errors import ConfigError
from lookout_server.exchange.base import Section


class WebhookConfig(Section):
    """Another system that is told by HTTP what changes."""

    name: Identifier
    """For the list of webhooks and the log; with another name it counts as a new one."""
    url: str = Field(pattern=r"^https?://\S+$")
    """Where POST requests go."""
    secret_file: Path
    """A file with the secret that signs them, ``whsec_…``; with two, a line each, both sign, so that the receiver can
    change over."""
    care: bool = False
    """Also tell of care alarms and cases, which are restricted."""

    def secrets(self) -> tuple[bytes, ...]:
        """What signs; ConfigError when the file holds none."""
        try:
            lines = self.secret_file.read_text(encoding="utf-8").split()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"webhooks.{self.name}: secret_file cannot be read ({error}); check the path") from error
        try:
            secrets = tuple(secret_bytes(line) for line in lines)
        except ValueError as error:
            raise ConfigError(f"webhooks.{self.name}: {self.secret_file}: {error}") from error
        if not secrets:
            raise ConfigError(f"webhooks.{self.name}: {self.secret_file} is empty: `lookout-server webhook secret`")
        return secrets


class OidcConfig(Section):
    """Signing in by an OpenID Connect provider. Register ``LISTEN.URL/api/v1/session/oidc/callback`` there."""

    issuer: str = Field(pattern=r"^https?://\S+$")
    """Its address, as it names itself in ``/.well-known/openid-configuration``."""
    client_id: str = Field(min_length=1)
    client_secret_file: Path
    """A file with the client's secret."""
    username_claim: str = "preferred_username"
    """What of the ID token is the user name here; the account has to exist."""
    label: str = Field(default="统一身份认证", min_length=1, max_length=40)
    """What the button of the sign-in page says."""

    def secret(self) -> str:
        """ConfigError when the file holds none."""
        try:
            found = self.client_secret_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"oidc.client_secret_file cannot be read ({error}); check the path") from error
        if not found:
            raise ConfigError(f"oidc.client_secret_file: {self.client_secret_file} is empty: put the secret in")
        return found


class TracingConfig(Section):
    """Traces of requests by OpenTelemetry (needs ``lookout[otel]``)."""

    endpoint: str = Field(pattern=r"^https?://\S+$")
    """Where a collector takes OTLP over HTTP, as in ``http://collector:4318/v1/traces``."""
    share: float = Field(default=0.1, ge=0, le=1)
    """Of the requests that nobody traces already."""


class ContactsConfig(Section):
    """By which channels people can be reached outside the application."""

    channels: tuple[str, ...] = CHANNELS
    """Schemes of Apprise that people may enter themselves. What posts to a host of the writer's choice (``json``,
    ``ntfy``, ``gotify`` …) is left out unless it is added here."""


class WebPushConfig(Section):
    """Web Push (RFC 8030, 8291, 8292): notices to phones whose page is closed. Phones and this machine both have to
    reach the browser makers' push services; browsers want HTTPS."""

    contact: str = Field(pattern=r"^(mailto:\S+@\S+|https://\S+)$")
    """``mailto:…`` or ``https://…``: whom a push service asks when something is wrong."""
    key_file: Path
    """The key that names this site to push services: ``lookout-server web-push key > secrets/web-push.pem``. The same
    for all dispatchers of the site; with another one everybody has to turn it on again."""
    services: tuple[str, ...] = PUSH_SERVICES
    """Hosts, or ``*.`` and what they end with, to which messages are posted; a phone that names another is refused."""

    def key(self) -> str:
        """The key as PEM; ConfigError when the file cannot be read."""
        try:
            return self.key_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"web_push.key_file cannot be read ({error}): `lookout-server web-push key > {self.key_file}` makes one"
            ) from error
