"""Web Push (RFC 8030) by pywebpush: encrypted for the one phone (RFC 8291), signed with the site's key (RFC 8292)."""

import asyncio
import base64
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lookout_server.domain.web_push import Subscription, checked, subscription_of
from lookout_server.errors import AddressGoneError, ConfigError, DeliveryError, InvalidError

#: How long a service may take; less than the courier's lease.
TIMEOUT_S = 10.0
#: Messages under way at a time, in threads that wait for nothing else; as many as the courier carries.
AT_ONCE = 10
_AUTH_BYTES = 16
#: How long a service keeps a message for a phone that is off, seconds: later it would be no news.
_KEPT_S = 4 * 3600
#: The subscription ended: the browser forgot it, or the person took the permission back.
_GONE = frozenset({404, 410})
#: Of a message's 4096 bytes encryption takes a hundred or so.
_MOST_BYTES = 3800


class WebPush:
    """Implements services.courier.Channel for addresses of ``domain.web_push``, and offers the public key."""

    def __init__(self, key: str, *, contact: str, services: Sequence[str]) -> None:
        from py_vapid import Vapid, VapidException

        try:
            self._vapid: Any = Vapid.from_pem(key.encode())  # pyright: ignore[reportUnknownMemberType]
            point = self._vapid.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        except (VapidException, ValueError, AttributeError) as error:
            raise ConfigError("web_push.key_file holds no key: make one with `lookout-server web-push key`") from error
        self._contact = contact
        self._services = tuple(services)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="web-push")
        #: The uncompressed point, as browsers want it.
        self.point: bytes = point

    def checked(self, wanted: Subscription) -> Subscription:
        """InvalidError unless messages may go there, and can be encrypted for it."""
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _decoded(wanted.p256dh))
            fits = len(_decoded(wanted.auth)) == _AUTH_BYTES
        except ValueError:
            fits = False
        if not fits:
            raise InvalidError("these are no keys of a browser: send what PushManager.subscribe returned")
        return checked(wanted, self._services)

    async def send(self, address: str, title: str, body: str) -> None:
        """In a thread of its own: the library waits. AddressGoneError when the phone is never to be told again."""
        message = json.dumps({"title": title, "body": _short(body)}, ensure_ascii=False)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._threads, self._send, subscription_of(address), message)

    def _send(self, to: Subscription, message: str) -> None:
        # Not before it is needed: it loads two HTTP clients.
        import pywebpush
        import requests

        library: Any = pywebpush
        try:
            library.webpush(
                subscription_info={"endpoint": to.endpoint, "keys": {"p256dh": to.p256dh, "auth": to.auth}},
                data=message,
                vapid_private_key=self._vapid,
                # The library writes into it.
                vapid_claims={"sub": self._contact},
                headers={"Urgency": "high"},
                ttl=_KEPT_S,
                timeout=TIMEOUT_S,
            )
        except pywebpush.WebPushException as error:
            answer: Any = cast(Any, error).response
            status: int | None = None if answer is None else answer.status_code
            if status in _GONE:
                raise AddressGoneError("the browser has ended the subscription") from error
            raise DeliveryError(f"the push service refused the message ({status or 'no answer'})") from error
        except requests.RequestException as error:
            raise DeliveryError(f"the push service could not be reached ({type(error).__name__})") from error
        except ValueError as error:
            # Of before they were looked at: nothing can be encrypted for these, now or later.
            raise AddressGoneError("the keys of this device are none") from error


def new_key() -> str:
    """A fresh key as PEM."""
    from py_vapid import Vapid

    vapid: Any = Vapid()
    vapid.generate_keys()
    return bytes(vapid.private_pem()).decode()


def _decoded(key: str) -> bytes:
    bare = key.rstrip("=")
    return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))


def _short(text: str) -> str:
    return text.encode()[: _MOST_BYTES // 2].decode(errors="ignore")
