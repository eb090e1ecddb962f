"""Notices to the phone in one's hand, by Web Push."""

from base64 import urlsafe_b64encode

from fastapi import APIRouter

from lookout_server.api.deps import Given
from lookout_server.api.models.web_push import PushKeyModel, SubscribedModel, SubscriptionBody
from lookout_server.api.problems import errors
from lookout_server.api.security import SignedIn
from lookout_server.errors import NotFoundError
from lookout_server.services.web_push import subscribe

router = APIRouter(prefix="/api/v1/web-push", tags=["people"])


@router.get("", operation_id="getPushKey", responses=errors())
async def get_push_key(deps: Given, signed_in: SignedIn) -> PushKeyModel:
    """The key with which a browser subscribes."""
    desk = deps.web_push
    return PushKeyModel(key=None if desk is None else urlsafe_b64encode(desk.point).rstrip(b"=").decode())


@router.post(
    "/subscriptions",
    operation_id="savePushSubscription",
    responses=errors("csrf", "not_found", "conflict", "too_large"),
)
async def save_push_subscription(deps: Given, signed_in: SignedIn, body: SubscriptionBody) -> SubscribedModel:
    """Tell the asking person on this device from now on, and nobody else on it."""
    if deps.web_push is None:
        raise NotFoundError("Web Push is not set up here: see web_push in server.yaml")
    at = deps.clock.now()
    return SubscribedModel(
        channel=await subscribe(deps.store, deps.web_push, body.subscription(), signed_in.access, at=at)
    )
