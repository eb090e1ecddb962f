"""Telling other systems by HTTP what changed: how far each has heard, when it is tried again, and the signature.

Signatures follow Standard Webhooks 1.0 (standardwebhooks.com): HMAC-SHA256 over ``id.timestamp.body``.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

#: Waits between attempts; the last one repeats.
PAUSES = tuple(timedelta(seconds=s) for s in (2, 5, 15, 60, 300, 900, 3600))
#: A message that its receiver refuses (4xx) so often is set aside, so that the others get through.
MOST_REFUSALS = 8
PREFIX = "whsec_"
_ANSWER = re.compile(r"it answers (\d{3})\b")
#: Bytes of a secret: fewer can be guessed.
LEAST_SECRET = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class HookState:
    """How far a receiver has heard. ``seq`` is the last line of the feed that is done with."""

    name: str
    seq: int
    attempts: int = 0
    next_at: datetime | None = None
    #: Since when nothing gets through; None while all is well.
    failing_since: datetime | None = None
    last_error: str | None = None
    delivered: int = 0
    last_at: datetime | None = None

    def done(self, seq: int, at: datetime, *, delivered: bool) -> "HookState":
        """Line ``seq`` is delivered, or need not be."""
        if not delivered:
            return replace(self, seq=seq)
        fresh = replace(self, seq=seq, attempts=0, next_at=None, failing_since=None, last_error=None)
        return replace(fresh, delivered=self.delivered + 1, last_at=at)

    def failed(self, error: str, at: datetime) -> "HookState":
        """It did not get through; when it is tried again."""
        pause = PAUSES[min(self.attempts, len(PAUSES) - 1)]
        return replace(
            self,
            attempts=self.attempts + 1,
            next_at=at + pause,
            failing_since=self.failing_since or at,
            last_error=error[:500],
        )

    def waits(self, at: datetime) -> bool:
        """Whether it is too early for another attempt. Longer than the longest pause nobody waits: the clock that said
        so has been set back since."""
        return self.next_at is not None and at < self.next_at <= at + PAUSES[-1]

    def set_aside(self, seq: int) -> "HookState":
        """Line ``seq`` was refused for good; go on with the next."""
        return replace(self, seq=seq, attempts=0, next_at=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A message that its receiver refuses, kept until somebody sends it again."""

    hook: str
    seq: int
    at: datetime
    error: str


def answered(status: int, phrase: str) -> str:
    """What is noted of an answer that is no yes."""
    return f"it answers {status} {phrase}".rstrip()


def status_of(error: str | None) -> int | None:
    """The HTTP status of such an answer; None: there was none, the receiver could not be reached."""
    found = _ANSWER.match(error or "")
    return int(found[1]) if found else None


def written_secret(secret: bytes) -> str:
    """A secret as it is written down."""
    return PREFIX + base64.b64encode(secret).decode()


def secret_bytes(written: str) -> bytes:
    """A secret as it is written down, ``whsec_`` and base64. ValueError says what is wrong."""
    try:
        secret = base64.b64decode(written.strip().removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError(f"a secret is {PREFIX} and base64, as `lookout-server webhook secret` prints it") from error
    if len(secret) < LEAST_SECRET:
        raise ValueError(f"a secret has at least {LEAST_SECRET} bytes")
    return secret


def signed(secrets: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The header ``webhook-signature``: one signature for each secret, so that a receiver can change over."""
    content = f"{message_id}.{timestamp}.".encode() + body
    digests = (hmac.new(secret, content, hashlib.sha256).digest() for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
