"""A reader with a second head: the colour is told, "none" is no plate; two lines are laid beside each other."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, parser

from lookout_edge.adapters.onnx.plate_lines import side_by_side
from lookout_edge.adapters.onnx.plate_text import DIGITS, LETTERS, PROVINCES, SPECIAL
from lookout_edge.adapters.onnx.plates import OnnxPlateReader, PlateTextReader, straighten
from lookout_edge.adapters.zoo import Zoo, ZooEntry

ALPHABET = PROVINCES + DIGITS + LETTERS + SPECIAL
COLOURS = ("blue", "yellow", "none")
DESCRIPTION = """
name: made-up
description: always the same plate
licence: Apache-2.0
source: {{recipe: made-up.yaml, data: [none]}}
weights: {{file: made-up.onnx, sha256: {sha256}}}
input: {{width: 128, height: 40, {std}fit: stretch}}
head: {{kind: ctc, alphabet: {alphabet}, colours: [blue, yellow, none]}}
labels: [plate]
thresholds: {{default: 0.5}}
"""


def model(text: str, certainty: float, colour: str) -> bytes:
    """A model that sees ``text``, each character with the probability ``certainty``, whatever it is shown."""
    steps = np.zeros((1, 2 * len(text), len(ALPHABET) + 1), np.float32)
    steps[0, 1::2, 0] = 1
    for index, character in enumerate(text):
        steps[0, 2 * index, ALPHABET.index(character) + 1] = certainty
        steps[0, 2 * index, 0] = 1 - certainty
    seen = np.zeros((1, len(COLOURS)), np.float32)
    seen[0, COLOURS.index(colour)] = 1
    outputs = {"text": steps, "colour": seen}
    nodes = [
        helper.make_node(
            "Constant", [], [name], value=helper.make_tensor(name, TensorProto.FLOAT, value.shape, value.flatten())
        )
        for name, value in outputs.items()
    ]
    graph = helper.make_graph(
        nodes,
        "made-up",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 40, 128])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape) for name, value in outputs.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    made.ir_version = 8
    return made.SerializeToString()


def entry(folder: Path, weights: bytes, std: str = "") -> ZooEntry:
    place = folder / "made-up"
    place.mkdir()
    (place / "made-up.onnx").write_bytes(weights)
    sha256 = hashlib.sha256(weights).hexdigest()
    (place / "model.yaml").write_text(DESCRIPTION.format(sha256=sha256, alphabet=ALPHABET, std=std), "utf-8")
    return Zoo(folder).entry("made-up")


def picture() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.zeros((24, 94, 3), np.uint8)


def test_text_and_colour_are_told(tmp_path: Path) -> None:
    look = PlateTextReader(entry(tmp_path, model("皖A12345", 0.9, "yellow"))).read(picture())
    assert look.text is not None
    assert (look.text.text, look.colour) == ("皖A12345", "yellow")
    assert look.text.confidence == pytest.approx(0.9)


def test_what_is_no_plate_has_no_text(tmp_path: Path) -> None:
    look = PlateTextReader(entry(tmp_path, model("皖A12345", 0.9, "none"))).read(picture())
    assert (look.text, look.colour) == (None, "none")


def reader(folder: Path) -> OnnxPlateReader:
    """A reader as sure of its one text as the lower left corner of what it sees is bright."""
    made = parser.parse_model("""<ir_version: 8, opset_import: ["": 18]>
    made (float[1,3,40,128] image) => (float[1,14,c] text, float[1,3] colour) {
        corner = Slice (image, from, to, axes)
        sure = ReduceMean <keepdims = 0> (corner)
        text = Mul (steps, sure)
        colour = Identity (yellow)
    }""")
    steps = np.zeros((1, 14, len(ALPHABET) + 1), np.float32)
    for index, character in enumerate("皖A12345"):
        steps[0, 2 * index, ALPHABET.index(character) + 1] = 1
        steps[0, 2 * index + 1, 0] = 1
    values = {
        "from": np.array([30, 0], np.int64),
        "to": np.array([40, 20], np.int64),
        "axes": np.array([2, 3], np.int64),
        "steps": steps,
        "yellow": np.array([[0, 1, 0]], np.float32),
    }
    made.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in values.items())
    bright = entry(folder, made.SerializeToString(), std="std: [255, 255, 255], ")
    return OnnxPlateReader(Zoo.find().entry("plate-detector"), bright)


def two_lines(width: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """White above, black below."""
    plate = np.zeros((60, width, 3), np.uint8)
    plate[:26] = 255
    return plate


def test_two_lines_are_read_side_by_side_where_there_may_be_two(tmp_path: Path) -> None:
    found = reader(tmp_path).read_plate(two_lines(120))
    assert (found.text, found.colour) == ("皖A12345", "yellow")
    assert found.confidence > 0.9


def test_a_long_plate_has_one_line(tmp_path: Path) -> None:
    assert reader(tmp_path).read_plate(two_lines(190)).text is None


def test_lines_beside_each_other_keep_their_order_and_fill_the_picture() -> None:
    plate = np.zeros((88, 176, 3), np.uint8)
    plate[:32, 44:88], plate[:32, 88:132] = (255, 0, 0), (0, 255, 0)
    plate[36:] = (0, 0, 255)
    line = side_by_side(plate, (160, 48))
    assert line.shape == (48, 160, 3)
    blue, green, red = line[20, 12], line[20, 36], line[20, 100]
    assert (blue.argmax(), green.argmax(), red.argmax()) == (0, 1, 2)
    assert (line[:, 50:].argmax(axis=2)[6:] == 2).all()


def test_a_near_plate_is_averaged_when_it_is_straightened() -> None:
    """Stripes finer than the reader's pixels come out grey, not as a moiré of black and white."""
    stripes = np.zeros((160, 512, 3), np.uint8)
    stripes[:, ::2] = 255
    corners = np.array([[0, 0], [512, 0], [512, 160], [0, 160]], np.float32)
    straight = straighten(stripes, corners, (128, 40), (0.0, 0.0))
    assert straight.shape == (40, 128, 3)
    assert 100 < straight[:, 2:-2].min() <= straight[:, 2:-2].max() < 155
