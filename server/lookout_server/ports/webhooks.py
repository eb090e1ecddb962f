"""What webhooks need of the database."""

from collections.abc import Sequence
from typing import Protocol

from lookout_server.domain.webhook import HookState, SetAside


class WebhookRepository(Protocol):
    """How far each receiver has heard, and what was set aside for it."""

    async def state(self, name: str) -> HookState | None:
        """None before the first look."""
        ...

    async def save(self, state: HookState) -> None:
        """Insert or update."""
        ...

    async def keep(self, letter: SetAside) -> None:
        """Set a message aside."""
        ...

    async def set_aside(self, name: str) -> Sequence[SetAside]:
        """In the order of the feed."""
        ...

    async def forget(self, letter: SetAside) -> None:
        """It got through, or need not."""
        ...
