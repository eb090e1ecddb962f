"""``lookout-models train`` says what is missing."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from lookout_models.errors import UsageError
from lookout_models.training.cli import train


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is installed")
@pytest.mark.parametrize("kind", ["plates", "second-look", "detector"])
def test_without_torch_it_names_what_to_install(tmp_path: Path, kind: str) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"kind: {kind}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"pip install 'lookout\[train\]'"):
        train(recipe, data=tmp_path, work=tmp_path)


def test_a_recipe_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no recipe at"):
        train(tmp_path / "recipe.yaml", data=tmp_path, work=tmp_path)


def test_a_file_that_is_no_recipe_is_named(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("just words", encoding="utf-8")
    with pytest.raises(UsageError, match="holds no keys"):
        train(recipe, data=tmp_path, work=tmp_path)


def test_an_unknown_kind_is_named(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("kind: detektor", encoding="utf-8")
    with pytest.raises(UsageError, match="kind: 'detektor' is none of detector, plates, second-look"):
        train(recipe, data=tmp_path, work=tmp_path)


def test_a_work_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("kind: plates", encoding="utf-8")
    with pytest.raises(UsageError, match=r"cannot make the folder .*recipe\.yaml.*choose another --work"):
        train(recipe, data=tmp_path, work=recipe)


def test_a_data_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("kind: plates", encoding="utf-8")
    with pytest.raises(UsageError, match=r"nowhere is not a folder; .*--data"):
        train(recipe, data=tmp_path / "nowhere", work=tmp_path)
    with pytest.raises(UsageError, match=r"^no --data is given"):
        train(recipe, data=None, work=tmp_path)


@pytest.mark.skipif(find_spec("torch") is None, reason="training needs PyTorch: pip install 'lookout[train]'")
@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("kind: second-look\nname: x\nlabels: [fire]", "pictures: Field required"),
        ("name: x\nlabels: [fire]", "sources: Field required"),
    ],
)
def test_every_kind_reaches_its_own_trainer(tmp_path: Path, text: str, complaint: str) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=complaint):
        train(recipe, data=tmp_path, work=tmp_path)
