"""What the parts of a running gateway need of each other."""

import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lookout_contract.events import Scenario
from lookout_contract.status import SpoolDepth
from lookout_edge.adapters.evidence import DiskEvidence
from lookout_edge.adapters.model_store import ModelStore
from lookout_edge.adapters.spool import SqliteSpool
from lookout_edge.bootstrap.sections import spool_limits
from lookout_edge.config import GatewayConfig
from lookout_edge.errors import SpoolError
from lookout_edge.ports import Clock

#: With less room on the disk, bytes, a spool that cannot be opened is refused for want of room.
_ROOM_TO_OPEN = 4_000_000


@dataclass(frozen=True, slots=True)
class Closing:
    """Something that is only to be closed at the end."""

    close: Callable[[], None]

    def start(self) -> None:
        """Nothing to do."""


def open_spool(
    config: GatewayConfig,
    clock: Clock,
    give_way: Callable[[], bool],
    disk: Callable[[Path], tuple[int, int, int]] = shutil.disk_usage,
) -> SqliteSpool:
    """Where events wait for the dispatcher. On a full disk, which lets no database be opened, ``give_way`` makes room:
    a box that was switched off and on again must not be blind for the sake of old pictures."""
    make = partial(
        SqliteSpool,
        config.data_dir / "spool.db",
        site=config.site,
        gateway=config.gateway,
        clock=clock,
        limits=spool_limits(config),
    )
    try:
        return make()
    except SpoolError:
        if disk(config.data_dir)[2] >= _ROOM_TO_OPEN or not give_way():
            raise
        return make()


def open_model_store(config: GatewayConfig) -> ModelStore:
    """Models that the dispatcher rolled out."""
    url = config.dispatcher.url if config.dispatcher else None
    return ModelStore(config.data_dir / "models", dispatcher_url=url, token=token_of(config))


def spool_depth(spool: SqliteSpool, kept: DiskEvidence, given_up: Mapping[Scenario, int]) -> SpoolDepth:
    """What waits on disk; ``given_up``: events of cameras' own that never reached it, by scenario."""
    events, evidence = spool.depth(), kept.depth()
    dropped = Counter(events.dropped_by_scenario)
    dropped.update({scenario.value: count for scenario, count in given_up.items()})
    return SpoolDepth(
        events=events.events,
        evidence=evidence.files,
        evidence_bytes=evidence.bytes,
        oldest_s=max(0.0, round(events.oldest_s, 3)),
        dropped=dict(dropped),
        evidence_dropped=evidence.dropped,
    )


def token_of(config: GatewayConfig) -> str:
    """The dispatcher's token; empty without one."""
    token = config.dispatcher.token if config.dispatcher else None
    return token.get_secret_value() if token else ""
