"""Receivers of webhooks."""

from typing import Any
from urllib.parse import urlsplit

from pydantic import Field

from lookout_server.api.models.base import Model, UtcTime, shown
from lookout_server.domain.webhook import SetAside, status_of
from lookout_server.services.webhooks import HookView

_SET_ASIDE: dict[str, Any] = {
    "seq": 812,
    "at": "2026-11-22T06:00:00.000Z",
    "error": "it answers 422 Unprocessable",
    "status": 422,
}
_EXAMPLE: dict[str, Any] = {
    "name": "property",
    "host": "hooks.example",
    "seq": 815,
    "behind": 0,
    "delivered": 240,
    "last_at": "2026-11-22T06:00:00.000Z",
    "failing_since": None,
    "next_at": None,
    "last_error": None,
    "last_status": None,
    "set_aside": [_SET_ASIDE],
}


class SetAsideModel(Model):
    """A message that the receiver refuses."""

    model_config = shown(_SET_ASIDE)

    seq: int
    at: UtcTime
    error: str
    status: int | None = Field(description="What it answered; null: it could not be reached.")

    @classmethod
    def of(cls, letter: SetAside) -> "SetAsideModel":
        """From the domain's value."""
        return cls(seq=letter.seq, at=letter.at, error=letter.error, status=status_of(letter.error))


class WebhookModel(Model):
    """How a receiver is doing. Its address is not shown whole: it may hold a secret."""

    model_config = shown(_EXAMPLE)

    name: str
    host: str
    seq: int = Field(description="The last line of the feed that it is done with.")
    behind: int = Field(description="Lines of the feed that it has not heard.")
    delivered: int
    last_at: UtcTime | None
    failing_since: UtcTime | None = Field(description="Since when nothing gets through; null while all is well.")
    next_at: UtcTime | None = Field(description="When it is tried again.")
    last_error: str | None
    last_status: int | None = Field(description="What it answered then; null beside an error: it could not be reached.")
    set_aside: tuple[SetAsideModel, ...]

    @classmethod
    def of(cls, view: HookView) -> "WebhookModel":
        """From the service's value."""
        state = view.state
        return cls(
            name=view.name,
            host=urlsplit(view.url).hostname or "",
            seq=state.seq if state else 0,
            behind=view.behind,
            delivered=state.delivered if state else 0,
            last_at=state.last_at if state else None,
            failing_since=state.failing_since if state else None,
            next_at=state.next_at if state else None,
            last_error=state.last_error if state else None,
            last_status=status_of(state.last_error) if state else None,
            set_aside=tuple(SetAsideModel.of(letter) for letter in view.set_aside),
        )


class WebhookList(Model):
    """All receivers of the configuration."""

    model_config = shown({"items": [_EXAMPLE]})

    items: tuple[WebhookModel, ...]


class Resent(Model):
    """How many messages got through."""

    model_config = shown({"sent": 1})

    sent: int
