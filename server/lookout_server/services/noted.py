"""What the intake has noted of gateways and cameras of late, so that a busy batch need not ask the database for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lookout_server.domain.territory import CameraKey
from lookout_server.ports import StreamKey, StreamState
from lookout_server.services.reading import ReadEvent

#: How far the times at which a gateway spoke and a camera had an alarm may lag behind.
NOTED_EVERY = timedelta(seconds=1)
#: Names that are remembered; then it begins anew.
_MOST = 10_000


@dataclass
class Noted:
    """Of committed transactions alone: what a transaction notes is kept by ``keep`` once it is committed."""

    gateways: dict[str, datetime] = field(default_factory=dict[str, datetime])
    cameras: dict[CameraKey, datetime] = field(default_factory=dict[CameraKey, datetime])
    #: Stream → the newest entry of its ledger, as this process wrote it.
    heads: dict[StreamKey, str] = field(default_factory=dict[StreamKey, str])

    def knows_gateway(self, name: str, at: datetime) -> bool:
        """Whether it is there and was noted as having spoken just then."""
        noted = self.gateways.get(name)
        return noted is not None and just_noted(noted, at)

    def knows_camera(self, key: CameraKey, started: datetime) -> bool:
        """Whether it is there and was noted as having had an alarm then or later."""
        noted = self.cameras.get(key)
        return noted is not None and started - noted < NOTED_EVERY

    def knows(self, events: Iterable[ReadEvent]) -> bool:
        """Whether nothing is to be noted of these."""
        return all(
            self.knows_gateway(read.camera.gateway, read.taken.received_at)
            and self.knows_camera(read.camera, read.taken.event.data.started_at)
            for read in events
        )

    def alone(self, found: Mapping[StreamKey, StreamState]) -> bool:
        """Whether these streams stand as this process left them, so that nobody else has taken their events since."""
        return all(self.heads.get(stream) == state.chain.head for stream, state in found.items())

    def keep(self, fresh: "Noted", streams: Mapping[StreamKey, StreamState]) -> None:
        """What a transaction has noted, and how it left the streams; it is committed now."""
        if len(self.gateways) + len(self.cameras) + len(self.heads) > _MOST:
            self.gateways.clear()
            self.cameras.clear()
            self.heads.clear()
        self.gateways.update(fresh.gateways)
        self.cameras.update(fresh.cameras)
        self.heads.update({stream: state.chain.head for stream, state in streams.items()})


def just_noted(noted: datetime | None, at: datetime) -> bool:
    """A time that is only shown need not be written with every batch of a busy gateway."""
    return noted is not None and abs(at - noted) < NOTED_EVERY
