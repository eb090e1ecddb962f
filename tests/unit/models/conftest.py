"""What tests of several of the commands need."""

from pathlib import Path

import pytest

from lookout_edge.adapters.zoo import Zoo


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Zoo:
    """An empty zoo that the commands find."""
    folder = tmp_path / "zoo"
    folder.mkdir()
    monkeypatch.setenv("LOOKOUT_ZOO", str(folder))
    return Zoo(folder)
