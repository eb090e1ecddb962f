"""Sections of the configuration as the parts of a gateway take them."""

from lookout_edge.adapters.onvif.events import EventRule, TalkingCamera
from lookout_edge.adapters.spool_room import SpoolLimits
from lookout_edge.config import GatewayConfig


def spool_limits(config: GatewayConfig) -> SpoolLimits:
    """How much may wait."""
    spool = config.spool
    days = (spool.blue_days, spool.yellow_days, spool.red_days)
    return SpoolLimits(
        max_bytes=spool.max_mb * 1_000_000,
        max_age_s=(days[0] * 86_400.0, days[1] * 86_400.0, days[2] * 86_400.0),
    )


def talking_cameras(config: GatewayConfig) -> list[TalkingCamera]:
    """The cameras whose own events count."""
    return [
        TalkingCamera(
            camera=name,
            prefix=camera.onvif.prefix,
            rules=tuple(
                EventRule(topic=e.topic, scenario=e.scenario, severity=e.severity, item=e.item, zone=e.zone)
                for e in camera.onvif.events
            ),
        )
        for name, camera in config.cameras.items()
        if camera.onvif is not None
    ]


def unchanged_cameras(before: GatewayConfig, after: GatewayConfig) -> frozenset[str]:
    """Cameras that look the same in both; none when anything changed that all of them depend on."""
    if before.model_copy(update={"cameras": {}}) != after.model_copy(update={"cameras": {}}):
        return frozenset()
    return frozenset(name for name, camera in after.cameras.items() if before.cameras.get(name) == camera)
