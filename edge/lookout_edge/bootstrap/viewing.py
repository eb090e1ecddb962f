"""What people are shown of the cameras while nothing happens."""

from lookout_contract.status import Sight
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
