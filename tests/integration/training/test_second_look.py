"""Crops, the classifier on frozen features, and its ONNX file."""

import json
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from integration.training.second_look_examples import FIRE, NO_BOXES, SMOKE, TINY, burning
from lookout_edge.adapters.onnx.session import OnnxSession
from lookout_edge.adapters.zoo import Zoo
from lookout_models.errors import UsageError
from lookout_models.training.data.examples import Example, make_boxes
from lookout_models.training.data.geometry import Floats, Picture

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install 'lookout[train]'")

from lookout_models.training.second_look.crops import cut, square_around, warm_places  # noqa: E402
from lookout_models.training.second_look.export import export  # noqa: E402
from lookout_models.training.second_look.fit import fit, install, separation  # noqa: E402
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
from lookout_models.training.second_look.run import train_edges  # noqa: E402
from lookout_models.training.second_look.squares import Cutting, squares_of  # noqa: E402
from lookout_models.training.second_look.stored import from_entry  # noqa: E402
from lookout_models.training.second_look.train import SecondLookTraining  # noqa: E402


def test_a_square_keeps_the_centre() -> None:
    square = square_around(np.array([10, 20, 30, 30], np.float32), 1.5)
    assert square.tolist() == [5, 10, 35, 40]


def test_what_lies_outside_the_picture_repeats_its_border() -> None:
    picture = np.zeros((20, 20, 3), np.uint8)
    picture[0, 0] = 255
    corner = cut(picture, np.array([-10, -10, 10, 10], np.float32), 20)
    assert (corner[:11, :11] == 255).all()
    assert (corner[11:, 11:] == 0).all()


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

    def find(picture: Picture) -> list[tuple[int, Floats]]:
        return [corner] if background else []

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
