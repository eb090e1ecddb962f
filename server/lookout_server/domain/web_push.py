"""Web Push: what a browser gives us so that its phone can be told, and what of it is believed."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from lookout_server.errors import InvalidError

#: The services of the browsers that people have. Others are refused: the dispatcher posts where a phone says.
PUSH_SERVICES = (
    "fcm.googleapis.com",
    "*.push.services.mozilla.com",
    "*.notify.windows.com",
    "*.push.apple.com",
    "*.push.samsungosp.com",
)
#: What addresses of this kind begin with; no scheme of other channels does.
PREFIX = "webpush:"
#: Devices of one person.
MOST_DEVICES = 8


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A browser that wants to be told. ``endpoint``: where messages for it go; the keys encrypt them (RFC 8291)."""

    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)

    @property
    def channel(self) -> str:
        """Its name as a channel; says nothing of the endpoint."""
        return f"webpush.{hashlib.sha256(self.endpoint.encode()).hexdigest()[:12]}"

    @property
    def address(self) -> str:
        """As it is kept; a secret, for who has it can disturb."""
        return PREFIX + json.dumps({"endpoint": self.endpoint, "p256dh": self.p256dh, "auth": self.auth})


def is_web_push(address: str) -> bool:
    """Whether an address is one of these."""
    return address.startswith(PREFIX)


def subscription_of(address: str) -> Subscription:
    """What ``Subscription.address`` was made of."""
    return Subscription(**json.loads(address.removeprefix(PREFIX)))


def checked(wanted: Subscription, services: Sequence[str]) -> Subscription:
    """InvalidError unless it leads to one of the services, by HTTPS."""
    parts = urlsplit(wanted.endpoint)
    host = parts.hostname or ""
    known = any(host == each or (each.startswith("*.") and host.endswith(each[1:])) for each in services)
    if parts.scheme != "https" or parts.username is not None or parts.port not in (None, 443) or not known:
        raise InvalidError(
            f"{host or 'this'} is no push service that is known here: web_push.services in server.yaml can have others"
        )
    return wanted
