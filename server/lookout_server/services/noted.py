"""What the intake has noted of gateways and cameras of late, so that a busy batch need not ask the database for it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lookout_server.domain.territory import CameraKey

#: How far the times at which a gateway spoke and a camera had an alarm may lag behind.
NOTED_EVERY = timedelta(seconds=1)
#: Names that are remembered; then it begins anew.
_MOST = 10_000


@dataclass
class Noted:
    """Of committed transactions alone: what a transaction notes is kept by ``keep`` once it is committed."""

    gateways: dict[str, datetime] = field(default_factory=dict[str, datetime])
    cameras: dict[CameraKey, datetime] = field(default_factory=dict[CameraKey, datetime])

    def knows_gateway(self, name: str, at: datetime) -> bool:
        """Whether it is there and was noted as having spoken just then."""
        noted = self.gateways.get(name)
        return noted is not None and just_noted(noted, at)

    def knows_camera(self, key: CameraKey, started: datetime) -> bool:
        """Whether it is there and was noted as having had an alarm then or later."""
        noted = self.cameras.get(key)
        return noted is not None and started - noted < NOTED_EVERY

    def keep(self, fresh: "Noted") -> None:
        """What a transaction has noted, which is committed now."""
        if len(self.gateways) + len(self.cameras) > _MOST:
            self.gateways.clear()
            self.cameras.clear()
        self.gateways.update(fresh.gateways)
        self.cameras.update(fresh.cameras)


def just_noted(noted: datetime | None, at: datetime) -> bool:
    """A time that is only shown need not be written with every batch of a busy gateway."""
    return noted is not None and abs(at - noted) < NOTED_EVERY
