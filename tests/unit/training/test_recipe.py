"""Recipes say what is wrong with them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lookout_models.errors import UsageError
from lookout_models.training.plates.recipe import load_recipe
from lookout_models.training.recipe import Recipe, read_recipe
from lookout_models.training.second_look.recipe import read_second_look_recipe

RECIPES = Path(__file__).parents[3] / "models" / "recipes"


@pytest.mark.parametrize("name", ["community-nano", "fire-detector", "rubbish-detector", "street-detector", "smoke"])
def test_shipped_recipes_are_valid(name: str) -> None:
    assert read_recipe(RECIPES / f"{name}.yaml").name == name


@pytest.mark.parametrize("name", ["fire-second-look", "fire-far-look", "rubbish-second-look"])
def test_shipped_second_looks_have_valid_recipes(name: str) -> None:
    recipe = read_second_look_recipe(RECIPES / f"{name}.yaml")
    assert recipe.name == name
    assert set(recipe.labels) <= set(read_recipe(RECIPES / recipe.pictures).labels)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("size: 96", "size: 100", r"phases\.0\.size: .*multiple of 32"),
        ("warmup_steps", "warm_up", r"optimiser\.warm_up: there is no such key"),
        ("warmup_steps: 5", "warmup: 5", r"optimiser\.warmup: there is no such key; did you mean warmup_steps\?"),
        ("name: smoke", "nam: smoke", r"wrong\.yaml: nam: there is no such key; did you mean name\?"),
        ("name: smoke", "name: ../smoke", r"name: '\.\./smoke' is no name; use letters"),
        ("smoke]\nbase", "fire]\nbase", "the recipe: labels names 'fire' twice"),
        ("  - {size: 96, steps: 30, batch: 4}", "  []", "phases: .*at least 1 item"),
        ("warmup_steps: 5", "rate: -1", "optimiser.rate: .*greater than 0"),
        ("phases:", "mix: {step: 30, share: 0.4}\nphases:", "mix.step is 30, but the run has 30 steps"),
        ("base:", "trunk: a-look\nbase:", "with 'trunk', 'start' has to name the heads"),
        ("base:", "trunk: a\nstart: b\nback_to_base: 0.1\nbase:", "neither distil nor go back to 'base'"),
        ("[fire, smoke]\n    pseudo", "[fire, fog]\n    pseudo", "sources.made names 'fog'"),
    ],
)
def test_a_wrong_recipe_names_the_key(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    text = (RECIPES / "smoke.yaml").read_text("utf-8")
    assert old in text
    path = tmp_path / "wrong.yaml"
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(UsageError, match=complaint):
        read_recipe(path)


@pytest.mark.parametrize("read", [read_recipe, read_second_look_recipe, load_recipe])
@pytest.mark.parametrize("content", [b"name: [", b"\xff\xfe"])
def test_a_file_that_is_no_yaml_is_one_sentence(tmp_path: Path, read: Callable[[Path], object], content: bytes) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"^[^\n]*wrong\.yaml is not valid YAML[^\n]*$"):
        read(path)


def test_a_missing_recipe_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the recipe"):
        read_recipe(tmp_path / "none.yaml")


def test_a_phase_with_a_rate_of_its_own_begins_another_descent() -> None:
    phases = [{"size": 320, "steps": 30}, {"size": 416, "steps": 6}, {"size": 416, "steps": 4, "rate": 1e-4}]
    recipe = Recipe.model_validate({"name": "x", "labels": ["fire"], "sources": {}, "phases": phases})
    assert recipe.descents == [(36, 1e-3), (4, 1e-4)]
    assert recipe.steps == 40


def test_a_base_that_any_phase_asks_is_needed() -> None:
    phases = [{"size": 320, "steps": 30}, {"size": 416, "steps": 6, "distillation": {"share": 1}}]
    settings: dict[str, object] = {"name": "x", "labels": ["fire"], "sources": {}}
    assert Recipe.model_validate({**settings, "phases": phases}).distils
    assert not Recipe.model_validate({**settings, "phases": phases[:1]}).distils
