"""The requests of webhooks, and the loop that sends them."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog

from lookout_server.domain.webhook import answered
from lookout_server.errors import DeliveryError, RefusedError, StoreError
from lookout_server.ports import Clock, Store
from lookout_server.services.webhooks import Webhooks

if TYPE_CHECKING:
    import httpx

LOOK_EVERY_S = 0.5
TIMEOUT_S = 10.0
#: Of the 4xx these mean "later".
_LATER = frozenset({408, 409, 425, 429})

_log = structlog.stdlib.get_logger("lookout.webhooks")


class HttpPost:
    """Implements services.webhooks.Post. Follows no redirects: the address is the one in the configuration."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None

    async def send(self, url: str, headers: dict[str, str], body: bytes) -> None:
        """Any 2xx is a yes."""
        # Here, since most sites have no webhook, and a start is faster without it.
        import httpx

        if self._client is None:
            self._client = httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)
        try:
            response = await self._client.post(url, headers=headers, content=body)
        except httpx.HTTPError as error:
            raise DeliveryError(f"{type(error).__name__}: {error}") from error
        if response.is_success:
            return
        text = answered(response.status_code, response.reason_phrase)
        if response.is_client_error and response.status_code not in _LATER:
            raise RefusedError(text)
        raise DeliveryError(text)

    async def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            await self._client.aclose()


async def run_webhooks(relays: Mapping[str, Webhooks], store: Store, *, clock: Clock) -> None:
    """Send what is due, until cancelled: each receiver's relay by itself, so that a slow one holds up no other."""
    async with asyncio.TaskGroup() as group:
        for name, webhooks in relays.items():
            group.create_task(_run(name, webhooks, store, clock), name=f"webhook {name}")


async def _run(name: str, webhooks: Webhooks, store: Store, clock: Clock) -> None:
    """One dispatcher at a time, so that the order holds."""
    while True:
        more = False
        try:
            async with store.alone(f"webhook {name}") as alone:
                more = alone and await webhooks.carry(clock.now())
        except StoreError as error:
            _log.error("webhooks cannot be read; trying again", error=str(error))
        if not more:
            await asyncio.sleep(LOOK_EVERY_S)
