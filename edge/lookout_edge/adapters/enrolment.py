"""Enrolling this box: a key made here, a one-time code, and the files with which the gateway then gets in."""

import base64
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import httpx
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from lookout_contract.base import Identifier
from lookout_edge.adapters.atomic_file import write_whole
from lookout_edge.adapters.distrust import UNTRUSTED, advice_on
from lookout_edge.errors import EdgeError

_SECRET_CHARACTERS = 16
_TIMEOUT_S = 30.0
_CAMERAS = """\
# Put your cameras here (lookout-edge discover finds them); share/lookout/configs/gateway.example.yaml, where lookout is
# installed, shows every option.
cameras:
  camera-1:
    source: {url: "rtsp://user:password@192.0.2.10:554/stream2"}
    rules:
      - {scenario: unfamiliar_vehicle, dwell_s: 60}
"""


class _Mqtt(BaseModel):
    host: str | None
    port: int
    username: str | None
    password: str | None
    tls: bool


class Enrolled(BaseModel):
    """What the dispatcher answers; see ``enrolGateway`` in its API."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    gateway: str
    site: str
    timezone: str
    mqtt: _Mqtt
    dispatcher_url: str | None
    token: str
    certificate: str | None
    authority: str | None


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """What was written where."""

    gateway: str
    config: Path
    #: False: there was a gateway.yaml already, and ``config`` holds only what has to be taken over into it.
    complete: bool
    #: The gateway.yaml that was there says the same already; only secrets are new.
    again: bool = False


def enrol(url: str, code: str, folder: Path, *, replace: bool = False) -> Enrolment:
    """Use the code up at the dispatcher at ``url`` and write what it gives into ``folder``.

    Where the folder is another gateway's already the dispatcher refuses, unless ``replace``. EdgeError says what to do;
    until the dispatcher has been asked nothing is used up. The key never leaves this box.
    """
    secrets_folder = _prepare(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    given = _ask(url, {"code": code, "request": _request(key)}, None if replace else _gateway_of(folder))
    _check_authority(given, code)
    files: dict[str, str] = {"upload-token": given.token}
    if given.certificate is not None and given.authority is not None:
        files |= {"gateway.key": _key_pem(key), "gateway.pem": given.certificate, "authority.pem": given.authority}
    if given.mqtt.password is not None:
        files["mqtt-password"] = given.mqtt.password
    own = folder / "gateway.yaml"
    access = _access(given, url)
    whole = not own.exists()
    fits = not whole and _holds(own, access)
    config = own if whole or fits else folder / "access.yaml"
    try:
        for name, text in files.items():
            write_whole(secrets_folder / name, text.rstrip("\n").encode() + b"\n")
        if not fits:
            write_whole(config, (access + (_CAMERAS if whole else "")).encode())
    except OSError as error:
        raise EdgeError(
            f"what the dispatcher gave could not be written to {folder} ({error.strerror}): the code is used up; make "
            f"room and have a new one made"
        ) from error
    return Enrolment(gateway=given.gateway, config=config, complete=whole or fits, again=fits)


def _gateway_of(folder: Path) -> str | None:
    """Which gateway a folder is already, by its configuration or else its certificate; None: neither says it.

    What is no name that a gateway can have names none: that configuration was never one's.
    """
    with suppress(ValidationError):
        return TypeAdapter[str](Identifier).validate_python(_said_in(folder / "gateway.yaml").get("gateway"))
    try:
        certificate = x509.load_pem_x509_certificate((folder / "secrets" / "gateway.pem").read_bytes())
    except (OSError, ValueError):
        return None
    return next((str(each.value) for each in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)), None)


def _holds(config: Path, access: str) -> bool:
    """Whether a configuration that is there says all of ``access`` already: enrolled again, with new secrets."""
    known = _said_in(config)
    wanted = cast(dict[str, object], yaml.safe_load(access))
    return all(known.get(key) == value for key, value in wanted.items())


def _said_in(config: Path) -> Mapping[str, object]:
    """What a configuration says; nothing where there is none, or none that can be read."""
    try:
        there: object = yaml.safe_load(config.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return cast(dict[str, object], there) if isinstance(there, dict) else {}


def _prepare(folder: Path) -> Path:
    """Where secrets go; tried before the code is used up."""
    place = folder / "secrets"
    try:
        place.mkdir(parents=True, exist_ok=True)
        place.chmod(0o700)
        probe = place / ".probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise EdgeError(f"{place} cannot be written to ({error.strerror}): choose another folder with --out") from error
    return place


def _ask(url: str, asked: Mapping[str, str], known_as: str | None) -> Enrolled:
    if not url.startswith(("http://", "https://")):
        raise EdgeError(f"{url} lacks its beginning: write http://{url}, or https:// where the dispatcher has that")
    try:
        # Left out where nothing is known: a dispatcher older than this field takes new boxes as ever.
        body = {**asked, "known_as": known_as} if known_as is not None else asked
        answer = httpx.post(f"{url.rstrip('/')}/api/v1/enrol", json=body, timeout=_TIMEOUT_S)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        why = str(error) or type(error).__name__
        raise EdgeError(f"no dispatcher at {url} ({why}): {_advice(url, why)}") from error
    try:
        if answer.status_code == 409:
            raise EdgeError(
                f"{answer.json()['detail']}; enrol it in a folder of its own with --out, or let it take the "
                "other one's place here with --replace"
            )
        if answer.status_code == 422 and known_as is not None and "known_as" in answer.json()["detail"]:
            # Asked without the field it would use the code up, whosever that is.
            raise EdgeError(
                f"the dispatcher at {url} is older than this box and cannot tell whether the code is for {known_as}, "
                "which this folder is: the code still works; update the dispatcher first, or, where you know that "
                "it is, add --replace"
            )
        if answer.status_code != 200:
            raise EdgeError(f"the dispatcher at {url} refuses: {answer.json()['detail']}")
        return Enrolled.model_validate_json(answer.content)
    except (ValueError, KeyError, ValidationError) as error:
        raise EdgeError(
            f"what answers at {url} is no dispatcher of this version (HTTP {answer.status_code}): check the address"
        ) from error


def _advice(url: str, why: str) -> str:
    """What to try after ``why``, which is OpenSSL's, the resolver's or the system's own words."""
    if (advice := advice_on(why, untrusted=UNTRUSTED)) is not None:
        return advice
    if "SSL" in why and url.startswith("https://"):
        return f"it does not speak TLS there; try http://{url.removeprefix('https://')}"
    if "disconnected" in why:
        return "something else listens at this port, or it wants https://: check the address"
    if "Name or service not known" in why or "name resolution" in why:
        return "nobody knows that name: check it, or write the IP address"
    return "check the address, that it runs, and that no firewall is between"


def _check_authority(given: Enrolled, code: str) -> None:
    """The code's second half names the authority: whoever stands between us and the dispatcher has another one."""
    pin = re.sub(r"[\s-]", "", code).upper()[_SECRET_CHARACTERS:]
    if not pin and given.authority is None:
        return
    try:
        authority = x509.load_pem_x509_certificate((given.authority or "").encode())
        found = base64.b32encode(authority.fingerprint(hashes.SHA256())[:10]).decode()
    except ValueError:
        found = ""
    if found != pin:
        raise EdgeError(
            "whoever answered is not the dispatcher that the code came from: nothing was written; check the address "
            "and the network, then have a new code made"
        )


def _access(given: Enrolled, url: str) -> str:
    mqtt: dict[str, object] = {"host": given.mqtt.host or urlsplit(url).hostname, "port": given.mqtt.port}
    if given.mqtt.username is not None:
        mqtt["username"] = given.mqtt.username
    if given.mqtt.password is not None:
        mqtt["password_file"] = "secrets/mqtt-password"
    if given.mqtt.tls:
        mqtt["tls"] = {"ca": "secrets/authority.pem", "cert": "secrets/gateway.pem", "key": "secrets/gateway.key"}
    values: Mapping[str, object] = {
        "site": given.site,
        "gateway": given.gateway,
        "timezone": given.timezone,
        "data_dir": "data",
        "mqtt": mqtt,
        "dispatcher": {"url": given.dispatcher_url or url.rstrip("/"), "token_file": "secrets/upload-token"},
    }
    return yaml.safe_dump(dict(values), allow_unicode=True, sort_keys=False)


def _request(key: ec.EllipticCurvePrivateKey) -> str:
    # Whose certificate it becomes is the dispatcher's to say: the code decides, not this name.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway")])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    encoding, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, kind, serialization.NoEncryption()).decode()
