"""Pose models by each head: made-up networks of which it is known where they put each joint."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import yaml
from onnx import TensorProto, ValueInfoProto, helper, numpy_helper

from lookout_edge.adapters.onnx.heads.pose import MovenetDecoder, SimccDecoder, YoloPoseDecoder
from lookout_edge.adapters.onnx.pose import OnnxPoseEstimator
from lookout_edge.adapters.zoo import Zoo, ZooEntry
from lookout_edge.domain.geometry import Box
from lookout_edge.errors import ModelError
from lookout_edge.testing import picture

WIDTH, HEIGHT, JOINTS = 48, 64, 17
Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
SIMCC: dict[str, object] = {"kind": "simcc"}
YOLO: dict[str, object] = {"kind": "yolo-pose"}
MOVENET: dict[str, object] = {"kind": "movenet"}


def simcc_tables() -> dict[str, Floats]:
    """Joint j is at column 2j and row 3j, in half pixels as RTMPose has it; the scores fall with j."""
    across, down = np.zeros((1, JOINTS, 2 * WIDTH), np.float32), np.zeros((1, JOINTS, 2 * HEIGHT), np.float32)
    for joint in range(JOINTS):
        across[0, joint, 4 * joint] = 1 - joint / 20
        down[0, joint, 6 * joint] = 0.9
    return {"simcc_x": across, "simcc_y": down}


def yolo_table(score: float = 0.8) -> dict[str, Floats]:
    """Two people, of whom the second is the surer: its joint j is at (2j, 3j)."""
    table = np.zeros((1, 5 + 3 * JOINTS, 2), np.float32)
    table[0, 4] = [score / 2, score]
    for joint in range(JOINTS):
        table[0, 5 + 3 * joint : 8 + 3 * joint, 1] = [2 * joint, 3 * joint, 1 - joint / 20]
    return {"output0": table}


def movenet_table() -> dict[str, Floats]:
    """Joint j is at column 2j and row 3j, y before x, as fractions of the input."""
    rows = [[3 * joint / HEIGHT, 2 * joint / WIDTH, 1 - joint / 20] for joint in range(JOINTS)]
    return {"joints": np.array([[rows]], np.float32)}


def entry(folder: Path, head: Mapping[str, object], outputs: Mapping[str, Floats]) -> ZooEntry:
    """A zoo with one network that looks at its input and says ``outputs`` whatever it sees."""
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, HEIGHT, WIDTH])
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "nothing"], ["zero"]),
    ]
    weights = [numpy_helper.from_array(np.zeros((), np.float32), "nothing")]
    told: list[ValueInfoProto] = []
    for name, value in outputs.items():
        weights.append(numpy_helper.from_array(value, f"{name}_value"))
        nodes.append(helper.make_node("Add", [f"{name}_value", "zero"], [name]))
        told.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape))
    graph = helper.make_graph(nodes, "pose", [image], told, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content = model.SerializeToString()
    (folder / "pose").mkdir(parents=True)
    (folder / "pose" / "pose.onnx").write_bytes(content)
    spec = {
        "name": "pose",
        "description": "made up",
        "licence": "Apache-2.0",
        "source": {"imported": "pose.onnx", "sha256": "0" * 64, "made_by": "this test"},
        "weights": {"file": "pose.onnx", "sha256": hashlib.sha256(content).hexdigest()},
        "input": {"width": WIDTH, "height": HEIGHT, "colour": "rgb"},
        "head": dict(head),
        "labels": ["person"],
        "thresholds": {"default": 0.3},
    }
    (folder / "pose" / "model.yaml").write_text(yaml.safe_dump(spec), encoding="utf-8")
    return Zoo(folder).entry("pose")


@pytest.mark.parametrize(
    ("head", "outputs"), [(SIMCC, simcc_tables()), (YOLO, yolo_table()), (MOVENET, movenet_table())]
)
def test_joints_are_given_as_fractions_of_the_whole_picture(
    tmp_path: Path, head: Mapping[str, object], outputs: Mapping[str, Floats]
) -> None:
    estimator = OnnxPoseEstimator(entry(tmp_path, head, outputs))
    # With its margin the box is 0.25..0.75 by 0.25..0.75 of 400 × 400 pixels; a square fills the input's width.
    pose = estimator.estimate(picture(width=400, height=400), Box(0.3, 0.3, 0.7, 0.7))
    assert pose is not None
    assert len(pose) == JOINTS
    for number, joint in enumerate(pose):
        x, y = 2 * number / WIDTH, (3 * number - (HEIGHT - WIDTH) / 2) / WIDTH
        assert joint == pytest.approx((0.25 + x * 0.5, 0.25 + y * 0.5, min(0.9, 1 - number / 20)), abs=0.01) or (
            head is not SIMCC and joint == pytest.approx((0.25 + x * 0.5, 0.25 + y * 0.5, 1 - number / 20), abs=0.01)
        )


def test_nobody_is_nobody(tmp_path: Path) -> None:
    estimator = OnnxPoseEstimator(entry(tmp_path, YOLO, yolo_table(score=0.2)))
    assert estimator.estimate(picture(width=100, height=100), Box(0.0, 0.0, 1.0, 1.0)) is None
    assert estimator.estimate(picture(width=100, height=100), Box(1.4, 1.4, 1.6, 1.6)) is None


def test_a_model_of_other_joints_or_of_none_is_refused(tmp_path: Path) -> None:
    canvas = (WIDTH, HEIGHT)
    with pytest.raises(ModelError, match="133 joints and not COCO's 17"):
        SimccDecoder(("x", "y")).decode({name: np.zeros((133, 96), np.float32) for name in "xy"}, canvas)
    with pytest.raises(ModelError, match="joints and not COCO's 17"):
        YoloPoseDecoder(0.3).decode({"output0": np.zeros((20, 4), np.float32)}, canvas)
    with pytest.raises(ModelError, match="6 joints and not COCO's 17"):
        MovenetDecoder().decode({"joints": np.zeros((1, 6, 3), np.float32)}, canvas)
    with pytest.raises(ModelError, match="no output 'simcc_x'"):
        OnnxPoseEstimator(entry(tmp_path / "a", SIMCC, yolo_table())).estimate(picture(), Box(0.0, 0.0, 1.0, 1.0))
    with pytest.raises(ModelError, match="finds no joints"):
        OnnxPoseEstimator(entry(tmp_path / "b", {"kind": "end-to-end"}, yolo_table()))
