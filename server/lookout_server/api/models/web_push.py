"""Notices to the phone in one's hand."""

from typing import Annotated

from pydantic import Field, StringConstraints

from lookout_server.api.models.base import Model, RequestModel, shown
from lookout_server.domain.web_push import Subscription

_KEY = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
_SUBSCRIPTION = {
    "endpoint": "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABl",
    "keys": {"p256dh": _KEY, "auth": "BTBZMqHH6r4Tts7J_aSIgg"},
}

Base64Url = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+={0,2}$", min_length=16, max_length=128)]


class PushKeyModel(Model):
    """What a browser needs to subscribe (`applicationServerKey`); null where Web Push is not set up."""

    model_config = shown({"key": _KEY})

    key: str | None


class PushKeys(RequestModel):
    """The browser's keys."""

    p256dh: Base64Url
    auth: Base64Url


class SubscriptionBody(RequestModel):
    """What `PushManager.subscribe` returns."""

    model_config = shown(_SUBSCRIPTION, request=True)

    endpoint: Annotated[str, Field(min_length=12, max_length=1000, pattern=r"^https://[!-~]+$")]
    keys: PushKeys

    def subscription(self) -> Subscription:
        """As the domain's value."""
        return Subscription(endpoint=self.endpoint, p256dh=self.keys.p256dh, auth=self.keys.auth)


class SubscribedModel(Model):
    """The device as a channel; `DELETE /people/ID/contacts/CHANNEL` turns it off."""

    model_config = shown({"channel": "webpush.3f6d0c1be2a9"})

    channel: str
