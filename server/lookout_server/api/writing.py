"""Writing to a client's socket at once, past ASGI, where the HTTP server offers that.

ASGI has no way to ask whether a client takes more: one awaits, in a task of each client. With a thousand of them the
awaiting, through the application's layers and the server's, is most of what a line of the feed costs.
"""

from collections.abc import Callable
from typing import Any, cast

from starlette.types import Scope

#: Key in ``scope["extensions"]``; ``{"write": function}``.
WRITE_NOW = "lookout.write_now"

#: Writes a piece of a body that has begun and has no length; False when that cannot be done now, and nothing of it was
#: written: the connection is full, say. Then it has to be sent as ASGI has it.
WriteNow = Callable[[bytes], bool]


def write_now(scope: Scope) -> WriteNow:
    """What the server offers; where it offers nothing, what never writes."""
    offered = cast(dict[str, dict[str, Any]], scope.get("extensions") or {})
    return cast(WriteNow, offered.get(WRITE_NOW, {}).get("write", _never))


def _never(piece: bytes) -> bool:
    return False
