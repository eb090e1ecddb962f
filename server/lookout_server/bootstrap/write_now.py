"""uvicorn's HTTP connections, which offer whoever answers to write to the socket at once."""

import asyncio
import os
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lookout_server.api.routes.feed import WRITE_NOW


class WriteNowProtocol(HttpToolsProtocol):
    """Its requests carry ``WRITE_NOW`` among ASGI's extensions, see there."""

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        # The protocol that uvicorn hands this to is a plain dict for it.
        cast(dict[str, Any], self.scope)["extensions"] = {WRITE_NOW: _Connection(self.transport).write_now}


class _Connection:
    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._file = int(transport.get_extra_info("socket").fileno())

    def write_now(self, body: bytes) -> bool:
        # Behind what waits already, or on a descriptor that may be somebody else's by now, nothing may be written.
        if self._transport.is_closing() or self._transport.get_write_buffer_size():
            return False
        piece = b"%x\r\n%b\r\n" % (len(body), body)
        try:
            taken = os.write(self._file, piece)
        except OSError:
            return False
        if taken < len(piece):
            self._transport.write(piece[taken:])
        return True
