"""The gateway's configuration file: its model, how it is read, and what is said when it is wrong."""

from lookout_edge.config.load import LoadedConfig, load_config, read_text
from lookout_edge.config.model import (
    CameraConfig,
    CorridorEbikeRule,
    DispatcherConfig,
    EvidenceConfig,
    GatewayConfig,
    ModelsConfig,
    MqttConfig,
    RuleConfig,
    SourceConfig,
    TlsConfig,
    UnfamiliarVehicleRule,
    ZoneConfig,
)
from lookout_edge.config.schema import config_schema

__all__ = [
    "CameraConfig",
    "CorridorEbikeRule",
    "DispatcherConfig",
    "EvidenceConfig",
    "GatewayConfig",
    "LoadedConfig",
    "ModelsConfig",
    "MqttConfig",
    "RuleConfig",
    "SourceConfig",
    "TlsConfig",
    "UnfamiliarVehicleRule",
    "ZoneConfig",
    "config_schema",
    "load_config",
    "read_text",
]
