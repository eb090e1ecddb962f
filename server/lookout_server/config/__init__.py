"""The dispatcher's configuration and the site file: values with defaults, and errors that say which line to change."""

from lookout_server.config.policy import load_policy, load_policy_file
from lookout_server.config.server import (
    BrokerConfig,
    DatabaseConfig,
    EmbeddedBroker,
    EvidenceConfig,
    ExternalBroker,
    GatewayTls,
    ListenConfig,
    LogConfig,
    ServerConfig,
    SiteIdentity,
    TlsConfig,
    load_server_config,
)
from lookout_server.config.site import (
    CameraEntry,
    GridEntry,
    PersonEntry,
    Place,
    SiteFile,
    load_site_file,
)
from lookout_server.domain.territory import USERNAME_PATTERN
from lookout_server.exchange.policy import PolicyFile

__all__ = [
    "USERNAME_PATTERN",
    "BrokerConfig",
    "CameraEntry",
    "DatabaseConfig",
    "EmbeddedBroker",
    "EvidenceConfig",
    "ExternalBroker",
    "GatewayTls",
    "GridEntry",
    "ListenConfig",
    "LogConfig",
    "PersonEntry",
    "Place",
    "PolicyFile",
    "ServerConfig",
    "SiteFile",
    "SiteIdentity",
    "TlsConfig",
    "load_policy",
    "load_policy_file",
    "load_server_config",
    "load_site_file",
]
