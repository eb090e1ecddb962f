"""一键告警: the alarm button of phones, kiosks and the control room."""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import Field, model_validator

from lookout_server.api.deps import Given
from lookout_server.api.models.base import CaseNumber, Identifier, Model, RequestModel, Text, shown
from lookout_server.api.models.moves import Place
from lookout_server.api.problems import errors
from lookout_server.api.security import SignedIn
from lookout_server.domain.button import DangerKind
from lookout_server.domain.territory import CameraKey
from lookout_server.services.button import Pressed, press

router = APIRouter(prefix="/api/v1/alarm-button", tags=["cases"])

_BODY: dict[str, Any] = {"kind": "danger", "words": "三楼有人打架", "place": {"lat": 31.8639, "lon": 117.2808}}


class ButtonBody(RequestModel):
    """All of it may be left out: `{}` is an alarm. Where: the camera's grid, the named one, else the person's own."""

    model_config = shown(_BODY, request=True)

    kind: DangerKind = DangerKind.DANGER
    words: Text | None = None
    grid: Identifier | None = None
    gateway: Identifier | None = Field(default=None, description="With `camera`: what the operator saw it on.")
    camera: Identifier | None = None
    place: Place | None = None

    @model_validator(mode="after")
    def _camera_whole(self) -> "ButtonBody":
        if (self.gateway is None) != (self.camera is None):
            raise ValueError("gateway and camera go together: give both, or neither")
        return self

    def pressed(self) -> Pressed:
        """As the service's value."""
        return Pressed(
            kind=self.kind,
            words=self.words or None,
            grid=self.grid,
            camera=CameraKey(gateway=self.gateway, id=self.camera) if self.gateway and self.camera else None,
            place=self.place.model_dump(exclude_none=True) if self.place else None,
        )


class ButtonModel(Model):
    """The red case that the button made."""

    model_config = shown(
        {
            "case": "c-20261122-0007",
            "number": "20261122-0007",
            "title": "一键告警：遇到危险 · 第七网格",
            "grid": "grid-07",
            "created": True,
        }
    )

    case: str
    number: CaseNumber
    title: str
    grid: str | None
    created: bool = Field(description="False: it was pressed again, and goes with the one that is live.")


@router.post(
    "",
    operation_id="pressAlarmButton",
    status_code=201,
    responses={
        200: {"model": ButtonModel, "description": "Pressed again: the alarm that is live."},
        **errors("csrf", "not_found", "too_large"),
    },
)
async def press_alarm_button(deps: Given, signed_in: SignedIn, response: Response, body: ButtonBody) -> ButtonModel:
    """Raise the alarm: a red case, confirmed already, told to operators and supervisors whatever the hour.

    For everybody who is signed in; it is never silenced, and pressing twice does no harm.
    """
    case, created = await press(deps.store, deps.site, signed_in.access, body.pressed(), at=deps.clock.now())
    response.status_code = 201 if created else 200
    return ButtonModel(case=case.id, number=case.number, title=case.title, grid=case.grid, created=created)
