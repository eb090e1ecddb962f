"""Boxes with certificates against a real Mosquitto: who comes in, what they may do, and who is shut out."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from paho.mqtt.enums import CallbackAPIVersion

from lookout_server.adapters.authority import Authority
from lookout_server.adapters.broker.access import DISPATCHER
from lookout_server.adapters.broker.engines import AmqttEngine, BrokerPlace, MosquittoEngine, TlsDoor, find_mosquitto
from lookout_server.adapters.broker.testing import SITE, RunningBroker
from lookout_server.adapters.listening import free_port
from lookout_server.adapters.mqtt.testing import Probe
from lookout_server.errors import BrokerError, ConfigError, InvalidError

BASE = f"lookout/v1/{SITE}/gateway"
NOW = datetime.now(UTC)


def key_and_request() -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    return pem.decode(), request.public_bytes(serialization.Encoding.PEM).decode()


@dataclass
class Site:
    """A broker with a door for certificates, and the authority behind it."""

    folder: Path
    broker: RunningBroker
    authority: Authority
    port: int

    def box(self, name: str, *, lasts: timedelta = timedelta(days=1), by: Authority | None = None) -> tuple[Path, str]:
        """PEM file with certificate and key, and the serial number."""
        key, request = key_and_request()
        issued = (by or self.authority).issue(name, request, now=NOW, lasts=lasts)
        file = self.folder / f"{name}-{issued.serial}.pem"
        file.write_text(issued.pem + key, encoding="utf-8")
        return file, issued.serial

    def probe(self, name: str, certificate: Path | None) -> Probe:
        probe = Probe(host="127.0.0.1", port=self.port, client_id=name, timeout_s=20)
        context = ssl.create_default_context(cafile=self.authority.file)
        if certificate is not None:
            context.load_cert_chain(certificate)
        probe.secure(context)
        return probe

    def lets_in(self, certificate: Path | None) -> bool:
        """Whether the door opens: a broker that does not know us ends the connection during or after the handshake."""
        client = paho.Client(CallbackAPIVersion.VERSION2)
        context = ssl.create_default_context(cafile=self.authority.file)
        if certificate is not None:
            context.load_cert_chain(certificate)
        client.tls_set_context(context)  # pyright: ignore[reportUnknownMemberType]
        try:
            client.connect("127.0.0.1", self.port)
            for _ in range(40):
                if client.loop(0.25) is not paho.MQTT_ERR_SUCCESS:
                    return False
                if client.is_connected():
                    return True
        except OSError:
            return False
        finally:
            client.disconnect()
        return False


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    executable = find_mosquitto()
    if executable is None:
        pytest.skip("mosquitto is not installed")
    authority = Authority(tmp_path / "authority", site=SITE, now=NOW)
    authority.issue_server(["127.0.0.1", "broker.test"], now=NOW)
    authority.publish_revocations([], now=NOW)
    certificate, key = authority.server_files
    door = TlsDoor(
        bind="127.0.0.1",
        port=free_port("127.0.0.1"),
        ca=authority.file,
        certificate=certificate,
        key=key,
        revocations=authority.revocations,
    )
    broker = RunningBroker(MosquittoEngine(executable), tmp_path / "broker", tls=door)
    yield Site(tmp_path, broker, authority, door.port)
    broker.close()


def test_only_certificates_of_this_site_that_are_valid_open_the_door(site: Site, tmp_path: Path) -> None:
    good, _ = site.box("gw-a")
    expired, _ = site.box("gw-a", lasts=timedelta(hours=-1))
    stranger, _ = site.box("gw-a", by=Authority(tmp_path / "other", site=SITE, now=NOW))
    assert site.lets_in(good)
    assert not site.lets_in(expired)
    assert not site.lets_in(stranger)
    assert not site.lets_in(None)


def test_a_box_is_the_gateway_of_its_certificate_and_stays_in_its_subtree(site: Site) -> None:
    certificate, _ = site.box("gw-c")
    with site.broker.probe(DISPATCHER) as dispatcher, site.probe("anything", certificate) as box:
        dispatcher.subscribe("lookout/v1/#")
        box.subscribe("#", f"{BASE}/gw-a/#", f"{BASE}/gw-c/receipt", f"{BASE}/gw-c/status")
        for name in ("gw-a", "gw-c"):
            box.publish(f"{BASE}/{name}/receipt", b"forged")
            box.publish(f"{BASE}/{name}/status", b"said")
            dispatcher.publish(f"{BASE}/{name}/receipt", b"real")
        box.wait_for(f"{BASE}/gw-c/receipt")
        dispatcher.wait_for(f"{BASE}/gw-c/receipt")
        assert [(each.topic, each.payload) for each in box.heard] == [(f"{BASE}/gw-c/receipt", b"real")]
        assert sorted((each.topic, each.payload) for each in dispatcher.heard) == [
            (f"{BASE}/gw-a/receipt", b"real"),
            (f"{BASE}/gw-c/receipt", b"real"),
            (f"{BASE}/gw-c/status", b"said"),
        ]


def test_a_revoked_certificate_loses_its_connection_and_does_not_come_back(site: Site) -> None:
    revoked, serial = site.box("gw-a")
    kept, _ = site.box("gw-b")
    with site.probe("gw-a", revoked) as box:
        site.authority.publish_revocations([serial], now=NOW)
        site.broker.run_watch_until(lambda: not box.connected and site.lets_in(kept))
    assert not site.lets_in(revoked)


def test_publishing_the_same_list_again_changes_nothing(tmp_path: Path) -> None:
    authority = Authority(tmp_path, site=SITE, now=NOW)
    authority.publish_revocations(["a1", "ff"], now=NOW)
    stamp = authority.revocations.stat().st_mtime_ns
    authority.publish_revocations(["ff", "a1"], now=NOW + timedelta(days=1))
    assert authority.revocations.stat().st_mtime_ns == stamp


def test_of_two_who_revoke_at_once_none_takes_the_others_back(tmp_path: Path) -> None:
    """Each has read from the database what is revoked, and the one that read first writes last."""
    authority = Authority(tmp_path, site=SITE, now=NOW)
    authority.publish_revocations(["a1", "ff"], now=NOW)
    authority.publish_revocations(["a1"], now=NOW)
    listed = x509.load_pem_x509_crl(authority.revocations.read_bytes())
    assert {f"{entry.serial_number:x}" for entry in listed} == {"a1", "ff"}


def test_the_brokers_certificate_is_renewed_in_time_and_for_new_names(tmp_path: Path) -> None:
    authority = Authority(tmp_path, site=SITE, now=NOW)

    def made(hosts: list[str], now: datetime) -> bytes:
        authority.issue_server(hosts, now=now)
        return authority.server_files[0].read_bytes()

    first = made(["a.test"], NOW)
    assert made(["a.test"], NOW + timedelta(days=700)) == first
    second = made(["a.test", "192.0.2.1"], NOW)
    assert second != first
    assert made(["a.test", "192.0.2.1"], NOW + timedelta(days=800)) != second


def test_the_authority_is_the_same_after_a_restart_and_is_not_replaced_when_broken(tmp_path: Path) -> None:
    first = Authority(tmp_path, site=SITE, now=NOW)
    assert Authority(tmp_path, site=SITE, now=NOW).fingerprint == first.fingerprint
    assert (tmp_path / "ca.key").stat().st_mode & 0o077 == 0
    (tmp_path / "ca.key").write_text("nonsense", encoding="utf-8")
    with pytest.raises(ConfigError, match="put its backup in its place"):
        Authority(tmp_path, site=SITE, now=NOW)


def test_what_is_no_request_for_a_key_of_its_sender_is_refused(tmp_path: Path) -> None:
    authority = Authority(tmp_path, site=SITE, now=NOW)
    _, request = key_and_request()
    with pytest.raises(InvalidError, match="no PEM-encoded"):
        authority.issue("gw-a", "nonsense", now=NOW)
    body = request.replace("\n", "").removeprefix("-----BEGIN CERTIFICATE REQUEST-----")
    swapped = body[:60] + ("A" if body[60] != "A" else "B") + body[61:]
    with pytest.raises(InvalidError):
        authority.issue("gw-a", f"-----BEGIN CERTIFICATE REQUEST-----\n{swapped}", now=NOW)


def test_amqtt_says_that_it_cannot(tmp_path: Path) -> None:
    door = TlsDoor(bind="", port=1, ca=tmp_path, certificate=tmp_path, key=tmp_path, revocations=tmp_path)
    place = BrokerPlace(site=SITE, bind="127.0.0.1", port=1, folder=tmp_path, tls=door)
    with pytest.raises(BrokerError, match="needs Mosquitto"):
        AmqttEngine().prepare(place)
