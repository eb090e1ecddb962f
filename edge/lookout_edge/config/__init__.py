"""The gateway's configuration file: its model, how it is read, and what is said when it is wrong."""

from lookout_edge.config.load import LoadedConfig, load_config, read_text
from lookout_edge.config.model import (
    CalendarConfig,
    CameraConfig,
    CareRule,
    CorridorEbikeRule,
    DispatcherConfig,
    EvidenceConfig,
    FireSmokeRule,
    GarbageRule,
    GatewayConfig,
    KeyAreaRule,
    ModelsConfig,
    MqttConfig,
    RuleConfig,
    ShadowConfig,
    SourceConfig,
    TlsConfig,
    UnfamiliarVehicleRule,
    ZoneConfig,
)
from lookout_edge.config.schema import config_schema

__all__ = [
    "CalendarConfig",
    "CameraConfig",
    "CareRule",
    "CorridorEbikeRule",
    "DispatcherConfig",
    "EvidenceConfig",
    "FireSmokeRule",
    "GarbageRule",
    "GatewayConfig",
    "KeyAreaRule",
    "LoadedConfig",
    "ModelsConfig",
    "MqttConfig",
    "RuleConfig",
    "ShadowConfig",
    "SourceConfig",
    "TlsConfig",
    "UnfamiliarVehicleRule",
    "ZoneConfig",
    "config_schema",
    "load_config",
    "read_text",
]
