"""Training with Ultralytics and importing its weights, with a stand-in for it; with itself where it is installed."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest
import yaml

from lookout_edge.adapters.onnx.detector import OnnxDetector
from lookout_edge.adapters.zoo import Imported, Zoo
from lookout_models.errors import ModelsError, UsageError
from lookout_models.imported import OwnModel, import_onnx
from lookout_models.pictures import list_pictures, read_picture
from lookout_models.training.cli import OwnRun, with_ultralytics
from lookout_models.training.testing import make_pictures
from lookout_models.ultralytics_weights import Trainer, exported, open_yolo
from lookout_models.zoo_commands import import_model
from unit.models.test_imported import ULTRALYTICS, file, network

START = OwnRun("own", "yolo11n.pt", 3, 96)


class FakeYolo:
    """Stands in for ``ultralytics.YOLO``: writes what that would write, and remembers what it was asked."""

    asked: list[dict[str, object]] = []
    task = "detect"

    def __init__(self, weights: str) -> None:
        self._weights = Path(weights)

    @property
    def trainer(self) -> Trainer:
        """What training left."""
        return self

    @property
    def best(self) -> Path:
        """Where it lies."""
        return Path(str(self.asked[-1]["project"])) / "run" / "weights" / "best.pt"

    def train(self, **settings: object) -> object:
        """Leave weights."""
        self.asked.append({"start": str(self._weights), **settings})
        self.best.parent.mkdir(parents=True, exist_ok=True)
        self.best.with_name("last.pt").write_bytes(b"weights")
        self.best.write_bytes(b"weights")
        return None

    def export(self, **settings: object) -> str:
        """Leave an ONNX file."""
        self.asked.append(settings)
        path = self._weights.with_suffix(".onnx")
        path.write_bytes(network({"output0": (1, 6, 126)}, ULTRALYTICS))
        return str(path)


@pytest.fixture(autouse=True)
def nothing_asked() -> None:
    FakeYolo.asked = []


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.yaml"
    path.write_text("names: [e-bike, cat]", "utf-8")
    return path


def test_a_training_ends_as_an_entry_and_says_what_its_licence_asks(
    zoo: Zoo, tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_ultralytics(data, tmp_path / "work", START, FakeYolo)
    spec = zoo.entry("own").spec
    assert spec.labels == ("e-bike", "cat")
    training, export = FakeYolo.asked
    assert (training["start"], training["epochs"], training["imgsz"]) == ("yolo11n.pt", 3, 96)
    assert (training["data"], training["resume"]) == (str(data), False)
    assert (export["format"], export["imgsz"], "half" in export) == ("onnx", 96, False)
    assert isinstance(spec.source, Imported)
    assert spec.source.imported == "best.pt"
    said = capsys.readouterr()
    assert "own: yolo, 2 classes, licence AGPL-3.0" in said.out
    assert "These weights are AGPL-3.0: CARD.md says what that asks of you." in said.err


def test_a_path_counts_from_the_folder_of_its_description(zoo: Zoo, tmp_path: Path, data: Path) -> None:
    (tmp_path / "sets" / "夜").mkdir(parents=True)
    data.write_text("path: sets/夜\ntrain: images\nval: images\nnames: [e-bike, cat]\n", "utf-8")
    with_ultralytics(data, tmp_path / "work", START, FakeYolo)
    told = Path(str(FakeYolo.asked[0]["data"]))
    assert yaml.safe_load(told.read_text("utf-8"))["path"] == str(tmp_path / "sets" / "夜")
    assert told.parent == tmp_path / "work"


class Stops(FakeYolo):
    """A training that is killed after its first epoch."""

    def train(self, **settings: object) -> object:
        """Leave the weights of one epoch."""
        super().train(**settings)
        self.best.unlink()
        raise KeyboardInterrupt


def test_a_training_that_was_stopped_goes_on_and_one_that_ended_is_not_repeated(
    zoo: Zoo, tmp_path: Path, data: Path
) -> None:
    work = tmp_path / "work"
    with pytest.raises(KeyboardInterrupt):
        with_ultralytics(data, work, START, Stops)
    with pytest.raises(UsageError, match=r"work holds a training of .*data\.yaml from yolo11n\.pt, 3 epochs at 96"):
        with_ultralytics(data, work, OwnRun("own", "yolo11n.pt", 4, 96), FakeYolo)
    FakeYolo.asked = []
    with_ultralytics(data, work, START, FakeYolo)
    training, _ = FakeYolo.asked
    assert (training["start"], training["resume"]) == (str(work / "run" / "weights" / "last.pt"), True)
    FakeYolo.asked = []
    with_ultralytics(data, work, OwnRun("another", "yolo11n.pt", 3, 96), FakeYolo)
    assert ["format" in each for each in FakeYolo.asked] == [True]
    assert zoo.names() == ("another", "own")


def test_what_failed_before_its_first_epoch_is_begun_anew_with_other_settings(
    zoo: Zoo, tmp_path: Path, data: Path
) -> None:
    class Fails(FakeYolo):
        def train(self, **settings: object) -> object:
            """As Ultralytics does without a key ``val``."""
            raise RuntimeError("Dataset error \u274c\ndata.yaml 'val:' key missing \u274c.")

    with pytest.raises(ModelsError, match=r"Ultralytics could not train on .*: Dataset error data\.yaml 'val:' key"):
        with_ultralytics(data, tmp_path / "work", START, Fails)
    with_ultralytics(data, tmp_path / "work", OwnRun("own", "yolo11s.pt", 3, 96), FakeYolo)
    assert FakeYolo.asked[0]["start"] == "yolo11s.pt"


def test_a_damaged_record_is_said(zoo: Zoo, tmp_path: Path, data: Path) -> None:
    with_ultralytics(data, tmp_path / "work", START, FakeYolo)
    (tmp_path / "work" / "asked.json").write_text("{", "utf-8")
    with pytest.raises(UsageError, match=r"asked\.json is damaged; choose another --work"):
        with_ultralytics(data, tmp_path / "work", OwnRun("other", "yolo11n.pt", 3, 96), FakeYolo)


def test_an_entry_is_replaced_when_that_is_asked_for(zoo: Zoo, tmp_path: Path, data: Path) -> None:
    with_ultralytics(data, tmp_path / "work", START, FakeYolo)
    with pytest.raises(UsageError, match="has 'own' already; choose another --name or replace it with --replace"):
        with_ultralytics(data, tmp_path / "more", START, FakeYolo)
    with_ultralytics(data, tmp_path / "more", OwnRun("own", "yolo11n.pt", 3, 96, replace=True), FakeYolo)
    assert zoo.names() == ("own",)


@pytest.mark.parametrize(
    ("names", "name", "said"),
    [
        ("names: [cat]", "My Yolo", "'My Yolo' is no name of an entry"),
        (
            "names: [cat]",
            "shipped",
            "'shipped' is none of your own models, .* also with --replace: choose another --name",
        ),
        ("nc: 2", "own", "has no class names"),
    ],
)
def test_what_would_fail_after_hours_of_training_fails_before(
    zoo: Zoo, tmp_path: Path, names: str, name: str, said: str
) -> None:
    entry = import_onnx(zoo, OwnModel(file(tmp_path, network({"output0": (1, 6, 126)}, ULTRALYTICS)), "shipped"))
    described = (entry.folder / "model.yaml").read_text("utf-8")
    (entry.folder / "model.yaml").write_text(
        re.sub(r"source:\n(  .*\n)+", "source: {recipe: x.yaml, data: [x]}\n", described), "utf-8"
    )
    data = tmp_path / "data.yaml"
    data.write_text(names, "utf-8")
    with pytest.raises(UsageError, match=said):
        with_ultralytics(data, tmp_path / "work", OwnRun(name, "yolo11n.pt", 3, 96), FakeYolo)
    assert FakeYolo.asked == []


def test_a_training_without_data_is_refused(zoo: Zoo, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no file .*data\.yaml"):
        with_ultralytics(tmp_path / "data.yaml", tmp_path, START, FakeYolo)


class Segments(FakeYolo):
    """Weights that outline things."""

    task = "segment"


def test_what_detects_nothing_is_refused_before_it_is_trained_or_exported(zoo: Zoo, tmp_path: Path, data: Path) -> None:
    with pytest.raises(UsageError, match=r"yolo11n\.pt is for the task 'segment'; only detectors"):
        with_ultralytics(data, tmp_path / "work", START, Segments)
    with pytest.raises(UsageError, match=r"best\.pt is for the task 'segment'; only detectors"):
        exported(file(tmp_path, b"weights", "best.pt"), tmp_path, opener=Segments)
    assert FakeYolo.asked == []


def test_weights_are_imported_at_the_size_they_were_trained_at_and_nothing_beside_them_changes(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    weights, own = file(mine, b"weights", "best.pt"), file(mine, b"an export of my own", "best.onnx")
    monkeypatch.setattr("lookout_models.ultralytics_weights.open_yolo", FakeYolo)
    monkeypatch.setattr(exported, "__defaults__", (None, FakeYolo))
    import_model(weights, name="own")
    assert own.read_bytes() == b"an export of my own"
    assert sorted(path.name for path in mine.iterdir()) == ["best.onnx", "best.pt"]
    assert "imgsz" not in FakeYolo.asked[-1]
    source = zoo.entry("own").spec.source
    assert isinstance(source, Imported)
    assert source.imported == "best.pt"
    import_model(weights, name="own", size=96, replace=True)
    assert FakeYolo.asked[-1]["imgsz"] == 96


def test_what_ultralytics_complains_of_is_one_line(tmp_path: Path) -> None:
    def damaged(weights: str) -> FakeYolo:
        raise TypeError(f"\x1b[31mERROR\x1b[0m \u274c\ufe0f {weights} is not a loadable checkpoint")

    folder = tmp_path / "lookout-export-x"
    folder.mkdir()
    said = r"^Ultralytics could not open best\.pt: ERROR best\.pt is not a loadable checkpoint$"
    with pytest.raises(UsageError, match=said):
        exported(file(tmp_path, b"no weights", "best.pt"), folder, opener=damaged)


def test_an_export_that_left_no_file_is_said(tmp_path: Path) -> None:
    class Forgets(FakeYolo):
        def export(self, **settings: object) -> str:
            """Only say so."""
            return str(tmp_path / "nowhere.onnx")

    with pytest.raises(ModelsError, match=r"no such file"):
        exported(file(tmp_path, b"weights", "best.pt"), tmp_path, 64, Forgets)


def test_without_ultralytics_it_names_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_name: str) -> None:
        return None

    monkeypatch.setattr("lookout_models.ultralytics_weights.find_spec", nothing)
    with pytest.raises(UsageError, match=r"AGPL-3\.0 and not installed: pip install 'lookout\[ultralytics\]'"):
        open_yolo("best.pt")
    with pytest.raises(UsageError, match=r"there are no weights at"):
        exported(tmp_path / "none.pt", tmp_path, 64)


def quickly(trainer: Any) -> None:
    """Ultralytics keeps a mean of the weights that lies near the first ones for thousands of steps."""
    trainer.ema.decay = lambda step: 0.5  # pyright: ignore[reportUnknownLambdaType]


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ultralytics") is None, reason="Ultralytics (AGPL-3.0) is not installed")
@pytest.mark.filterwarnings("default")
def test_an_entry_finds_what_ultralytics_itself_finds(zoo: Zoo, tmp_path: Path) -> None:
    make_pictures(tmp_path / "made", 40)
    # One class: of two that are nearly as likely in a place they keep one, we keep both.
    for labels in (tmp_path / "made" / "labels").iterdir():
        labels.write_text(re.sub("^1", "0", labels.read_text("utf-8")), "utf-8")
    data = tmp_path / "data.yaml"
    data.write_text(f"path: {tmp_path / 'made'}\ntrain: images\nval: images\nnames: [square]\n", "utf-8")
    yolo = cast(Any, open_yolo("yolov8n.yaml"))
    yolo.add_callback("on_train_start", quickly)
    asked = {"epochs": 15, "imgsz": 96, "batch": 8, "nbs": 8, "optimizer": "AdamW", "lr0": 2e-3, "mosaic": 0.0}
    quiet = {"verbose": False, "val": False, "plots": False, "workers": 0}
    yolo.train(data=str(data), project=str(tmp_path), name="run", **asked, **quiet)
    weights = tmp_path / "run" / "weights" / "last.pt"
    import_model(weights, name="own")
    assert zoo.entry("own").spec.input.width == 96
    detector, found = OnnxDetector(zoo.entry("own"), threshold=0.02), 0
    for path in list_pictures(tmp_path / "made" / "images"):
        # No square, no multiple of the size, and less than twice as large: there we shrink as they do.
        picture = np.asarray(cv2.resize(read_picture(path), (151, 117)), np.uint8)
        theirs = yolo.predict(picture, imgsz=96, conf=0.05, iou=0.6, rect=False, verbose=False)[0]
        ours = detector.detect(picture)
        rows = zip(theirs.boxes.cls.tolist(), theirs.boxes.conf.tolist(), theirs.boxes.xyxyn.tolist(), strict=True)
        for number, score, box in rows:
            alike = [d for d in ours if d.label == theirs.names[int(number)] and abs(d.score - score) < 1e-3]
            assert any(np.allclose(d.box.as_tuple(), box, atol=2e-3) for d in alike), (path.name, number, score, box)
            found += 1
    assert found >= 10
