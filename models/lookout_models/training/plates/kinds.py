"""The kinds of Chinese number plate (GA 36): what is written on each, in which colours, and how often it is drawn."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

from lookout_edge.adapters.onnx.plate_text import DIGITS, LETTERS, PROVINCES
from lookout_models.training.plates import layouts
from lookout_models.training.plates.chance import Random, pick
from lookout_models.training.plates.layouts import Layout

Rgb = tuple[int, int, int]

#: Classes of the reader's second head; the last says that the crop is no plate at all.
COLOURS = ("blue", "yellow", "green", "white", "black", "none")

BLUE: Rgb = (20, 70, 185)
YELLOW: Rgb = (240, 185, 30)
GREEN: Rgb = (60, 175, 110)
PALE_GREEN: Rgb = (205, 238, 215)
WHITE: Rgb = (238, 238, 236)
BLACK: Rgb = (22, 22, 24)
RED: Rgb = (200, 30, 35)
PALE_BLUE: Rgb = (170, 205, 228)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of plate."""

    name: str
    #: How often it is drawn, relative to the others.
    weight: float
    #: One of ``COLOURS``.
    colour: str
    text: Callable[[Random], str]
    layout: Callable[[Random], Layout]
    ground: Rgb
    ink: Rgb
    #: Colour of the character that tells the use (警, 使, 领), where it is not the ink's.
    mark: Rgb | None = None
    #: Colour that the ground turns to: downwards for the small new-energy plate, leftmost for the large one.
    fade: Rgb | None = None


def digits(random: Random, count: int) -> str:
    """``count`` digits."""
    return "".join(pick(random, DIGITS) for _ in range(count))


def serial(random: Random, count: int) -> str:
    """Digits with no, one, two or rarely more letters anywhere among them."""
    characters = list(digits(random, count))
    letters = int(random.choice(4, p=(0.2, 0.33, 0.37, 0.1)))
    for index in random.permutation(count)[:letters]:
        characters[int(index)] = pick(random, LETTERS)
    return "".join(characters)


def region(random: Random) -> str:
    """Province and city letter; every province alike, 'A' more often than other letters."""
    return pick(random, PROVINCES) + ("A" if random.random() < 0.15 else pick(random, LETTERS))


def _ordinary(random: Random) -> str:
    return region(random) + serial(random, 5)


def _ending(mark: str) -> Callable[[Random], str]:
    return lambda random: region(random) + serial(random, 4) + mark


def _border_city(mark: str) -> Callable[[Random], str]:
    return lambda random: ("粤Z" if random.random() < 0.7 else region(random)) + serial(random, 4) + mark


def _energy_letter(random: Random) -> str:
    return pick(random, "DF") if random.random() < 0.7 else pick(random, "ABCDEFGHJK")


def _small_new_energy(random: Random) -> str:
    second = pick(random, LETTERS + DIGITS)
    return region(random) + _energy_letter(random) + second + digits(random, 4)


def _large_new_energy(random: Random) -> str:
    return region(random) + digits(random, 5) + _energy_letter(random)


def _embassy(random: Random) -> str:
    return digits(random, 6) + "使"


def _embassy_old(random: Random) -> str:
    return "使" + digits(random, 6)


def _temporary(random: Random) -> str:
    return _ordinary(random) + "临"


def _always(layout: Layout) -> Callable[[Random], Layout]:
    return lambda _random: layout


def _either(one: Layout, other: Layout) -> Callable[[Random], Layout]:
    return lambda random: one if random.random() < 0.5 else other


_ONE = layouts.one_line()
_ONE_OR_EARLY_DOT = _either(_ONE, layouts.one_line(dot_after=1))
_ONE_OR_TWO_LINES = _either(layouts.temporary(False), layouts.temporary(True))

KINDS: tuple[Kind, ...] = (
    Kind("blue", 36, "blue", _ordinary, _always(_ONE), BLUE, WHITE),
    Kind("yellow", 6, "yellow", _ordinary, _always(_ONE), YELLOW, BLACK),
    Kind("yellow-two-line", 10, "yellow", _ordinary, _always(layouts.two_lines()), YELLOW, BLACK),
    Kind("trailer", 5, "yellow", _ending("挂"), _always(layouts.two_lines()), YELLOW, BLACK),
    Kind("school", 4, "yellow", _ending("学"), _always(_ONE), YELLOW, BLACK),
    Kind("new-energy", 14, "green", _small_new_energy, _always(layouts.new_energy()), GREEN, BLACK, fade=PALE_GREEN),
    Kind("new-energy-large", 4, "green", _large_new_energy, _always(layouts.new_energy()), GREEN, BLACK, fade=YELLOW),
    Kind("police", 5, "white", _ending("警"), _ONE_OR_EARLY_DOT, WHITE, BLACK, mark=RED),
    Kind("hong-kong", 3, "black", _border_city("港"), _always(_ONE), BLACK, WHITE),
    Kind("macau", 2, "black", _border_city("澳"), _always(_ONE), BLACK, WHITE),
    Kind("consulate", 4, "black", _ending("领"), _ONE_OR_EARLY_DOT, BLACK, WHITE, mark=RED),
    Kind("embassy", 1, "black", _embassy, _always(layouts.embassy(False)), BLACK, WHITE, mark=RED),
    Kind("embassy-old", 1, "black", _embassy_old, _always(layouts.embassy(True)), BLACK, WHITE, mark=RED),
    Kind("foreign", 1, "black", _ordinary, _always(_ONE), BLACK, WHITE),
    Kind("police-motorcycle", 1.5, "white", _ending("警"), _always(layouts.motorcycle()), WHITE, BLACK, mark=RED),
    Kind("school-motorcycle", 1.5, "yellow", _ending("学"), _always(layouts.motorcycle()), YELLOW, BLACK),
    Kind("motorcycle", 3, "yellow", _ordinary, _always(layouts.motorcycle()), YELLOW, BLACK),
    Kind("moped", 2, "blue", _ordinary, _always(layouts.motorcycle()), BLUE, WHITE),
    Kind(
        "temporary",
        2.5,
        "blue",
        _temporary,
        _ONE_OR_TWO_LINES,
        PALE_BLUE,
        BLACK,
    ),
)


def draw_kind(random: Random) -> Kind:
    """A kind, by weight."""
    return KINDS[bisect_right(_CUMULATIVE, random.random() * _CUMULATIVE[-1])]


_CUMULATIVE = list(accumulate(kind.weight for kind in KINDS))
