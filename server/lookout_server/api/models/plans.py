"""Floor plans, and where cameras stand on them."""

from typing import Annotated, Any

from pydantic import Field

from lookout_server.api.models.base import Model, Ref, RequestModel, UtcTime, shown
from lookout_server.domain.plans import Plan, Standing
from lookout_server.domain.territory import CameraKey
from lookout_server.services.plans import PlanView

_STANDING: dict[str, Any] = {"x": 0.42, "y": 0.31, "heading": 135.0, "angle": 80.0, "reach": 0.12}
_CAMERA: dict[str, Any] = {"gateway": "gw-east", "camera": "corridor-2", **_STANDING}
_PLAN: dict[str, Any] = {
    "id": "p-0f343b0931126a20f133",
    "name": "3号楼一层",
    "place": {"id": "grid-07", "name": "第七网格"},
    "url": "/api/v1/plans/p-0f343b0931126a20f133/picture",
    "at": "2026-11-22T06:00:00.000Z",
    "cameras": [_CAMERA],
}
Fraction = Annotated[float, Field(ge=0, le=1)]


class StandingBody(RequestModel):
    """Where a camera stands, as fractions of the picture from the top left, and where it looks.

    `heading` is in degrees clockwise from the top of the picture, `reach` a fraction of its width.
    """

    model_config = shown(_STANDING, request=True)

    x: Fraction
    y: Fraction
    heading: Annotated[float, Field(ge=0, le=360)] = 0.0
    angle: Annotated[float, Field(ge=5, le=360)] = 80.0
    reach: Annotated[float, Field(ge=0.01, le=1)] = 0.12

    def standing(self, camera: CameraKey, plan: str) -> Standing:
        """The domain's value."""
        return Standing(
            camera=camera, plan=plan, x=self.x, y=self.y, heading=self.heading, angle=self.angle, reach=self.reach
        )


class StandingModel(Model):
    """A camera on a plan."""

    model_config = shown(_CAMERA)

    gateway: str
    camera: str
    x: float
    y: float
    heading: float
    angle: float
    reach: float

    @classmethod
    def of(cls, standing: Standing) -> "StandingModel":
        """From the domain's value."""
        return cls(
            gateway=standing.camera.gateway,
            camera=standing.camera.id,
            x=standing.x,
            y=standing.y,
            heading=standing.heading,
            angle=standing.angle,
            reach=standing.reach,
        )


class PlanModel(Model):
    """A picture of a place from above, and the cameras on it that are the asking person's."""

    model_config = shown(_PLAN)

    id: str
    name: str
    place: Ref
    url: str
    at: UtcTime
    cameras: tuple[StandingModel, ...]

    @classmethod
    def of(cls, view: PlanView) -> "PlanModel":
        """From the services' view."""
        plan = view.plan
        return cls(
            id=plan.id,
            name=plan.name,
            place=Ref(id=plan.place, name=view.place_name),
            url=picture_url(plan),
            at=plan.at,
            cameras=tuple(StandingModel.of(each) for each in view.standings),
        )


class PlanList(Model):
    """Plans, by place and name."""

    model_config = shown({"items": [_PLAN]})

    items: tuple[PlanModel, ...]


class NewPlanModel(Model):
    """A plan that was added."""

    model_config = shown({"id": _PLAN["id"], "url": _PLAN["url"]})

    id: str
    url: str

    @classmethod
    def of(cls, plan: Plan) -> "NewPlanModel":
        """From the domain's value."""
        return cls(id=plan.id, url=picture_url(plan))


def picture_url(plan: Plan) -> str:
    """Where its picture is."""
    return f"/api/v1/plans/{plan.id}/picture"
