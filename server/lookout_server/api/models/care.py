"""Looks into care cases."""

from typing import Annotated, Any

from pydantic import Field

from lookout_server.api.models.base import Model, Reason, RequestModel, UtcTime, shown
from lookout_server.domain.care import LONGEST_MINUTES
from lookout_server.services.care import ShownView, WantedView

_EXAMPLE: dict[str, Any] = {
    "id": "v-3f6d0c1be2a94d7781c0",
    "case_id": "c-20261122-0007",
    "number": "20261122-0007",
    "person": "u-li",
    "reason": "家属询问",
    "minutes": 60,
    "asked_at": "2026-11-22T06:00:00.000Z",
    "granted_by": "u-zhao",
    "granted_at": "2026-11-22T06:02:00.000Z",
    "expires_at": "2026-11-22T07:02:00.000Z",
    "ended_at": None,
}


class AskViewBody(RequestModel):
    """Why, and for how long."""

    model_config = shown({"reason": "家属询问", "minutes": 60}, request=True)

    reason: Reason
    minutes: Annotated[int, Field(ge=1, le=LONGEST_MINUTES)] = 60

    def wanted(self) -> WantedView:
        """As the service's value."""
        return WantedView(reason=self.reason, minutes=self.minutes)


class CareViewModel(Model):
    """A look into a care case: asked for, open until `expires_at` once somebody else agreed, or ended."""

    model_config = shown(_EXAMPLE)

    id: str
    case_id: str
    number: str
    person: str
    reason: str
    minutes: int
    asked_at: UtcTime
    granted_by: str | None
    granted_at: UtcTime | None
    expires_at: UtcTime | None
    ended_at: UtcTime | None

    @classmethod
    def of(cls, shown_view: ShownView) -> "CareViewModel":
        """From the services' value."""
        view = shown_view.view
        return cls(
            id=view.id,
            case_id=view.case,
            number=shown_view.case.number,
            person=view.person,
            reason=view.reason,
            minutes=view.minutes,
            asked_at=view.asked_at,
            granted_by=view.granted_by,
            granted_at=view.granted_at,
            expires_at=view.expires_at,
            ended_at=view.ended_at,
        )


class CareViewList(Model):
    """Newest first."""

    model_config = shown({"items": [_EXAMPLE]})

    items: tuple[CareViewModel, ...]
