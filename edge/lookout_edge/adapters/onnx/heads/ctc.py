"""CTC with a grammar: the most probable reading among those that a number plate can have.

A greedy reading takes the best class of every step by itself and is then often no plate at all. Here the best *path*
through the steps is searched (Viterbi) with only the grammar's texts allowed, so what is in doubt at one position is
settled among the characters that may stand there: a ``皖`` that looks most like an ``M`` is still the best province.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_NEVER = np.float32(-1e9)
_FLOOR = 1e-9


@dataclass(frozen=True, slots=True)
class PlateText:
    """A reading that follows the grammar."""

    text: str
    #: For every character the highest probability it has while the path stands on it, 0..1.
    character_confidences: tuple[float, ...]

    @property
    def confidence(self) -> float:
        """Mean character probability, 0..1."""
        return sum(self.character_confidences) / len(self.character_confidences)


@dataclass(frozen=True, slots=True)
class _Scores:
    """Log-probability of the best path that ends, after some step, in each state."""

    #: patterns × positions × symbols: standing on that symbol at that position.
    symbol: Floats
    #: patterns × (positions + 1): on a blank after that many characters.
    blank: Floats


class GrammarDecoder:
    """Decodes steps × classes into a text of one of ``patterns`` (allowed characters a position); class 0 is the blank.

    ``lookalikes`` maps characters of the alphabet that no text holds to the one whose probability they add to,
    or to "" for the blank.
    """

    def __init__(self, alphabet: str, patterns: Sequence[Sequence[str]], lookalikes: Mapping[str, str]) -> None:
        self._symbols = [c for c in alphabet if c not in lookalikes]
        self._folding = _folding(alphabet, self._symbols, lookalikes)
        self._lengths = [len(pattern) for pattern in patterns]
        self._penalty = np.full((len(patterns), max(self._lengths), len(self._symbols)), _NEVER, np.float32)
        for row, pattern in enumerate(patterns):
            for position, allowed in enumerate(pattern):
                self._penalty[row, position, [self._symbols.index(c) for c in allowed]] = 0

    def decode(self, probabilities: Floats) -> PlateText | None:
        """The best reading of steps × classes probabilities; None when the steps are too few for any text."""
        folded = (probabilities @ self._folding).astype(np.float32)
        plain = self._greedy(folded)
        if plain is not None:
            return plain
        history = self._forward(np.log(np.maximum(folded, _FLOOR)))
        pattern = self._best_pattern(history[-1])
        if pattern is None:
            return None
        confidences = [0.0] * self._lengths[pattern]
        characters = [""] * self._lengths[pattern]
        for step, position, symbol in self._path(history, pattern):
            characters[position] = self._symbols[symbol]
            confidences[position] = max(confidences[position], float(folded[step, symbol + 1]))
        return PlateText("".join(characters), tuple(min(1.0, c) for c in confidences))

    def _greedy(self, folded: Floats) -> PlateText | None:
        """The best class of every step by itself, if that follows the grammar: no path is better then."""
        symbols: list[int] = []
        confidences: list[float] = []
        previous = 0
        for step, best in enumerate(folded.argmax(axis=1).tolist()):
            probability = float(folded[step, best])
            if best and best == previous:
                confidences[-1] = max(confidences[-1], probability)
            elif best:
                symbols.append(best - 1)
                confidences.append(probability)
            previous = best
        if not any(self._allows(row, symbols) for row in range(len(self._lengths))):
            return None
        return PlateText("".join(self._symbols[s] for s in symbols), tuple(min(1.0, c) for c in confidences))

    def _allows(self, row: int, symbols: Sequence[int]) -> bool:
        if len(symbols) != self._lengths[row]:
            return False
        return bool((self._penalty[row, range(len(symbols)), symbols] == 0).all())

    def _forward(self, logs: Floats) -> list[_Scores]:
        """Scores before the first step and after each one."""
        patterns, positions, _ = self._penalty.shape
        blank = np.full((patterns, positions + 1), _NEVER, np.float32)
        blank[:, 0] = 0
        history = [_Scores(np.full_like(self._penalty, _NEVER), blank)]
        for log in logs:
            history.append(self._after(history[-1], log))
        return history

    def _after(self, before: _Scores, log: Floats) -> _Scores:
        best = before.symbol.max(axis=2)
        second = np.partition(before.symbol, -2, axis=2)[..., -2]
        # A character directly after an equal one needs a blank between, so it may only follow the best *other* one.
        others = np.where(before.symbol == best[..., None], second[..., None], best[..., None])
        entering = np.repeat(before.blank[:, :-1, None], self._penalty.shape[2], axis=2)
        entering[:, 1:] = np.maximum(entering[:, 1:], others[:, :-1])
        blank = before.blank.copy()
        blank[:, 1:] = np.maximum(blank[:, 1:], best)
        return _Scores(np.maximum(before.symbol, entering) + self._penalty + log[1:], blank + log[0])

    def _best_pattern(self, last: _Scores) -> int | None:
        ends = [
            max(float(last.symbol[row, length - 1].max()), float(last.blank[row, length]))
            for row, length in enumerate(self._lengths)
        ]
        best = int(np.argmax(ends))
        return best if ends[best] > _NEVER / 2 else None

    def _path(self, history: Sequence[_Scores], pattern: int) -> list[tuple[int, int, int]]:
        """(step, position, symbol) of every step that stands on a character, last first."""
        position = self._lengths[pattern]
        symbol: int | None = None
        last = history[-1]
        if last.symbol[pattern, position - 1].max() > last.blank[pattern, position]:
            position, symbol = position - 1, int(last.symbol[pattern, position - 1].argmax())
        path: list[tuple[int, int, int]] = []
        for step in range(len(history) - 2, -1, -1):
            if symbol is not None:
                path.append((step, position, symbol))
            position, symbol = _predecessor(history[step], pattern, position, symbol)
        return path


def _predecessor(before: _Scores, pattern: int, position: int, symbol: int | None) -> tuple[int, int | None]:
    """The state a step earlier on the best path. On a blank (``symbol`` None) position counts the characters so far."""
    blank = float(before.blank[pattern, position])
    if symbol is None:
        if position == 0:
            return 0, None
        previous = before.symbol[pattern, position - 1]
        return (position, None) if blank >= previous.max() else (position - 1, int(previous.argmax()))
    stay = float(before.symbol[pattern, position, symbol])
    enter, via = _NEVER, None
    if position > 0:
        others = before.symbol[pattern, position - 1].copy()
        others[symbol] = _NEVER
        enter, via = float(others.max()), int(others.argmax())
    if stay >= max(blank, enter):
        return position, symbol
    return (position, None) if blank >= enter else (position - 1, via)


def _folding(alphabet: str, symbols: Sequence[str], lookalikes: Mapping[str, str]) -> Floats:
    """Matrix (classes × kept classes) that adds each lookalike to what it stands for."""
    folding = np.zeros((len(alphabet) + 1, len(symbols) + 1), np.float32)
    folding[0, 0] = 1
    for row, character in enumerate(alphabet, start=1):
        meaning = lookalikes.get(character, character)
        folding[row, symbols.index(meaning) + 1 if meaning else 0] = 1
    return folding
