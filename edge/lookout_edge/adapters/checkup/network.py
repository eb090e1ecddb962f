"""Is the broker there and lets this gateway in? Does the dispatcher answer, and do the clocks agree?"""

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path

import httpx
import paho.mqtt.client as mqtt
from cryptography import x509
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from lookout_edge.adapters.broker import SESSION_S, BrokerOptions, secure
from lookout_edge.adapters.distrust import UNTRUSTED, advice_on, clock_says
from lookout_edge.domain.finding import Finding, Grade
from lookout_edge.domain.hosts import is_loopback
from lookout_edge.errors import LinkError

#: Clocks may differ by so much before events look late or early, seconds.
_MOST_SKEW_S = 2.0
_SOON_S = 30 * 86_400.0
#: From here on days say more than seconds.
_LONG_S = 86_400.0
_CLOCK_ADVICE = "switch on time synchronisation here (timedatectl set-ntp true) and at the dispatcher"


class _Caller:
    """Connects once under a name of its own and leaves nothing behind.

    Brokers that take the user's name for the client's (the dispatcher's does) give it the session of the running
    gateway, which loses its connection for a moment: that session is left as it was found.
    """

    def __init__(self, options: BrokerOptions, name: str) -> None:
        self._options, self._name = options, name
        self._done = threading.Event()
        self.refusal: str | None = None
        self.granted: list[ReasonCode] | None = None
        self._is_ours = True
        self.client = self._client(clean=None if options.version == 5 else False)
        self.client.on_connect = self._connected
        self.client.on_subscribe = self._subscribed

    def call(self, filters: Sequence[str]) -> bool:
        """Connect and subscribe; False when the broker says nothing in time."""
        self._filters = filters
        options = self._options
        self.client.connect_timeout = options.connect_timeout_s
        if options.version == 5:
            kept = _expiry(PacketTypes.CONNECT, SESSION_S)
            self.client.connect(options.host, options.port, options.keepalive_s, clean_start=False, properties=kept)
        else:
            self.client.connect(options.host, options.port, options.keepalive_s)
        self.client.loop_start()
        try:
            return self._done.wait(2 * options.connect_timeout_s)
        finally:
            self._leave()

    def _client(self, *, clean: bool | None) -> mqtt.Client:
        is_v5 = self._options.version == 5
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._name,
            clean_session=clean,
            protocol=MQTTProtocolVersion.MQTTv5 if is_v5 else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        if self._options.username is not None:
            client.username_pw_set(self._options.username, self._options.password)
        secure(client, self._options.tls)
        return client

    def _leave(self) -> None:
        is_v5 = self._options.version == 5
        self.client.disconnect(properties=_expiry(PacketTypes.DISCONNECT, 0) if is_v5 and self._is_ours else None)
        self.client.loop_stop()
        if self._is_ours and not is_v5 and self.refusal is None and self.granted is not None:
            # Before MQTT 5 only a clean connection under the same name removes what this one has left.
            self._done.clear()
            self._again()

    def _again(self) -> None:
        cleaner = self._client(clean=True)
        cleaner.on_connect = self._cleaned
        cleaner.connect(self._options.host, self._options.port, self._options.keepalive_s)
        cleaner.loop_start()
        self._done.wait(self._options.connect_timeout_s)
        cleaner.disconnect()
        cleaner.loop_stop()

    def _cleaned(
        self, client: mqtt.Client, data: object, flags: mqtt.ConnectFlags, code: ReasonCode, props: Properties | None
    ) -> None:
        self._done.set()

    def _connected(
        self, client: mqtt.Client, data: object, flags: mqtt.ConnectFlags, code: ReasonCode, props: Properties | None
    ) -> None:
        self._is_ours = not flags.session_present
        if code.is_failure:
            self.refusal = str(code)
            self._done.set()
        else:
            client.subscribe([(each, 1) for each in self._filters])

    def _subscribed(
        self, client: mqtt.Client, data: object, number: int, codes: list[ReasonCode], props: Properties | None
    ) -> None:
        self.granted = codes
        self._done.set()


def _expiry(packet: int, seconds: int) -> Properties:
    properties = Properties(packet)
    properties.SessionExpiryInterval = seconds
    return properties


def check_broker(options: BrokerOptions, *, name: str, filters: Sequence[str]) -> Finding:
    """Connect as this gateway would and subscribe to what it needs."""
    failed = partial(Finding, Grade.FAIL, "broker")
    begun = time.monotonic()
    try:
        caller = _Caller(options, name)
        answered = caller.call(filters)
    except LinkError as error:
        return failed(str(error), "correct mqtt.tls")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        untrusted = "correct mqtt.tls.ca: it has to be the authority that signed the broker's certificate"
        advice = advice_on(why, untrusted=untrusted) or "start it, or correct mqtt.host, mqtt.port and mqtt.tls"
        return failed(f"no connection to {options.address}: {why}", advice)
    if caller.refusal is not None:
        advice = "correct mqtt.username and the password, or enrol this box again"
        return failed(f"{options.address} refuses this gateway: {caller.refusal}", advice)
    if not answered and options.tls is not None and options.tls.cert is not None:
        text = f"{options.address} hangs up, or does not answer as MQTT broker"
        advice = "if mqtt.port is right, this box's certificate may have been revoked: enrol it again"
        return failed(text, advice)
    if not answered:
        text = f"{options.address} does not answer as MQTT broker"
        return failed(text, "check mqtt.port, and whether it wants TLS")
    denied = [each for each, code in zip(filters, caller.granted or [], strict=False) if code.is_failure]
    if denied:
        advice = "correct the broker's access list for this gateway"
        return failed(f"it may not subscribe to {', '.join(denied)}", advice)
    if options.tls is None and not is_loopback(options.host):
        text = f"{options.address} lets it in, without encryption"
        return Finding(Grade.WARN, "broker", text, "use TLS: `lookout-server gateway enrol` makes certificates")
    return Finding(Grade.OK, "broker", f"{options.address} lets it in ({time.monotonic() - begun:.2f} s)")


def check_dispatcher(url: str, *, timeout_s: float = 8.0) -> list[Finding]:
    """Whether it answers, and how far its clock is from this one."""
    begun = time.time()
    try:
        response = httpx.get(f"{url.rstrip('/')}/healthz", timeout=timeout_s)
    except httpx.HTTPError as error:
        advice = advice_on(str(error), untrusted=UNTRUSTED) or (
            "correct dispatcher.url, or start it; until then events arrive without pictures"
        )
        return [Finding(Grade.FAIL, "dispatcher", f"{url} does not answer: {error}", advice)]
    took_s = time.time() - begun
    if not response.is_success:
        text = f"{url} answers {response.status_code} to /healthz"
        found = [Finding(Grade.FAIL, "dispatcher", text, "is this the dispatcher's address? Look at its log")]
    else:
        found = [Finding(Grade.OK, "dispatcher", f"{url} answers ({took_s:.2f} s)")]
    told = response.headers.get("date")
    if told:
        found.append(_clock(parsedate_to_datetime(told).timestamp(), begun, took_s))
    return found


def _clock(theirs: float, begun: float, took_s: float) -> Finding:
    # The header has whole seconds, cut off.
    skew_s = begun + took_s / 2 - (theirs + 0.5)
    apart = f"{abs(skew_s):.1f} s" if abs(skew_s) < _LONG_S else f"{abs(skew_s) / 86_400:.1f} days"
    text = f"this box is {apart} {'ahead of' if skew_s > 0 else 'behind'} the dispatcher: its clock says {clock_says()}"
    if abs(skew_s) > _MOST_SKEW_S + took_s:
        return Finding(Grade.FAIL, "clock", text, _CLOCK_ADVICE)
    return Finding(Grade.OK, "clock", "agrees with the dispatcher's to about a second")


def check_certificates(files: Sequence[Path], *, now: datetime | None = None) -> list[Finding]:
    """When certificates end."""
    now = now or datetime.now(UTC)
    found: list[Finding] = []
    for path in files:
        subject = f"certificate {path.name}"
        try:
            certificate = x509.load_pem_x509_certificate(path.read_bytes())
        except (OSError, ValueError) as error:
            found.append(Finding(Grade.FAIL, subject, f"{path} cannot be read: {error}", "enrol this box again"))
            continue
        begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if now < begins:
            text = f"valid from {begins:%Y-%m-%d %H:%M} UTC on, and this box's clock says {now:%Y-%m-%d %H:%M} UTC"
            found.append(Finding(Grade.FAIL, subject, text, _CLOCK_ADVICE))
            continue
        left_s = (ends - now).total_seconds()
        text = f"valid until {ends:%Y-%m-%d}"
        grade = Grade.FAIL if left_s <= 0 else Grade.WARN if left_s < _SOON_S else Grade.OK
        found.append(Finding(grade, subject, text, "" if grade is Grade.OK else "enrol this box again before it ends"))
    return found
