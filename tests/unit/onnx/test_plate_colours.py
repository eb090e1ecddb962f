"""A reader with a second head: the colour is told, "none" is no plate, and the entry's threshold holds back guesses."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from lookout_edge.adapters.onnx.plate_text import DIGITS, LETTERS, PROVINCES, SPECIAL
from lookout_edge.adapters.onnx.plates import PlateTextReader, straighten
from lookout_edge.adapters.zoo import Zoo

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


def reader(folder: Path, weights: bytes, **options: float) -> PlateTextReader:
    place = folder / "made-up"
    place.mkdir()
    (place / "made-up.onnx").write_bytes(weights)
    sha256 = hashlib.sha256(weights).hexdigest()
    (place / "model.yaml").write_text(DESCRIPTION.format(sha256=sha256, alphabet=ALPHABET), "utf-8")
    return PlateTextReader(Zoo(folder).entry("made-up"), min_character=options.get("min_character"))


def picture() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.zeros((24, 94, 3), np.uint8)


def test_text_and_colour_are_told(tmp_path: Path) -> None:
    look = reader(tmp_path, model("皖A12345", 0.9, "yellow")).read(picture())
    assert (look.text, look.colour) == ("皖A12345", "yellow")
    assert look.confidence == pytest.approx(0.9)


def test_what_is_no_plate_has_no_text(tmp_path: Path) -> None:
    look = reader(tmp_path, model("皖A12345", 0.9, "none")).read(picture())
    assert (look.text, look.confidence, look.colour) == (None, 0.0, "none")


@pytest.mark.parametrize(("certainty", "text"), [(0.45, None), (0.55, "皖A12345")])
def test_the_entry_says_what_counts_as_a_guess(tmp_path: Path, certainty: float, text: str | None) -> None:
    assert reader(tmp_path, model("皖A12345", certainty, "blue")).read(picture()).text == text


def test_a_caller_may_ask_for_less(tmp_path: Path) -> None:
    assert reader(tmp_path, model("皖A12345", 0.3, "blue"), min_character=0.2).read(picture()).text == "皖A12345"


def test_a_near_plate_is_averaged_when_it_is_straightened() -> None:
    """Stripes finer than the reader's pixels come out grey, not as a moiré of black and white."""
    stripes = np.zeros((160, 512, 3), np.uint8)
    stripes[:, ::2] = 255
    corners = np.array([[0, 0], [512, 0], [512, 160], [0, 160]], np.float32)
    straight = straighten(stripes, corners, (128, 40), (0.0, 0.0))
    assert straight.shape == (40, 128, 3)
    assert 100 < straight[:, 2:-2].min() <= straight[:, 2:-2].max() < 155
