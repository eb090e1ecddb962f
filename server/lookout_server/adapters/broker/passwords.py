"""Broker passwords as Mosquitto stores them: PBKDF2-HMAC-SHA512, written ``$7$rounds$salt$hash``.

Both embedded brokers read the same file, so an account works whichever of them is installed.
"""

import base64
import binascii
import hashlib
import hmac

#: Tokens are random and long, so the work factor only has to match what Mosquitto itself writes.
ROUNDS = 101
SALT_BYTES = 12
_HASH_BYTES = 64


def hash_password(password: str, *, salt: bytes, rounds: int = ROUNDS) -> str:
    """The ``$7$`` form of a password. ``salt`` is random, 12 bytes."""
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds, _HASH_BYTES)
    return f"$7${rounds}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def verify_password(password: str, stored: str) -> bool:
    """Whether the password fits; a malformed stored form fits nothing."""
    parts = stored.split("$")
    if len(parts) != 5 or parts[:2] != ["", "7"] or not parts[2].isdigit() or int(parts[2]) < 1:
        return False
    try:
        salt, digest = base64.b64decode(parts[3], validate=True), base64.b64decode(parts[4], validate=True)
    except binascii.Error:
        return False
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, int(parts[2]), len(digest) or _HASH_BYTES)
    return hmac.compare_digest(made, digest)
