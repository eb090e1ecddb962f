"""Crops, the classifier on frozen features, and its ONNX file."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from lookout_edge.adapters.onnx.session import OnnxSession
from lookout_edge.adapters.zoo import Zoo
from lookout_models.errors import UsageError
from lookout_models.training.data.examples import Example, make_boxes
from lookout_models.training.data.geometry import Floats, Picture
from lookout_models.training.data.paste import CutOut

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install 'lookout[train]'")

from lookout_models.training.second_look import run as whole  # noqa: E402
from lookout_models.training.second_look.crops import cut, square_around, warm_places  # noqa: E402
from lookout_models.training.second_look.export import export  # noqa: E402
from lookout_models.training.second_look.fit import fit, install, separation  # noqa: E402
from lookout_models.training.second_look.hardening import HardenedTraining, aims_of, weights_of  # noqa: E402
from lookout_models.training.second_look.lamps import with_lamp  # noqa: E402
from lookout_models.training.second_look.net import SecondLook  # noqa: E402
from lookout_models.training.second_look.places import (  # noqa: E402
    Extra,
    Place,
    Variation,
    collect_places,
    places_of,
    usual_crop,
    varied_crop,
)
from lookout_models.training.second_look.recipe import Edges, SecondLookRecipe  # noqa: E402
from lookout_models.training.second_look.run import run, train_edges  # noqa: E402
from lookout_models.training.second_look.squares import Cutting, squares_of  # noqa: E402
from lookout_models.training.second_look.stored import from_entry  # noqa: E402
from lookout_models.training.second_look.train import SecondLookTraining, batches  # noqa: E402

RECIPES = Path(__file__).parents[3] / "models" / "recipes"
FIRE, SMOKE = 0, 1
NO_BOXES = np.zeros((0, 4), np.float32)
PACKAGE = {"registry": "pypi", "package": "a", "version": "1", "sha256": "0" * 64, "members": ["a"], "upstream": "a"}
TINY = {
    "kind": "second-look",
    "name": "tiny",
    "pictures": "smoke.yaml",
    "detector": "none",
    "base": PACKAGE,
    "size": 32,
    "steps": 3,
    "batch": 4,
}


def test_a_square_keeps_the_centre() -> None:
    square = square_around(np.array([10, 20, 30, 30], np.float32), 1.5)
    assert square.tolist() == [5, 10, 35, 40]


def test_what_lies_outside_the_picture_repeats_its_border() -> None:
    picture = np.zeros((20, 20, 3), np.uint8)
    picture[0, 0] = 255
    corner = cut(picture, np.array([-10, -10, 10, 10], np.float32), 20)
    assert (corner[:11, :11] == 255).all()
    assert (corner[11:, 11:] == 0).all()


def burning(tmp_path: Path) -> tuple[Example, Picture]:
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[10:40, 10:40] = (0, 120, 255)
    smoke_anywhere = make_boxes([(SMOKE, 0, 0, 1, 1)])
    return Example(tmp_path / "fire.png", "web", make_boxes([(FIRE, 0.1, 0.1, 0.4, 0.4)]), smoke_anywhere), picture


def test_places_know_what_they_hold(tmp_path: Path) -> None:
    example, picture = burning(tmp_path)
    elsewhere = np.array([[70, 70, 90, 90], [2, 2, 6, 6]], np.float32)
    made = list(places_of(example, picture, (FIRE, SMOKE), elsewhere, NO_BOXES))
    # Nobody knows of smoke here, and four pixels are not worth a look.
    assert [place.truth for place in made] == [(1, -1), (0, -1)]
    usual = usual_crop(made[0], picture, 32)
    assert usual.picture.shape == (32, 32, 3)
    for number in range(5):
        varied = varied_crop(made[1], picture, (FIRE, SMOKE), 32, np.random.default_rng(number))
        assert varied.truth == (0, -1)
        assert varied.picture.max() == 0


def test_warm_places_are_where_it_is_warm(tmp_path: Path) -> None:
    _, picture = burning(tmp_path)
    squares = warm_places(picture, 20, np.random.default_rng(0))
    anywhere = warm_places(np.zeros_like(picture), 20, np.random.default_rng(0))
    assert touching(squares) > touching(anywhere)
    assert touching(squares) >= 15


@pytest.mark.parametrize("corner", [30, -10, 85])
def test_a_lamp_shines_in_its_box_and_leaves_the_picture_alone(corner: int) -> None:
    picture = np.full((100, 100, 3), 20, np.uint8)
    box = np.array([corner, corner, corner + 24, corner + 24], np.float32)
    for number in range(12):
        lit = with_lamp(picture, box, np.random.default_rng(number)).astype(np.float32).mean(2)
        there = np.zeros((100, 100), bool)
        there[max(0, corner) : corner + 24, max(0, corner) : corner + 24] = True
        assert lit[there].mean() > lit[~there].mean() + 10
    assert (picture == 20).all()


@pytest.mark.parametrize("corner", [(400, 400), (-400, 10), (10, -400)])
def test_a_lamp_out_of_sight_changes_nothing(corner: tuple[int, int]) -> None:
    picture = np.full((50, 50, 3), 20, np.uint8)
    beyond = np.array([*corner, corner[0] + 20, corner[1] + 20], np.float32)
    assert (with_lamp(picture, beyond, np.random.default_rng(0)) == picture).all()


def test_lamps_are_painted_where_nothing_burns(tmp_path: Path) -> None:
    example, picture = burning(tmp_path)
    dark = np.zeros_like(picture)
    harmless = Example(tmp_path / "dark.png", "web", make_boxes([]), make_boxes([]))
    pictures = {example.path: picture, harmless.path: dark}

    def places(lamps: float) -> list[Place]:
        found = Extra(warm=0, lamps=lamps)
        return collect_places([example, harmless], lambda e: pictures[e.path], (FIRE, SMOKE), lambda _: NO_BOXES, found)

    assert [place.lamp for place in places(0.0)] == [False]
    # None where smoke is undecided: who knows what would be there beside the lamp.
    fire, lamp = places(1.0)
    assert (fire.lamp, lamp.lamp, lamp.truth) == (False, True, (0, 0))
    assert usual_crop(lamp, dark, 32).picture.max() > 60
    assert (usual_crop(lamp, dark, 32).picture == usual_crop(lamp, dark, 32).picture).all()
    assert varied_crop(lamp, dark, (FIRE, SMOKE), 32, np.random.default_rng(1)).picture.max() > 60
    assert dark.max() == 0


def test_a_lamp_beside_a_fire_hides_none_of_it(tmp_path: Path) -> None:
    example, picture = burning(tmp_path)
    place = next(places_of(example, picture, (FIRE, SMOKE), NO_BOXES, NO_BOXES))
    changed = 0
    for number in range(20):
        bare, lit = (
            varied_crop(place, picture, (FIRE, SMOKE), 64, np.random.default_rng(number), Variation(lamps))
            for lamps in (0.0, 1.0)
        )
        assert bare.truth == lit.truth == (1, -1)
        changed += lit.picture[..., 0].max() > 50 > bare.picture[..., 0].max()
    assert changed > 5


def touching(squares: Floats) -> int:
    return int(((squares[:, :2] < 40) & (squares[:, 2:] > 10)).all(1).sum())


def test_a_run_learns_what_burns(tmp_path: Path) -> None:
    torch.manual_seed(0)
    example, picture = burning(tmp_path)
    cold = np.array([[x, 60, x + 20, 80] for x in range(0, 80, 10)], np.float32)
    places = list(places_of(example, picture, (FIRE,), cold, NO_BOXES))
    recipe = SecondLookRecipe.model_validate({**TINY, "labels": ["fire"]})
    net = SecondLook(1)
    for part in net.convolutions():
        # As wide as the pixels are, all the way down: an untrained net must not say the same of everything.
        torch.nn.init.kaiming_normal_(part.conv.weight)
    training = SecondLookTraining(recipe, net, (FIRE,), lambda _: picture, tmp_path / "log.jsonl")
    assert training.run(places, places) == {"fire": 1.0}
    assert [json.loads(line)["step"] for line in (tmp_path / "log.jsonl").read_text().splitlines()] == [0, 3]


def test_a_run_is_carried_on_with_what_differs() -> None:
    more: dict[str, object] = {"steps": 2, "rate": 1e-4, "frozen": 8, "lamps": 0.6, "until": 1, "mix": 0.5}
    more["augmentation"] = {"balance": 1}
    recipe = SecondLookRecipe.model_validate({**TINY, "labels": ["fire"], "carried_on": more})
    first, second = recipe.stretches()
    assert (first.steps, first.lamps, first.carried_on) == (3, 0, None)
    assert (second.steps, second.rate, second.frozen, second.lamps) == (2, 1e-4, 8, 0.6)
    assert (first.until, second.until) == (None, 1)
    assert (second.augmentation.balance, second.batch, second.carried_on) == (1, 4, None)
    assert SecondLookRecipe.model_validate({**TINY, "labels": ["fire"]}).stretches() == (
        SecondLookRecipe.model_validate({**TINY, "labels": ["fire"]}),
    )


def test_what_was_learnt_is_where_more_begins(tmp_path: Path) -> None:
    example, picture = burning(tmp_path)
    places = list(places_of(example, picture, (FIRE,), np.array([[60, 60, 80, 80]], np.float32), NO_BOXES))
    still = SecondLookRecipe.model_validate({**TINY, "labels": ["fire"], "steps": 4, "until": 1, "rate": 1e-9})
    net = SecondLook(1)
    with torch.no_grad():
        net.classifier.bias.fill_(0.75)
    training = SecondLookTraining(still, net.eval().requires_grad_(False), (FIRE,), lambda _: picture, tmp_path / "log")
    training.run(places, places, fitted=True)
    assert float(training.net.classifier.bias[0]) == pytest.approx(0.75, abs=1e-3)
    assert json.loads((tmp_path / "log").read_text().splitlines()[-1])["step"] == 1
    assert training.net.classifier.weight.detach().numpy() == pytest.approx(net.classifier.weight.detach().numpy())


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
    "shares", [{"hidden": 1, "rain": 0, "light": 0}, {"hidden": 0.2, "rain": 0.4, "light": 0.4, "augmentation": {}}]
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


def test_a_fit_separates_and_leaves_the_undecided_out() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(200, 8)).astype(np.float32)
    truth = np.stack([features[:, 0] > 0, features[:, 1] > 0], 1).astype(np.int64)
    truth[::3, 1] = -1
    weight, bias = fit(features, truth, 1e-3)
    scores = features @ weight.T + bias
    assert separation(scores[:, 0], truth[:, 0]) > 0.98
    assert separation(scores[:, 1], truth[:, 1]) > 0.98


def test_separation_counts_ties_half() -> None:
    assert separation([0.1, 0.5, 0.5, 0.9, 0.7], [0, 0, 1, 1, -1]) == pytest.approx(0.875)


@pytest.mark.parametrize("size", [64, 96])
def test_the_onnx_file_gives_what_the_net_gives(size: int) -> None:
    torch.manual_seed(0)
    net = SecondLook(2).eval()
    install(net, np.full((2, 1280), 0.05, np.float32), np.array([0.1, -0.2], np.float32))
    session = OnnxSession("made", export(net, size).SerializeToString())
    pixels = np.random.default_rng(0).normal(size=(3, 3, size, size)).astype(np.float32)
    with torch.inference_mode():
        wanted = net(torch.from_numpy(pixels)).sigmoid().numpy()
    assert session.run(pixels)["probabilities"] == pytest.approx(wanted, abs=2e-3)


def test_squares_know_what_lies_in_them(tmp_path: Path) -> None:
    example, picture = burning(tmp_path)
    off = np.array([20, 20, 50, 50], np.float32)
    for number in range(6):
        random = np.random.default_rng(number)
        made = list(squares_of(example, picture, (FIRE, SMOKE), [(FIRE, off), (SMOKE, off)], Cutting(60, 1.5), random))
        # Nobody knows of smoke here.
        assert [(square.label, square.found, square.source) for _, square in made] == [
            (0, False, "web"),
            (0, True, "web"),
        ]
        (seen, of_object), (_, of_candidate) = made
        x1, y1, x2, y2 = (round(float(v) * 60) for v in of_object.truths[0])
        assert seen[y1 + 2 : y2 - 2, x1 + 2 : x2 - 2].min(2).max() == 0
        assert (seen[y1 + 2 : y2 - 2, x1 + 2 : x2 - 2, 2] == 255).all()
        assert of_object.box == pytest.approx(of_object.truths[0])
        assert of_candidate.box == pytest.approx([1 / 6, 1 / 6, 5 / 6, 5 / 6])
        assert of_candidate.target(of_candidate.box)[1] == pytest.approx(400 / 1400)


def test_what_looks_like_one_is_learnt_from_where_it_is_known_to_be_none(tmp_path: Path) -> None:
    example, picture = burning(tmp_path)
    nothing = make_boxes([])
    harmless = Example(tmp_path / "dark.png", "web", nothing, nothing)
    taken = [(FIRE, np.array([20, 20, 50, 50], np.float32)), (SMOKE, np.array([50, 50, 90, 90], np.float32))]
    for background, wanted in ((False, 0), (True, 2)):
        how = Cutting(60, 2.0, background)
        made = [
            square for _, square in squares_of(harmless, picture, (FIRE, SMOKE), taken, how, np.random.default_rng(0))
        ]
        assert [(square.label, square.shows) for square in made] == [(0, False), (1, False)][:wanted]
        assert all(square.target(square.box)[1] == 0 for square in made)
        # 30 of 60 pixels.
        assert all(square.box == pytest.approx([0.25, 0.25, 0.75, 0.75]) for square in made)
    # Nobody knows of smoke here.
    how = Cutting(60, 2.0, background=True)
    seen = [square for _, square in squares_of(example, picture, (FIRE, SMOKE), taken, how, np.random.default_rng(0))]
    assert [(square.label, square.shows) for square in seen] == [(0, True), (0, True)]


def test_boxes_are_moved_but_not_to_nothing(tmp_path: Path) -> None:
    example, picture = burning(tmp_path)
    ((_, square),) = squares_of(example, picture, (FIRE,), [], Cutting(60, 1.5), np.random.default_rng(0))
    random = np.random.default_rng(1)
    moved = np.array([square.moved(random) for _ in range(200)])
    assert (moved[:, 2:] - moved[:, :2] >= (square.box[2:] - square.box[:2]) / 4).all()
    assert len(np.unique(moved, axis=0)) > 190


@pytest.mark.parametrize("background", [0.0, 0.25])
def test_edges_are_found_where_the_fire_ends(tmp_path: Path, background: float) -> None:
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    net = SecondLook(1)
    for part in net.convolutions():
        torch.nn.init.kaiming_normal_(part.conv.weight)
    pictures: list[tuple[Example, Picture]] = []
    for number in range(24):
        x, y, side = (int(v) for v in random.integers((5, 5, 25), (35, 35, 55)))
        picture = np.full((100, 100, 3), 30, np.uint8)
        picture[y : y + side, x : x + side] = (0, 120, 255)
        box = make_boxes([(FIRE, x / 100, y / 100, (x + side) / 100, (y + side) / 100)])
        pictures.append((Example(tmp_path / f"{number}.png", "web", box, make_boxes([])), picture))
    recipe = SecondLookRecipe.model_validate({**TINY, "labels": ["fire"], "size": 96})
    edges = Edges(
        steps=110, batch=12, dropout=0.0, rate=3e-3, ema=0.9, sources={"web": 2.0}, side=2.0, background=background
    )
    corner = (FIRE, np.array([85, 85, 99, 99], np.float32))
    find = lambda _: [corner] if background else []  # noqa: E731
    head = train_edges(recipe, edges, net, pictures, (FIRE,), find, tmp_path / "log")
    _, told = (json.loads(line) for line in (tmp_path / "log").read_text().splitlines())
    assert told["overlap_after"] > told["overlap_before"] + 0.02
    extents = torch.tensor([[0.5, 0.6], [0.66, 0.4]])
    pixels = torch.randn(2, 3, 96, 96)
    model = export(net, 96, head).SerializeToString()
    said = OnnxSession("tiny", model).run(pixels.numpy(), extents=extents.numpy())
    with torch.inference_mode():
        moves, fits = head.eval()(net.maps(pixels), torch.cat([0.5 - extents / 2, 0.5 + extents / 2], 1))
    assert said["edges"] == pytest.approx(moves.numpy(), abs=0.01)
    assert said["fits"] == pytest.approx(fits.sigmoid().numpy(), abs=0.01)
    assert said["probabilities"].shape == (2, 1)
    mute = OnnxSession("mute", export(net, 96, head, judges=False).SerializeToString())
    again = mute.run(pixels.numpy(), extents=extents.numpy())
    assert sorted(again) == ["edges", "fits"]
    assert all((again[name] == said[name]).all() for name in again)


def test_the_shipped_net_is_read_back_as_it_was(tmp_path: Path) -> None:
    entry = Zoo.find().entry("fire-second-look")
    net = from_entry(entry)
    pixels = np.random.default_rng(0).normal(size=(1, 3, 160, 160)).astype(np.float32)
    said = OnnxSession("shipped", entry.weights()).run(pixels, extents=np.array([[0.5, 0.5]], np.float32))
    with torch.inference_mode():
        assert net(torch.from_numpy(pixels)).sigmoid().numpy() == pytest.approx(said["probabilities"], abs=1e-5)


def test_another_net_is_no_trunk() -> None:
    with pytest.raises(UsageError, match="'movenet-lightning' is not a net of this training"):
        from_entry(Zoo.find().entry("movenet-lightning"))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"trunk": "fire-second-look"}, "name either 'base'"),
        ({"base": None}, "name either 'base'"),
        ({"steps": 0}, "'steps' is missing"),
        ({"base": None, "trunk": "fire-second-look"}, "only 'edges' can be trained"),
        ({"base": None, "trunk": "fire-second-look", "edges": {"steps": 1}}, "only 'edges' can be trained"),
    ],
)
def test_a_run_begins_from_one_thing(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        SecondLookRecipe.model_validate({**TINY, "labels": ["fire"], **changes})


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"hidden": 0.8, "rain": 0.2, "light": 0.1}, "must not exceed 1 together"),
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


def test_a_whole_run_ends_hardened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fresh(*_: object) -> SecondLook:
        return SecondLook(1)

    monkeypatch.setattr(whole, "load_base", fresh)
    more = {"steps": 1, "rate": 1e-4, "frozen": 8, "mix": 0.5}
    shapes = {**HARDENED, "people": 0}
    settings = {key: TINY[key] for key in ("base", "size", "steps", "batch")}
    recipe = write_run(tmp_path, {**settings, "carried_on": more, "hardened": shapes})
    model = run(recipe, tmp_path, tmp_path / "work")
    said = OnnxSession("tiny", model.read_bytes()).run(np.zeros((2, 3, 32, 32), np.float32))
    assert said["probabilities"].shape == (2, 1)
    log = (tmp_path / "work" / "second-look.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["step"] for line in log] == [0, 3, 0, 1, 0, 2]


def test_a_run_without_pictures_to_measure_with_says_what_to_do(tmp_path: Path) -> None:
    recipe = write_run(tmp_path, {key: TINY[key] for key in ("base", "size", "steps", "batch")})
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
    settings = {key: TINY[key] for key in ("base", "size", "steps", "batch")}
    recipe = write_run(tmp_path, {**settings, "detector": detector, "hardened": HARDENED})
    with pytest.raises(UsageError, match=complaint):
        run(recipe, tmp_path, tmp_path / "work")
