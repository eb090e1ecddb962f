"""``lookout-models train`` says what is missing."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from lookout_models.errors import UsageError
from lookout_models.training.cli import train


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is installed")
def test_without_torch_it_names_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"pip install 'lookout\[train\]'"):
        train(tmp_path / "recipe.yaml", tmp_path, tmp_path)


@pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed; pip install 'lookout[train]'")
def test_a_recipe_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no recipe at"):
        train(tmp_path / "recipe.yaml", tmp_path, tmp_path)
