"""A plate reader is trained, stopped, resumed and exported, in small."""

import importlib.util
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from lookout_edge.adapters.onnx.heads.ctc import GrammarDecoder
from lookout_edge.adapters.onnx.plate_text import LOOKALIKES, PATTERNS
from lookout_edge.adapters.onnx.session import OnnxSession
from lookout_models.errors import UsageError
from lookout_models.training.plates.fonts import FontBook
from lookout_models.training.plates.recipe import PlateRecipe, Stage
from lookout_models.training.plates.samples import CHARACTERS, Sample, as_input

if importlib.util.find_spec("torch") is None:
    pytest.skip("torch is not installed; pip install 'lookout[train]'", allow_module_level=True)
try:
    FontBook.installed()
except UsageError as error:
    pytest.skip(str(error), allow_module_level=True)

import torch

from lookout_models.training.plates.calibrate import temperature, threshold
from lookout_models.training.plates.export import COLOUR, TEXT, export
from lookout_models.training.plates.measuring import Outcome
from lookout_models.training.plates.net import PlateNet
from lookout_models.training.plates.run import mean_net
from lookout_models.training.plates.train import BEST, PlateTraining, load_net
from lookout_models.training.torched import from_array

SMALL = (8, 8, 16, 32)


def recipe(samples: int) -> PlateRecipe:
    stage = Stage(samples=samples, rate=3e-3, rate_end=3e-3, severity=0.2, real=0.2)
    return PlateRecipe(
        kind="plates",
        name="small",
        batch=16,
        widths=SMALL,
        stages=[stage],
        validate_every=320,
        validation=40,
        crops="crops",
    )


def rows(work: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (work / "small" / "log.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "crops"
    folder.mkdir(parents=True)
    _, packed = cv2.imencode(".jpg", np.full((24, 94, 3), 90, np.uint8))
    for number in range(10):
        packed.tofile(folder / f"皖A{number:05d}.jpg")
    return tmp_path / "data"


def test_a_run_learns_and_goes_on_where_it_was_stopped(data: Path, tmp_path: Path) -> None:
    PlateTraining(recipe(640), data, tmp_path).run()
    first = rows(tmp_path)
    assert [row["seen"] for row in first] == [320, 640, 640]
    assert first[1]["loss"] < first[0]["loss"] / 1.5

    PlateTraining(recipe(960), data, tmp_path).run()
    assert [row["seen"] for row in rows(tmp_path)[3:]] == [960, 960]


def test_the_export_reads_as_the_net_does(data: Path, tmp_path: Path) -> None:
    PlateTraining(recipe(32), data, tmp_path).run()
    net = load_net(tmp_path / "small" / BEST)
    export(net, tmp_path / "small.onnx", temperature=1.5)
    session = OnnxSession("small", (tmp_path / "small.onnx").read_bytes())
    images = as_input([np.random.default_rng(1).integers(0, 255, (40, 128, 3)).astype(np.uint8)])

    outputs = session.run(images)

    text, colour = net(from_array(images))
    assert np.allclose(outputs[TEXT], torch.softmax(text / 1.5, 2).detach().numpy(), atol=1e-5)
    assert np.allclose(outputs[COLOUR], torch.softmax(colour, 1).detach().numpy(), atol=1e-5)
    decoder = GrammarDecoder(CHARACTERS, PATTERNS, LOOKALIKES)
    assert decoder.decode(outputs[TEXT][0]) is not None


def test_weights_are_averaged(data: Path, tmp_path: Path) -> None:
    for name in ("one", "other"):
        PlateTraining(recipe(32).model_copy(update={"name": name, "seed": len(name)}), data, tmp_path).run()
    paths = [tmp_path / name / BEST for name in ("one", "other")]
    one, other = (load_net(path).text.get_parameter("weight") for path in paths)
    mean = mean_net(paths).text.get_parameter("weight")
    assert torch.allclose(mean, (one + other) / 2, atol=1e-6)
    assert not torch.allclose(one, other)


def test_a_net_that_is_sure_and_wrong_is_told_to_be_less_sure() -> None:
    net = PlateNet(SMALL)
    with torch.no_grad():
        for weights in net.text.parameters():
            weights.zero_()
        net.text.get_parameter("bias")[1] = 10
    plate = Sample(np.full((40, 128, 3), 9, np.uint8), "皖A12345", 0)
    assert temperature(net, [plate]) > 2


def test_the_threshold_keeps_as_much_as_the_errors_allow() -> None:
    sure, wrong, unsure = (Outcome("A", "A", 0.9, ""), Outcome("A", "B", 0.8, ""), Outcome("A", "A", 0.7, ""))
    assert threshold([sure, wrong, unsure], wrong=0.1) == 0.9
    assert threshold([sure, wrong, unsure], wrong=0.4) == 0.7
    assert threshold([wrong], wrong=0.4) == 1.0


def test_a_missing_start_names_the_file(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no checkpoint .*missing.*train that run first"):
        PlateTraining(recipe(32).model_copy(update={"start": "missing"}), data, tmp_path)
