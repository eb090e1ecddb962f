"""A second look's hardened stretch, and runs from a recipe to the ONNX file."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from integration.training.second_look_examples import FIRE, NO_BOXES, RECIPES, TINY, burning
from lookout_edge.adapters.onnx.session import OnnxSession
from lookout_edge.adapters.zoo import Zoo
from lookout_edge.adapters.zoo_heads import ClassifierHead
from lookout_models.errors import UsageError
from lookout_models.imported import OwnModel, import_onnx
from lookout_models.training.data.paste import CutOut

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install 'lookout[train]'")

from lookout_models.training.second_look import run as whole  # noqa: E402
from lookout_models.training.second_look.hardening import HardenedTraining, aims_of, weights_of  # noqa: E402
from lookout_models.training.second_look.net import SecondLook  # noqa: E402
from lookout_models.training.second_look.places import (  # noqa: E402
    Place,
    places_of,
)
from lookout_models.training.second_look.recipe import SecondLookRecipe  # noqa: E402
from lookout_models.training.second_look.run import run  # noqa: E402
from lookout_models.training.second_look.train import batches  # noqa: E402


def test_what_is_hard_comes_more_often(tmp_path: Path) -> None:
    example, _ = burning(tmp_path)
    truths = [(1,), (0,), (0,), (-1,), (1,)]
    places = [Place(example, np.array([n, 0, n + 20, 20], np.float32), truth) for n, truth in enumerate(truths)]
    weights = np.array([0, 0.02, 0.9, 0.02, 0])
    drawn = batches(places, 8, np.random.default_rng(0), weights)
    seen = [int(place.box[0]) for _ in range(50) for place in next(drawn)]
    amounts = [seen.count(n) for n in range(5)]
    assert amounts[0] == amounts[4] == 100
    assert amounts[2] > 10 * amounts[1] > 0 < amounts[3]
    # Without weights every one of a half before any comes again.
    usual = next(batches(places, 6, np.random.default_rng(0)))
    assert sorted(int(place.box[0]) for place in usual[1::2]) == [1, 2, 3]


#: What of the smallest recipe says how it is trained.
BRIEF = {key: TINY[key] for key in ("base", "size", "steps", "batch")}
HARDENED: dict[str, object] = {"steps": 2, "rate": 1e-2, "frozen": 8, "people": 0.5, "sides": [1.2, 2.9]}


def hardened(tmp_path: Path, net: SecondLook, **changes: object) -> HardenedTraining:
    recipe = SecondLookRecipe.model_validate({**TINY, "labels": ["fire"], "hardened": {**HARDENED, **changes}})
    _, stretch = recipe.stretches()
    _, picture = burning(tmp_path)
    somebody = CutOut(np.zeros((100, 40, 3), np.uint8), np.ones((100, 40), np.float32))
    return HardenedTraining(stretch, net, (FIRE,), lambda _: picture, tmp_path / "log", [somebody])


def places_beside(tmp_path: Path) -> list[Place]:
    example, picture = burning(tmp_path)
    cold = np.array([[x, 60, x + 20, 80] for x in range(0, 80, 10)], np.float32)
    return list(places_of(example, picture, (FIRE,), cold, NO_BOXES))


@pytest.mark.parametrize(
    "shares",
    [
        {"hidden": 1, "rain": 0, "light": 0},
        {"hidden": 0.2, "rain": 0.4, "light": 0.4, "augmentation": {}},
        {"hidden": 0, "rain": 0, "light": 0, "infrared": 1},
    ],
)
def test_a_hardened_run_moves_what_is_not_frozen(tmp_path: Path, shares: dict[str, object]) -> None:
    torch.manual_seed(0)
    net = SecondLook(1)
    training = hardened(tmp_path, net, **shares)
    before = {name: value.detach().clone() for name, value in net.named_parameters()}
    places = places_beside(tmp_path)
    training.run(places, places, fitted=True)
    moved = {name for name, value in training.net.named_parameters() if not torch.equal(value, before[name])}
    assert {"classifier.weight", "top.conv.weight"} <= moved
    assert not any(name.startswith(("stem.", "blocks.0.", "blocks.7.")) for name in moved)
    assert [json.loads(line)["step"] for line in (tmp_path / "log").read_text().splitlines()] == [0, 2]


def test_a_hardened_run_aims_at_the_truth_and_at_what_was_said_before() -> None:
    truth, said = torch.tensor([[1.0, 0.0, -1.0]]), torch.tensor([[0.5, 0.5, 0.25]])
    assert torch.equal(aims_of(truth, said, 0.0), torch.tensor([[1.0, 0.0, 0.25]]))
    assert torch.equal(aims_of(truth, said, 0.5), torch.tensor([[0.75, 0.25, 0.25]]))


def test_a_place_is_hard_when_what_is_not_there_was_told() -> None:
    said = np.array([[0.9, 0.4], [0.1, 0.0], [0.9, 0.2]], np.float32)
    truth = np.array([[1, 0], [0, 0], [-1, -1]])
    assert weights_of(said, truth) == pytest.approx(np.array([0.42, 0.12, 0.02]))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"hidden": 0.8, "rain": 0.2, "light": 0.1}, "must not exceed 1 together"),
        ({"infrared": 0.5}, "must not exceed 1 together"),
        ({"sides": [2.6, 1.5]}, "the least and the greatest"),
        ({"lamps": 0.5}, "lamps"),
    ],
)
def test_a_hardened_part_says_what_is_wrong(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        SecondLookRecipe.model_validate({**TINY, "labels": ["fire"], "hardened": {**HARDENED, **changes}})


def test_a_hardened_stretch_comes_last_and_takes_nothing_of_those_before() -> None:
    more = {"steps": 2, "rate": 1e-4, "frozen": 8, "lamps": 0.6, "until": 1, "mix": 0.5}
    settings = {**TINY, "labels": ["fire"], "lamps": 0.2, "until": 2, "carried_on": more, "hardened": HARDENED}
    recipe = SecondLookRecipe.model_validate(settings)
    first, second, third = recipe.stretches()
    assert [stretch.hardened for stretch in (first, second, third)] == [None, None, recipe.hardened]
    assert [part.mix for part in recipe.further] == [0.5, 1.0]
    assert [stretch.lamps for stretch in (first, second, third)] == [0.2, 0.6, 0]
    assert (third.steps, third.until, third.rate, third.frozen, third.classifier_factor) == (2, None, 1e-2, 8, 2.0)


def write_run(tmp_path: Path, changes: dict[str, object]) -> Path:
    """A recipe with its pictures below ``tmp_path``."""
    made = tmp_path / "made"
    for name in ("images", "labels"):
        (made / name).mkdir(parents=True)
    for number in range(6):
        picture = np.full((96, 96, 3), 30, np.uint8)
        picture[30:60, 20 + number : 70] = (0, 120, 255)
        cv2.imwrite(str(made / "images" / f"{number}.png"), picture)
        # The last one shows nothing that is labelled: whatever is found there is none.
        middle, width = (90 + number) / 2 / 96, (50 - number) / 96
        line = f"0 {middle} {45 / 96} {width} {30 / 96}\n" if number < 5 else ""
        (made / "labels" / f"{number}.txt").write_text(line, "utf-8")
    pictures = yaml.safe_load((RECIPES / "smoke.yaml").read_text("utf-8"))
    pictures["labels"], pictures["validation"]["share"] = ["person", "fire"], 0
    pictures["sources"]["made"] |= {"classes": ["fire"], "group": "scene", "validation_scenes": ["0.png"]}
    (tmp_path / "pictures.yaml").write_text(yaml.safe_dump(pictures), "utf-8")
    recipe = {
        **{"kind": "second-look", "name": "tiny", "labels": ["fire"], "pictures": "pictures.yaml"},
        **{"detector": "community-nano-int8", "least_score": 0.0001, **changes},
    }
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(recipe), "utf-8")
    return tmp_path / "tiny.yaml"


def test_a_whole_run_from_a_trunk(tmp_path: Path) -> None:
    edges = {"steps": 2, "batch": 4, "background": 0.25, "side": 2.0}
    recipe = write_run(tmp_path, {"trunk": "fire-second-look", "size": 160, "edges": edges})
    model = run(recipe, tmp_path, tmp_path / "work")
    said = OnnxSession("tiny", model.read_bytes()).run(
        np.zeros((2, 3, 160, 160), np.float32), extents=np.full((2, 2), 0.5, np.float32)
    )
    assert {name: values.shape for name, values in said.items()} == {"edges": (2, 1, 4), "fits": (2, 1)}
    entry = import_onnx(Zoo(tmp_path / "zoo"), OwnModel(model, "own"))
    assert entry.spec.head == ClassifierHead(kind="classifier", judges=False, redraws=True)
    assert "{model: own, weight: 0}" in (entry.folder / "CARD.md").read_text("utf-8")


def test_a_whole_run_ends_hardened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fresh(*_: object) -> SecondLook:
        return SecondLook(1)

    monkeypatch.setattr(whole, "load_base", fresh)
    more = {"steps": 1, "rate": 1e-4, "frozen": 8, "mix": 0.5}
    shapes = {**HARDENED, "people": 0}
    recipe = write_run(tmp_path, {**BRIEF, "carried_on": more, "hardened": shapes})
    model = run(recipe, tmp_path, tmp_path / "work")
    said = OnnxSession("tiny", model.read_bytes()).run(np.zeros((2, 3, 32, 32), np.float32))
    assert said["probabilities"].shape == (2, 1)
    entry = import_onnx(Zoo(tmp_path / "zoo"), OwnModel(model, "own"))
    assert (entry.spec.input.fit, entry.spec.input.width, entry.spec.labels) == ("stretch", 32, ("fire",))
    assert "| | AUROC |" in (entry.folder / "CARD.md").read_text("utf-8")
    log = (tmp_path / "work" / "second-look.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["step"] for line in log] == [0, 3, 0, 1, 0, 2]


def test_a_run_without_pictures_to_measure_with_says_what_to_do(tmp_path: Path) -> None:
    recipe = write_run(tmp_path, {**BRIEF})
    pictures = yaml.safe_load((tmp_path / "pictures.yaml").read_text("utf-8"))
    pictures["sources"]["made"]["validation_scenes"] = []
    (tmp_path / "pictures.yaml").write_text(yaml.safe_dump(pictures), "utf-8")
    with pytest.raises(UsageError, match=r"pictures\.yaml holds back no picture to measure with; raise 'share'"):
        run(recipe, tmp_path, tmp_path / "work")


@pytest.mark.parametrize(
    ("detector", "complaint"),
    [
        ("fire-detector", "fire-detector does not tell 'person'"),
        ("community-nano-int8", "shows somebody of at least 34 × 100"),
    ],
)
def test_people_are_looked_for_before_anything_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, detector: str, complaint: str
) -> None:
    def missing(*_: object) -> SecondLook:
        raise AssertionError("trained without people")

    monkeypatch.setattr(whole, "load_base", missing)
    recipe = write_run(tmp_path, {**BRIEF, "detector": detector, "hardened": HARDENED})
    with pytest.raises(UsageError, match=complaint):
        run(recipe, tmp_path, tmp_path / "work")
