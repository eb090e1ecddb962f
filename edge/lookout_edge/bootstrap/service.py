"""What the parts of a running gateway need of each other."""

from collections.abc import Callable
from dataclasses import dataclass

from lookout_contract.status import SpoolDepth
from lookout_edge.adapters.evidence import DiskEvidence
from lookout_edge.adapters.model_store import ModelStore
from lookout_edge.adapters.spool import SqliteSpool
from lookout_edge.bootstrap.sections import spool_limits
from lookout_edge.config import GatewayConfig
from lookout_edge.ports import Clock


@dataclass(frozen=True, slots=True)
class Closing:
    """Something that is only to be closed at the end."""

    close: Callable[[], None]

    def start(self) -> None:
        """Nothing to do."""


def open_spool(config: GatewayConfig, clock: Clock) -> SqliteSpool:
    """Where events wait for the dispatcher."""
    return SqliteSpool(
        config.data_dir / "spool.db",
        site=config.site,
        gateway=config.gateway,
        clock=clock,
        limits=spool_limits(config),
    )


def open_model_store(config: GatewayConfig) -> ModelStore:
    """Models that the dispatcher rolled out."""
    url = config.dispatcher.url if config.dispatcher else None
    return ModelStore(config.data_dir / "models", dispatcher_url=url, token=token_of(config))


def spool_depth(spool: SqliteSpool, kept: DiskEvidence) -> SpoolDepth:
    """What waits on disk."""
    events, evidence = spool.depth(), kept.depth()
    return SpoolDepth(
        events=events.events,
        evidence=evidence.files,
        evidence_bytes=evidence.bytes,
        oldest_s=max(0.0, round(events.oldest_s, 3)),
        dropped=dict(events.dropped_by_scenario),
        evidence_dropped=evidence.dropped,
    )


def token_of(config: GatewayConfig) -> str:
    """The dispatcher's token; empty without one."""
    token = config.dispatcher.token if config.dispatcher else None
    return token.get_secret_value() if token else ""
