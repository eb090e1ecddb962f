"""Who may see the page: the machine itself, or whoever shows the token."""

import base64
import binascii
import hmac

from lookout_edge.domain.hosts import is_loopback


def shows_token(header: str | None, token: str) -> bool:
    """Whether an ``Authorization`` header carries ``token``: as Bearer, or as Basic password under any name."""
    kind, _, value = (header or "").partition(" ")
    shown = value.strip()
    if kind.lower() == "basic":
        try:
            shown = base64.b64decode(shown, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return False
    elif kind.lower() != "bearer":
        return False
    return hmac.compare_digest(shown.encode(), token.encode())


def is_own_name(host: str | None) -> bool:
    """Whether a ``Host`` header names this machine to itself.

    A page of another site whose name resolves to 127.0.0.1 (DNS rebinding) sends its own name.
    """
    name = (host or "").strip()
    return is_loopback(name[1 : name.find("]")] if name.startswith("[") else name.partition(":")[0])
