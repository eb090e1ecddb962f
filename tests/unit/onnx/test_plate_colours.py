"""A reader with a second head: the colour is told, "none" is no plate, and two readers agree on one text."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from lookout_edge.adapters.onnx.heads.ctc import PlateText
from lookout_edge.adapters.onnx.plate_opinions import agreed
from lookout_edge.adapters.onnx.plate_text import DIGITS, LETTERS, PROVINCES, SPECIAL
from lookout_edge.adapters.onnx.plates import PlateTextReader, straighten
from lookout_edge.adapters.zoo import Zoo, ZooEntry

ALPHABET = PROVINCES + DIGITS + LETTERS + SPECIAL
COLOURS = ("blue", "yellow", "none")
DESCRIPTION = """
name: made-up
description: always the same plate
licence: Apache-2.0
source: {{recipe: made-up.yaml, data: [none]}}
weights: {{file: made-up.onnx, sha256: {sha256}}}
input: {{width: 128, height: 40, fit: stretch}}
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


def entry(folder: Path, weights: bytes) -> ZooEntry:
    place = folder / "made-up"
    place.mkdir()
    (place / "made-up.onnx").write_bytes(weights)
    sha256 = hashlib.sha256(weights).hexdigest()
    (place / "model.yaml").write_text(DESCRIPTION.format(sha256=sha256, alphabet=ALPHABET), "utf-8")
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


def said(text: str, *confidences: float) -> PlateText:
    return PlateText(text, confidences or (0.9,) * len(text))


def test_the_province_comes_from_the_surer_reader() -> None:
    first = said("豫A12345", 0.3, *[0.9] * 6)
    assert agreed(first, said("皖A72345", 0.8, *[0.9] * 6)) == said("皖A12345", 0.8, *[0.9] * 6)
    assert agreed(first, said("皖A12345", 0.2, *[0.9] * 6)) == first


def test_the_second_text_stands_only_where_it_is_clearly_surer() -> None:
    first = said("皖A12345", 0.9, *[0.5] * 6)
    assert agreed(first, said("皖B67890", 0.9, *[0.55] * 6)) == first
    assert agreed(first, said("皖B67890", 0.9, *[0.9] * 6)) == said("皖B67890", 0.9, *[0.9] * 6)


def test_one_reader_alone_is_believed() -> None:
    assert agreed(said("皖A12345"), None) == said("皖A12345")
    assert agreed(None, said("使123456")) == said("使123456")
    assert agreed(None, None) is None


def test_an_embassy_plate_keeps_its_first_digit() -> None:
    assert agreed(said("123456使"), said("皖23456使", 0.99, *[0.9] * 6)) == said("123456使")


def test_a_near_plate_is_averaged_when_it_is_straightened() -> None:
    """Stripes finer than the reader's pixels come out grey, not as a moiré of black and white."""
    stripes = np.zeros((160, 512, 3), np.uint8)
    stripes[:, ::2] = 255
    corners = np.array([[0, 0], [512, 0], [512, 160], [0, 160]], np.float32)
    straight = straighten(stripes, corners, (128, 40), (0.0, 0.0))
    assert straight.shape == (40, 128, 3)
    assert 100 < straight[:, 2:-2].min() <= straight[:, 2:-2].max() < 155
