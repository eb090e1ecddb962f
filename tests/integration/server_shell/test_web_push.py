"""Web Push against a push service of our own: only the phone can read it, only the site can have sent it."""

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, cast

import http_ece
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lookout_server.adapters.notify import Channels
from lookout_server.adapters.web_push import WebPush, new_key
from lookout_server.domain.web_push import PUSH_SERVICES, Subscription, checked, subscription_of
from lookout_server.errors import AddressGoneError, ConfigError, DeliveryError, InvalidError

pytestmark = pytest.mark.anyio

_AUTH = b"sixteen bytes ok"


class _Service(BaseHTTPRequestHandler):
    seen: list[tuple[dict[str, str], bytes]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(int(self.path.rsplit("/", 1)[-1]))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@dataclass(frozen=True)
class Phone:
    """A browser with keys of its own, told by the service at ``base``."""

    key: ec.EllipticCurvePrivateKey
    base: str

    def subscribed(self, answer: int) -> Subscription:
        """A subscription to whose messages the service answers so."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return Subscription(endpoint=f"{self.base}/push/{answer}", p256dh=_text(point), auth=_text(_AUTH))


@pytest.fixture
def phone() -> Iterator[Phone]:
    _Service.seen.clear()
    server = HTTPServer(("127.0.0.1", 0), _Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Phone(ec.generate_private_key(ec.SECP256R1()), f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    thread.join()
    server.server_close()


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _push() -> WebPush:
    return WebPush(new_key(), contact="mailto:duty@lookout.example", services=PUSH_SERVICES)


async def test_the_phone_alone_reads_it_and_the_site_has_signed_it(phone: Phone) -> None:
    push = _push()
    await Channels((), push).send(phone.subscribed(201).address, "【守望哨】新任务：垃圾 · 东门，请签收", "New task")
    ((headers, body),) = _Service.seen
    shown = cast("Any", http_ece).decrypt(body, private_key=phone.key, auth_secret=_AUTH)
    assert json.loads(shown) == {"title": "【守望哨】新任务：垃圾 · 东门，请签收", "body": "New task"}
    assert "垃圾".encode() not in body
    assert (headers["content-encoding"], headers["urgency"]) == ("aes128gcm", "high")
    scheme, _, rest = headers["authorization"].partition(" ")
    token, key = (part.split("=", 1)[1] for part in rest.split(","))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), push.point)
    said = jwt.decode(token, public, algorithms=["ES256"], audience=phone.base)
    assert (scheme, key, said["sub"]) == ("vapid", _text(push.point), "mailto:duty@lookout.example")


@pytest.mark.parametrize(("answer", "error"), [(410, AddressGoneError), (404, AddressGoneError), (500, DeliveryError)])
async def test_what_the_service_refuses_is_no_delivery(phone: Phone, answer: int, error: type[DeliveryError]) -> None:
    with pytest.raises(DeliveryError) as caught:
        await _push().send(phone.subscribed(answer).address, "t", "b")
    assert type(caught.value) is error
    assert phone.base not in str(caught.value)


async def test_a_service_that_is_away_is_no_delivery(phone: Phone) -> None:
    nobody = Subscription(endpoint="http://127.0.0.1:1/x", p256dh=phone.subscribed(201).p256dh, auth=_text(_AUTH))
    with pytest.raises(DeliveryError, match="could not be reached"):
        await _push().send(nobody.address, "t", "b")
    with pytest.raises(DeliveryError, match="not set up"):
        await Channels((), None).send(nobody.address, "t", "b")


@pytest.mark.parametrize(
    ("endpoint", "goes"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/abc", True),
        ("https://web.push.apple.com/abc", True),
        ("http://fcm.googleapis.com/fcm/send/abc", False),
        ("https://fcm.googleapis.com:8443/fcm/send/abc", False),
        ("https://fcm.googleapis.com@10.0.0.1/abc", False),
        ("https://fcm.googleapis.com.example/abc", False),
        ("https://push.apple.com.example/abc", False),
        ("https://127.0.0.1/abc", False),
    ],
)
def test_messages_go_to_the_browsers_services_alone(endpoint: str, goes: bool) -> None:
    wanted = Subscription(endpoint=endpoint, p256dh="p", auth="a")
    assert subscription_of(wanted.address) == wanted
    if goes:
        assert checked(wanted, PUSH_SERVICES) == wanted
    else:
        with pytest.raises(InvalidError, match=r"web_push\.services"):
            checked(wanted, PUSH_SERVICES)


def test_a_key_that_is_none_is_said_so() -> None:
    with pytest.raises(ConfigError, match="lookout-server web-push key"):
        WebPush("no key", contact="mailto:duty@lookout.example", services=())


@pytest.mark.parametrize("p256dh", [_text(b"\x04" + bytes(64)), _text(b"\x04" + b"x" * 45), "p" * 87])
async def test_keys_that_are_none_are_refused_and_those_of_before_are_let_go_of(p256dh: str) -> None:
    push = _push()
    made_up = Subscription(endpoint="https://fcm.googleapis.com/x", p256dh=p256dh, auth=_text(_AUTH))
    with pytest.raises(InvalidError, match="no keys of a browser"):
        push.checked(made_up)
    # Nothing else comes out of it: what the courier does not know ends its round.
    with pytest.raises(DeliveryError):
        await push.send(made_up.address, "t", "b")


async def test_the_keys_of_a_browser_are_taken(phone: Phone) -> None:
    wanted = replace(phone.subscribed(201), endpoint="https://fcm.googleapis.com/x")
    assert _push().checked(wanted) == wanted
    with pytest.raises(InvalidError, match="no keys of a browser"):
        _push().checked(replace(wanted, auth=_text(b"short")))
