"""What a recipe trained becomes an entry by what its training wrote into the ONNX file."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from lookout_edge.adapters.onnx.detector import OnnxDetector
from lookout_edge.adapters.onnx.plate_text import ALPHABET
from lookout_edge.adapters.zoo import InputSpec, Nms, Thresholds, Trained, Zoo
from lookout_edge.adapters.zoo_heads import ClassifierHead, CtcHead, Head, NanodetHead
from lookout_edge.bootstrap import detector_entry
from lookout_edge.config import ModelsConfig
from lookout_models.accounts import Account, account_in, table, with_account
from lookout_models.errors import UsageError
from lookout_models.mixing import mixed
from lookout_models.zoo_commands import import_model
from unit.models.test_imported import file, network

SOURCE = Trained(recipe="own.yaml", data=("yard (yard): no licence stated",))


def account(head: Head, **changes: object) -> Account:
    """Of a net that sees 96 × 64."""
    told: dict[str, object] = {
        "description": "What is seen in yards",
        "source": SOURCE,
        "input": InputSpec(width=96, height=64, colour="rgb", std=(128, 128, 128)),
        "head": head,
        "labels": ("cat", "dog"),
        "thresholds": Thresholds(default=0.2, classes={"dog": 0.4}),
        "nms": Nms(iou=0.6),
        "figures": table(["AP50"], {"cat": ["0.500"], "dog": ["0.250"]}),
    }
    return Account.model_validate({**told, **changes})


DETECTS = account(NanodetHead(kind="nanodet", strides=(8, 16, 32), bins=11))
#: Places of 96 × 64 at these strides.
PLACES = 126


def detector() -> onnx.ModelProto:
    shapes = {"scores": (1, PLACES, 2), "distances": (1, PLACES, 44)}
    return onnx.load_model_from_string(network(shapes, {}))


def trained(folder: Path, model: onnx.ModelProto, told: Account, name: str = "yard.onnx") -> Path:
    return file(folder, with_account(model, told).SerializeToString(), name)


def test_a_trained_detector_becomes_an_entry(zoo: Zoo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import_model(trained(tmp_path, detector(), DETECTS))
    entry = zoo.entry("yard")
    spec = entry.spec
    assert (spec.head, spec.labels, spec.input) == (DETECTS.head, ("cat", "dog"), DETECTS.input)
    assert (spec.thresholds, spec.nms, spec.source) == (DETECTS.thresholds, DETECTS.nms, SOURCE)
    assert OnnxDetector(entry).detect(np.zeros((50, 80, 3), np.uint8)) == []
    card = (entry.folder / "CARD.md").read_text("utf-8")
    for told in (entry.sha256, "own.yaml", "96 × 64", "| cat | 0.500 |", "lookout-models evaluate --model yard"):
        assert told in card
    assert spec.licence == "not stated"
    assert "No licence is stated" in capsys.readouterr().err


def test_its_licence_is_the_makers_to_say(zoo: Zoo, tmp_path: Path) -> None:
    import_model(trained(tmp_path, detector(), DETECTS), name="own", licence="MIT")
    assert zoo.entry("own").spec.licence == "MIT"


def test_what_a_file_says_itself_is_not_said_again(zoo: Zoo, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"yard\.onnx says itself what it finds and at which size; leave out --label"):
        import_model(trained(tmp_path, detector(), DETECTS), labels=["cat", "dog"])
    assert zoo.names() == ()


@pytest.mark.parametrize(
    ("shapes", "told", "use"),
    [
        (
            {"probabilities": (1, 2)},
            account(ClassifierHead(kind="classifier"), nms=None),
            "second_look:\n      - {model: own}",
        ),
        (
            {"text": (1, 20, len(ALPHABET) + 1), "colour": (1, 2)},
            account(CtcHead(kind="ctc", alphabet=ALPHABET, colours=("blue", "none")), nms=None, labels=("plate",)),
            "lookout-models plates DIR --reader own",
        ),
    ],
)
def test_what_is_no_detector_runs_as_what_it_is(
    zoo: Zoo, tmp_path: Path, shapes: dict[str, tuple[int, ...]], told: Account, use: str
) -> None:
    told = told.model_copy(update={"thresholds": Thresholds(default=0.5), "figures": ""})
    import_model(trained(tmp_path, onnx.load_model_from_string(network(shapes, {})), told), name="own")
    card = (zoo.entry("own").folder / "CARD.md").read_text("utf-8")
    assert use in card
    assert "Not measured." in card


def test_an_account_of_something_else_is_refused(zoo: Zoo, tmp_path: Path) -> None:
    says_otherwise = account(ClassifierHead(kind="classifier"), nms=None)
    with pytest.raises(UsageError, match=r"yard\.onnx does not run as classifier: its outputs are not those of one"):
        import_model(trained(tmp_path, detector(), says_otherwise))
    assert zoo.names() == ()


def test_a_file_of_before_says_how_it_comes_to_one(zoo: Zoo, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"own\.onnx comes from a recipe, .*'lookout-models train' command writes it"):
        import_model(file(tmp_path, detector().SerializeToString(), "own.onnx"), labels=["cat", "dog"])


def test_an_account_of_another_version_is_refused(zoo: Zoo, tmp_path: Path) -> None:
    model = detector()
    onnx.helper.set_model_props(model, {"lookout": '{"description": "x", "shape": 3}'})
    with pytest.raises(UsageError, match=r"yard\.onnx says of itself what this version does not understand \(source"):
        import_model(file(tmp_path, model.SerializeToString(), "yard.onnx"))


def test_the_mean_of_two_runs_is_not_measured(zoo: Zoo, tmp_path: Path) -> None:
    first, second = (trained(tmp_path, detector(), DETECTS, name) for name in ("a.onnx", "b.onnx"))
    made = onnx.load_model_from_string(mixed(first, second, 0.5))
    assert account_in(made, "made") == DETECTS.model_copy(update={"figures": ""})


def test_a_twin_of_earlier_weights_is_told(zoo: Zoo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = trained(tmp_path, detector(), DETECTS)
    import_model(path)
    twin = zoo.folder / "yard-int8"
    twin.mkdir()
    described = (zoo.folder / "yard" / "model.yaml").read_text("utf-8").replace("name: yard", "name: yard-int8")
    source = f"source: {{quantised: yard, sha256: {zoo.entry('yard').sha256}, pictures: 8}}\n"
    before, _, after = described.partition("source:")
    (twin / "model.yaml").write_text(before + source + after[after.index("input:") :], "utf-8")
    import_model(path, replace=True)
    assert "yard-int8" not in capsys.readouterr().err
    looks = ModelsConfig(detector="yard")
    assert detector_entry(zoo, looks) == "yard-int8"
    changed = DETECTS.model_copy(update={"description": "another run"})
    import_model(trained(tmp_path, detector(), changed), replace=True)
    assert "'yard-int8' is of the weights that were before and is no longer used" in capsys.readouterr().err
    assert detector_entry(zoo, looks) == "yard"
