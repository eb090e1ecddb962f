"""How a gateway gets its configuration."""

import os
from pathlib import Path

from lookout_edge.adapters.enrolment import Enrolment
from lookout_edge.adapters.enrolment import enrol as enrol_box
from lookout_edge.adapters.zoo import Zoo
from lookout_edge.config import LoadedConfig, load_config
from lookout_edge.config.drawn import Drawn


def load(path: Path, drawn: Drawn | None = None) -> LoadedConfig:
    """Read a configuration with this box's zoo and environment; ConfigError lists everything that is wrong."""
    return load_config(path, models=Zoo.find().seen_labels(), environ=os.environ, drawn=drawn)


def enrol(url: str, code: str, folder: Path, *, replace: bool = False) -> Enrolment:
    """Fetch what lets this box in; see ``lookout-edge enrol``."""
    return enrol_box(url, code, folder, replace=replace)
