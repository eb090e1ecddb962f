"""The newest pictures of the cameras."""

from datetime import datetime

from lookout_server.api.models.base import Model, UtcTime, shown
from lookout_server.domain.territory import CameraKey

_EXAMPLE = {
    "gateway": "gw-east",
    "camera": "corridor-2",
    "at": "2026-11-22T06:00:00.000Z",
    "url": "/api/v1/stills/gw-east/corridor-2?at=1795327200000",
}


class StillModel(Model):
    """When a camera's newest picture was taken, and where it is: another picture has another address."""

    model_config = shown(_EXAMPLE)

    gateway: str
    camera: str
    at: UtcTime
    url: str

    @classmethod
    def of(cls, key: CameraKey, at: datetime) -> "StillModel":
        """From the service's values."""
        url = f"/api/v1/stills/{key.path}?at={round(at.timestamp() * 1000)}"
        return cls(gateway=key.gateway, camera=key.id, at=at, url=url)


class StillList(Model):
    """Pictures of one's places' cameras, by gateway and camera."""

    model_config = shown({"items": [_EXAMPLE]})

    items: tuple[StillModel, ...]
