"""Receivers of webhooks: how they are doing, and sending again what they refused."""

from typing import Annotated

from fastapi import APIRouter, Path

from lookout_server.api.deps import Given
from lookout_server.api.models.webhooks import Resent, WebhookList, WebhookModel
from lookout_server.api.problems import errors
from lookout_server.api.security import WholeSite
from lookout_server.errors import NotFoundError

router = APIRouter(prefix="/api/v1/webhooks", tags=["operations"])

Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", examples=["property"])]


@router.get("", operation_id="listWebhooks", responses=errors("forbidden"))
async def list_webhooks(deps: Given, _access: WholeSite) -> WebhookList:
    """Who is told by HTTP of alarms and cases, how far they have heard, and what they refused."""
    views = await deps.webhooks.views() if deps.webhooks is not None else []
    return WebhookList(items=tuple(WebhookModel.of(view) for view in views))


@router.post(
    "/{name}/resend",
    operation_id="resendWebhook",
    responses=errors("forbidden", "csrf", "not_found", "unavailable"),
)
async def resend_webhook(deps: Given, _access: WholeSite, name: Name) -> Resent:
    """Send again what was set aside for this receiver, with how things stand now."""
    if deps.webhooks is None:
        raise NotFoundError(f"there is no webhook {name!r}")
    return Resent(sent=await deps.webhooks.resend(name, deps.clock.now()))
