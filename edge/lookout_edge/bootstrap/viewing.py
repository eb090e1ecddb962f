"""What people are shown of the cameras while nothing happens."""

from weakref import WeakKeyDictionary

from lookout_contract.commands import LiveCommand
from lookout_contract.status import Sight
from lookout_edge.adapters.live import Following, LiveDesk, View
from lookout_edge.adapters.stills import Shot, StillPoster
from lookout_edge.bootstrap.service import token_of
from lookout_edge.config import GatewayConfig
from lookout_edge.supervisor import CameraWorker, Crew, Service


def stills_of(config: GatewayConfig, crew: Crew) -> list[Service]:
    """What sends the cameras' newest pictures; nothing where they are not wanted or nobody takes them."""
    if config.dispatcher is None or not config.stills.enabled:
        return []
    poster = StillPoster(
        lambda: [shot for worker in crew.workers if (shot := _shot(worker)) is not None],
        dispatcher_url=config.dispatcher.url,
        token=token_of(config),
        every_s=config.stills.every_s,
        max_size=config.stills.size,
    )
    return [poster]


def _shot(worker: CameraWorker) -> Shot | None:
    """The newest picture of a camera that is being watched."""
    at, state = worker.view().picture_at, worker.state
    if at is None or state is None or state.state is not Sight.WATCHING:
        return None
    return Shot(worker.camera, at, worker.image)


class Views:
    """Live view of the cameras that there are now; a camera that was started anew is shown from its new stream."""

    def __init__(self, config: GatewayConfig, crew: Crew) -> None:
        self._crew = crew
        #: It holds half a minute of packets, which are let go with the worker.
        self._streams: WeakKeyDictionary[CameraWorker, Following] = WeakKeyDictionary()
        url = config.dispatcher.url if config.dispatcher else None
        self.desk = LiveDesk(self._stream_of, dispatcher_url=url, token=token_of(config))

    def show(self, worker: CameraWorker, stream: Following) -> None:
        """This is what a camera sees as long as ``worker`` watches it."""
        self._streams[worker] = stream

    def begin(self, command: LiveCommand) -> None:
        """Carry out the command; EdgeError when there is nothing to see."""
        self.desk.begin(View(session=command.session, camera=command.camera, seconds=command.seconds))

    def _stream_of(self, camera: str) -> Following | None:
        worker = self._crew.find(camera)
        return None if worker is None else self._streams.get(worker)
