"""What to do about a certificate that was not accepted, by OpenSSL's own words."""

from datetime import UTC, datetime

#: About the system's own list of authorities.
UNTRUSTED = (
    "this box does not trust its certificate: add the authority that signed it to the system's own and name that file "
    "in SSL_CERT_FILE"
)


def advice_on(why: str, *, untrusted: str) -> str | None:
    """None when ``why`` is about something else; ``untrusted``: what to do about an unknown authority."""
    if "CERTIFICATE_VERIFY_FAILED" not in why:
        return None
    if "expired" in why or "not yet valid" in why:
        return f"its certificate is out of date, or this box's clock is off: it says {clock_says()}"
    if "mismatch" in why or "not valid for" in why:
        return "its certificate is for another name: write the address as the certificate has it"
    return untrusted


def clock_says() -> str:
    """The time by this box's clock, for a person to compare."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
