"""A small certificate authority for the boxes of one site: X.509 (RFC 5280), P-256 keys, one revocation list.

Its key lies in the data folder and signs nothing but the broker's own certificate and those of enrolled gateways.
"""

import ipaddress
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lookout_server.adapters.files import alone_with, write_private
from lookout_server.errors import ConfigError, InvalidError
from lookout_server.ports import IssuedCertificate

_CA_LASTS = timedelta(days=3650)
#: As long as browsers and operating systems accept from anybody.
_LASTS = timedelta(days=825)
#: The broker's certificate is made anew at a start when it has less than this left.
_RENEW_BEFORE = timedelta(days=90)
#: A box whose clock is a little behind must not take its new certificate for one of tomorrow.
_BACKDATED = timedelta(hours=1)
_CURVE = ec.SECP256R1


class Authority:
    """The authority in ``folder``; made at first use, its key readable by its owner only."""

    def __init__(self, folder: Path, *, site: str, now: datetime) -> None:
        self._folder = folder
        key_file = folder / "ca.key"
        if not key_file.exists():
            self._make(site, now)
        try:
            key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
            self._certificate = x509.load_pem_x509_certificate(self.file.read_bytes())
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"the certificate authority in {folder} cannot be read ({error}); put its backup in its place: made "
                f"anew, every gateway would have to be enrolled again"
            ) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ConfigError(f"{key_file} is not a key that this authority made; put its backup in its place")
        self._key = key

    @property
    def file(self) -> Path:
        """The authority's own certificate, for those who check ours."""
        return self._folder / "ca.pem"

    @property
    def revocations(self) -> Path:
        """The revocation list; it exists once ``publish_revocations`` was called."""
        return self._folder / "crl.pem"

    @property
    def server_files(self) -> tuple[Path, Path]:
        """The broker's certificate and key; they exist once ``issue_server`` was called."""
        return self._folder / "broker.pem", self._folder / "broker.key"

    @property
    def pem(self) -> str:
        """The authority's own certificate."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the authority's certificate (DER), lower-case hexadecimal."""
        return self._certificate.fingerprint(hashes.SHA256()).hex()

    def issue(self, gateway: str, request: str, *, now: datetime, lasts: timedelta = _LASTS) -> IssuedCertificate:
        """Sign the key of a request (PEM, PKCS #10) for that gateway, whatever name the request asks for.

        InvalidError when it is no request, or its sender does not hold the key.
        """
        key = _requested_key(request)
        serial = x509.random_serial_number()
        builder = self._builder(_named(gateway), key, now, lasts, serial)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        made = builder.sign(self._key, hashes.SHA256())
        return IssuedCertificate(
            serial=f"{serial:x}", expires_at=made.not_valid_after_utc, pem=_pem(made), authority=self.pem
        )

    def issue_server(self, hosts: Sequence[str], *, now: datetime) -> None:
        """See that the broker has a certificate for these names and addresses which lasts a while longer."""
        certificate_file, key_file = self.server_files
        if certificate_file.exists() and key_file.exists() and _fits(certificate_file, hosts, now):
            return
        key = ec.generate_private_key(_CURVE())
        builder = self._builder(_named(hosts[0]), key.public_key(), now, _LASTS, x509.random_serial_number())
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(host) for host in hosts]), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        write_private(key_file, _key_pem(key))
        write_private(certificate_file, _pem(builder.sign(self._key, hashes.SHA256())))

    def publish_revocations(self, serials: Collection[str], *, now: datetime) -> None:
        """Have the list of the revoked certificates name these, too; one that does already stays as it is.

        It names all that it ever named: of two who revoke at a time the later one to write may know less.
        """
        with alone_with(self.revocations):
            held = _revoked(self.revocations) if self.revocations.exists() else None
            if held is None or not held.issuperset(serials):
                self._write_revocations({*serials, *(held or ())}, now)

    def _write_revocations(self, serials: Collection[str], now: datetime) -> None:
        builder = x509.CertificateRevocationListBuilder(
            issuer_name=self._certificate.subject, last_update=now - _BACKDATED, next_update=now + _CA_LASTS
        )
        for serial in sorted(serials):
            entry = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(now)
            builder = builder.add_revoked_certificate(entry.build())
        made = builder.sign(self._key, hashes.SHA256())
        write_private(self.revocations, made.public_bytes(serialization.Encoding.PEM).decode())

    def _make(self, site: str, now: datetime) -> None:
        key = ec.generate_private_key(_CURVE())
        name = _named(f"Lookout {site}")
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        made = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - _BACKDATED)
            .not_valid_after(now + _CA_LASTS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        write_private(self.file, _pem(made))
        write_private(self._folder / "ca.key", _key_pem(key))

    def _builder(
        self, name: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, lasts: timedelta, serial: int
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder(self._certificate.subject, name, key, serial)
            .not_valid_before(min(now, now + lasts) - _BACKDATED)
            .not_valid_after(now + lasts)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )


def _requested_key(request: str) -> ec.EllipticCurvePublicKey:
    try:
        found = x509.load_pem_x509_csr(request.encode())
        holds = found.is_signature_valid
    except (ValueError, InvalidSignature) as error:
        raise InvalidError("the certificate request is no PEM-encoded PKCS #10 request") from error
    key = found.public_key()
    if not holds or not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, _CURVE):
        raise InvalidError("the certificate request must be for a P-256 key and be signed with it")
    return key


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _fits(file: Path, hosts: Sequence[str], now: datetime) -> bool:
    try:
        found = x509.load_pem_x509_certificate(file.read_bytes())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    return set(names) == {_general(host) for host in hosts} and found.not_valid_after_utc - now > _RENEW_BEFORE


def _revoked(file: Path) -> set[str]:
    try:
        return {f"{entry.serial_number:x}" for entry in x509.load_pem_x509_crl(file.read_bytes())}
    except ValueError:
        return set()


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    encoding, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, kind, serialization.NoEncryption()).decode()
