"""What a box is told when its enrolment does not come off, by real sockets, and when it is enrolled once more."""

import json
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lookout_edge.adapters.enrolment import enrol
from lookout_edge.errors import EdgeError

GIVEN = """{"gateway": "gw-a", "site": "home", "timezone": "Asia/Shanghai", "dispatcher_url": null, "token": "t-%d",
 "mqtt": {"host": "192.0.2.7", "port": 1883, "username": "gw-a", "password": "p", "tls": false},
 "certificate": null, "authority": null}"""

#: What one answers that is older than ``known_as``.
OLDER = '{"detail": "body.known_as: Extra inputs are not permitted"}'
OTHER = '{"detail": "the code is for gateway gw-a, and this box is another already: the code still works"}'


class Dispatcher(BaseHTTPRequestHandler):
    """Every code is gateway gw-a's."""

    asked = 0
    older = False

    def do_POST(self) -> None:
        Dispatcher.asked += 1
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, text = 200, GIVEN % Dispatcher.asked
        if Dispatcher.older and "known_as" in given:
            status, text = 422, OLDER
        elif given.get("known_as", "gw-a") != "gw-a":
            status, text = 409, OTHER
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Quiet(HTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a handshake that fails is what is tried here


@contextmanager
def listening(context: ssl.SSLContext | None = None) -> Generator[int]:
    server = Quiet(("127.0.0.1", 0), Dispatcher)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def tls(folder: Path, *, name: str, begins: datetime) -> tuple[ssl.SSLContext, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dispatcher")])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, begins, begins + timedelta(days=9))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = builder.sign(key, hashes.SHA256())
    pem, secret = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    return context, pem


def refusal(url: str, folder: Path) -> str:
    with pytest.raises(EdgeError) as caught:
        enrol(url, "ABCD-EFGH-IJKL-MNOP", folder)
    assert not (folder / "gateway.yaml").exists()
    return str(caught.value)


def test_a_wrong_scheme_or_none_is_named_with_the_right_one(tmp_path: Path) -> None:
    assert "write http://192.0.2.1:8080" in refusal("192.0.2.1:8080", tmp_path)
    with listening() as port:
        assert f"does not speak TLS there; try http://127.0.0.1:{port}" in refusal(
            f"https://127.0.0.1:{port}", tmp_path
        )


@pytest.mark.parametrize(
    ("name", "days", "trusted", "says"),
    [
        ("127.0.0.1", -1, False, "does not trust its certificate"),
        ("192.0.2.1", -1, True, "its certificate is for another name"),
        ("127.0.0.1", 3, True, "this box's clock is off"),
        ("127.0.0.1", -30, True, "this box's clock is off"),
    ],
)
def test_a_certificate_that_does_not_hold_says_why(
    name: str, days: int, trusted: bool, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, pem = tls(tmp_path, name=name, begins=datetime.now(UTC) + timedelta(days=days))
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with listening(context) as port:
        assert says in refusal(f"https://127.0.0.1:{port}", tmp_path)


def test_enrolled_once_more_only_secrets_are_new_unless_the_configuration_says_otherwise(tmp_path: Path) -> None:
    with listening() as port:
        url, code = f"http://127.0.0.1:{port}", "ABCD-EFGH-IJKL-MNOP"
        first = enrol(url, code, tmp_path)
        token = (tmp_path / "secrets" / "upload-token").read_text(encoding="utf-8")
        own = (tmp_path / "gateway.yaml").read_text(encoding="utf-8") + "# mine\n"
        (tmp_path / "gateway.yaml").write_text(own, encoding="utf-8")
        second = enrol(url, code, tmp_path)
        assert (first.again, second.again, second.complete) == (False, True, True)
        assert (tmp_path / "secrets" / "upload-token").read_text(encoding="utf-8") != token
        assert (tmp_path / "gateway.yaml").read_text(encoding="utf-8") == own
        assert not (tmp_path / "access.yaml").exists()
        (tmp_path / "gateway.yaml").write_text(own.replace("192.0.2.7", "192.0.2.8"), encoding="utf-8")
        third = enrol(url, code, tmp_path)
    assert (third.again, third.complete, third.config.name) == (False, False, "access.yaml")
    assert yaml.safe_load(third.config.read_text(encoding="utf-8"))["mqtt"]["host"] == "192.0.2.7"


def test_another_gateways_folder_is_left_alone_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    token, config = tmp_path / "secrets" / "upload-token", tmp_path / "gateway.yaml"
    token.write_text("of gw-b")
    config.write_text("gateway: gw-b\nmqtt: {host: 192.0.2.7}\n")
    with listening() as port:
        url = f"http://127.0.0.1:{port}"
        with pytest.raises(EdgeError, match=r"for gateway gw-a, .* with --out, .* with --replace"):
            enrol(url, "ABCD-EFGH-IJKL-MNOP", tmp_path)
        assert (token.read_text(), (tmp_path / "access.yaml").exists()) == ("of gw-b", False)
        made = enrol(url, "ABCD-EFGH-IJKL-MNOP", tmp_path, replace=True)
    assert token.read_text().startswith("t-")
    assert (made.config.name, made.complete) == ("access.yaml", False)
    assert "gw-b" in config.read_text()


def test_where_only_its_certificate_says_which_gateway_a_folder_is_that_counts(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    # Its name is "dispatcher", which is not gw-a either.
    _, pem = tls(tmp_path, name="127.0.0.1", begins=datetime.now(UTC))
    pem.rename(tmp_path / "secrets" / "gateway.pem")
    with listening() as port:
        assert "--replace" in refusal(f"http://127.0.0.1:{port}", tmp_path)


def test_a_dispatcher_that_does_not_know_the_question_is_told_apart_and_the_code_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Dispatcher, "older", True)
    (tmp_path / "gateway.yaml").write_text("gateway: gw-a\n")
    with listening() as port:
        url = f"http://127.0.0.1:{port}"
        with pytest.raises(EdgeError, match=r"older than this box .* for gw-a, .* still works; .* --replace"):
            enrol(url, "ABCD-EFGH-IJKL-MNOP", tmp_path)
        assert not any((tmp_path / "secrets").iterdir())
        assert enrol(url, "ABCD-EFGH-IJKL-MNOP", tmp_path, replace=True).gateway == "gw-a"


def test_what_is_no_gateways_name_is_nobodys_folder(tmp_path: Path) -> None:
    (tmp_path / "gateway.yaml").write_text("gateway: 东门\n", encoding="utf-8")
    with listening() as port:
        made = enrol(f"http://127.0.0.1:{port}", "ABCD-EFGH-IJKL-MNOP", tmp_path)
    assert (made.gateway, made.config.name) == ("gw-a", "access.yaml")
