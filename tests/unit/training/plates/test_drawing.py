"""What is drawn is what the label says it is."""

from itertools import pairwise

import numpy as np
import pytest

from lookout_edge.adapters.onnx.plate_text import DIGITS, LETTERS, PROVINCES, is_plate
from lookout_models.errors import UsageError
from lookout_models.training.plates.drawing import SCALE, draw_plate
from lookout_models.training.plates.fonts import FontBook
from lookout_models.training.plates.kinds import COLOURS, KINDS, Kind, draw_kind
from lookout_models.training.plates.strokes import STROKES, draw_strokes

KIND_NAMES = [kind.name for kind in KINDS]


def fonts() -> FontBook:
    try:
        return FontBook.installed()
    except UsageError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("character", [*DIGITS, *LETTERS])
def test_every_digit_and_letter_has_strokes_that_fill_its_cell(character: str) -> None:
    ink = draw_strokes(character, 45, 90, 10)
    rows = np.flatnonzero(ink.max(axis=1) > 100)
    assert rows[0] <= 3
    assert rows[-1] >= 86
    assert 0.1 < (ink > 100).mean() < 0.75


def test_no_two_characters_are_drawn_alike() -> None:
    inks = {character: draw_strokes(character, 45, 90, 10) > 100 for character in STROKES}
    for one, ink in inks.items():
        for other, its in inks.items():
            if one < other:
                overlap = (ink & its).sum() / (ink | its).sum()
                assert overlap < 0.93, f"{one} and {other}"


@pytest.mark.parametrize("kind", KINDS, ids=KIND_NAMES)
def test_texts_follow_the_grammar_and_fit_their_cells(kind: Kind) -> None:
    random = np.random.default_rng(3)
    for _ in range(50):
        text, layout = kind.text(random), kind.layout(random)
        assert is_plate(text), text
        assert len(layout.cells) == len(text)
        assert kind.colour in COLOURS
        for cell in layout.cells:
            assert cell.x >= 0
            assert cell.y >= 0
            assert cell.x + cell.width <= layout.width
            assert cell.y + cell.height <= layout.height


@pytest.mark.parametrize("kind", KINDS, ids=KIND_NAMES)
def test_cells_of_a_line_do_not_touch(kind: Kind) -> None:
    random = np.random.default_rng(4)
    for _ in range(4):
        cells = kind.layout(random).cells
        for one, other in pairwise(cells):
            assert other.y > one.y or other.x > one.x + one.width


def test_every_province_is_drawn() -> None:
    random = np.random.default_rng(5)
    seen = {character for _ in range(3000) for character in draw_kind(random).text(random)}
    assert set(PROVINCES) <= seen
    assert set("警学港澳领挂使临") <= seen
    assert not {"I", "O"} & seen


def test_a_drawn_plate_has_ink_on_its_ground_and_the_promised_size() -> None:
    book, random = fonts(), np.random.default_rng(6)
    for kind in KINDS:
        plate = draw_plate(random, book, kind)
        assert plate.image.std() > 15
        assert plate.lines == 2 if "two-line" in kind.name or "motorcycle" in kind.name else plate.lines in (1, 2)
        assert plate.image.shape[1] in {round(width * SCALE) for width in (220, 440, 480)}


def test_the_same_random_draws_the_same_plate() -> None:
    book = fonts()
    one, other = (draw_plate(np.random.default_rng(7), book) for _ in range(2))
    assert one.text == other.text
    assert np.array_equal(one.image, other.image)
