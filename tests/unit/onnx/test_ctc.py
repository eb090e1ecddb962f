import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from lookout_edge.adapters.onnx.heads.ctc import GrammarDecoder
from lookout_edge.adapters.onnx.plate_text import ALPHABET, LOOKALIKES, PATTERNS, is_plate

Floats = NDArray[np.float32]

SMALL = "AB1"
SMALL_PATTERNS = (("AB", "AB"), ("A", "1", "1"), ("B",))
PLATES = GrammarDecoder(ALPHABET, PATTERNS, LOOKALIKES)


def collapse(path: tuple[int, ...], alphabet: str) -> str:
    return "".join(alphabet[c - 1] for c, _ in itertools.groupby(path) if c)


def best_by_trying_all(probabilities: Floats) -> tuple[float, set[str]]:
    """Score and texts of the best paths that the small grammar allows."""
    allowed = {"".join(t) for pattern in SMALL_PATTERNS for t in itertools.product(*pattern)}
    best, texts = -np.inf, set[str]()
    for path in itertools.product(range(len(SMALL) + 1), repeat=len(probabilities)):
        text = collapse(path, SMALL)
        if text not in allowed:
            continue
        score = float(np.sum(np.log([probabilities[step, c] for step, c in enumerate(path)])))
        if score > best + 1e-4:
            best, texts = score, {text}
        elif score > best - 1e-4:
            texts.add(text)
    return best, texts


@settings(deadline=None)
@given(arrays(np.float32, (5, 4), elements=st.floats(2**-6, 1, width=32)))
def test_it_is_the_best_path_of_all(weights: Floats) -> None:
    probabilities = weights / weights.sum(axis=1, keepdims=True)
    reading = GrammarDecoder(SMALL, SMALL_PATTERNS, {}).decode(probabilities)
    assert reading is not None
    assert reading.text in best_by_trying_all(probabilities)[1]
    assert all(0 < c <= 1 for c in reading.character_confidences)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(8, 24))
def test_whatever_it_sees_it_reads_a_plate(seed: int, steps: int) -> None:
    noise = np.random.default_rng(seed).random((steps, len(ALPHABET) + 1), np.float32)
    reading = PLATES.decode(noise / noise.sum(axis=1, keepdims=True))
    assert reading is not None
    assert is_plate(reading.text)


def seen(*steps: str, sure: float = 0.9) -> Floats:
    """Probabilities where each step is fairly sure of one character, or of the blank for ''."""
    table = np.full((len(steps), len(ALPHABET) + 1), (1 - sure) / len(ALPHABET), np.float32)
    for step, character in enumerate(steps):
        table[step, ALPHABET.index(character) + 1 if character else 0] = sure
    return table


def read(*steps: str) -> str:
    reading = PLATES.decode(seen(*steps))
    assert reading is not None
    return reading.text


def test_repeats_need_a_blank_between() -> None:
    assert read("皖", "A", "", "1", "", "1", "2", "2", "3", "4") == "皖A11234"


def test_separators_vanish_and_lookalikes_become_what_they_look_like() -> None:
    assert read("皖", "A", "·", "O", "2", "3", "I", "5") == "皖A02315"


def test_new_energy_plates_have_a_character_more() -> None:
    assert read("京", "A", "D", "1", "2", "3", "4", "5") == "京AD12345"


def test_special_characters_end_a_plate() -> None:
    assert read("粤", "Z", "1", "2", "3", "4", "港") == "粤Z1234港"


def test_a_letter_cannot_stand_for_the_province() -> None:
    table = seen("M", "A", "1", "2", "3", "4", "5")
    table[0, ALPHABET.index("皖") + 1] = 0.05
    reading = PLATES.decode(table)
    assert reading is not None
    assert reading.text == "皖A12345"
    assert reading.character_confidences[0] == pytest.approx(0.05)
    assert reading.confidence == pytest.approx((0.05 + 6 * 0.9) / 7, abs=1e-3)


def test_too_few_steps_are_no_reading() -> None:
    assert PLATES.decode(seen("皖", "A", "1")) is None


@pytest.mark.parametrize(
    "text", ["皖A12345", "京AD12345", "沪A12345D", "京A1234警", "粤ZA123澳", "使014578", "224578使", "皖A12345临"]
)
def test_the_grammar_knows_these(text: str) -> None:
    assert is_plate(text)


@pytest.mark.parametrize(
    "text", ["", "A12345", "皖A1234", "皖AI2345", "皖A1234O", "皖皖12345", "京AL12345", "皖A123456"]
)
def test_the_grammar_refuses_these(text: str) -> None:
    assert not is_plate(text)
