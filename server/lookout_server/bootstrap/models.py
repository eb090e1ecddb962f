"""The models that gateways can be told to run."""

from pathlib import Path

from lookout_server.adapters.model_shelf import ModelShelf
from lookout_server.config import ServerConfig
from lookout_server.ports import ModelPackage


def model_shelf(config: ServerConfig) -> ModelShelf:
    """The packages in the data folder."""
    return ModelShelf(config.data_dir / "models")


def add_model(config: ServerConfig, entry: Path) -> ModelPackage:
    """Pack a zoo entry's folder for gateways to fetch."""
    return model_shelf(config).add(entry)
