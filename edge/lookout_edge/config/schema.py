"""The JSON Schema that editors use for the configuration."""

from typing import Any

from lookout_edge.config.model import GatewayConfig


def config_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the gateway's configuration file."""
    schema = GatewayConfig.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:lookout:v1:gateway-config",
        **schema,
        "title": "Lookout gateway configuration",
    }
