"""How well texts are read: shares read exactly, by kind of plate, and what is read on no plate."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookout_edge.adapters.onnx.plate_text import ALPHABET


@dataclass(frozen=True, slots=True)
class Outcome:
    """One picture: what stands there ("" for nothing), what was read, how sure, and the group it counts in."""

    truth: str
    read: str
    confidence: float
    group: str


def greedy(logits: NDArray[np.float32]) -> list[str]:
    """The best class of every step of N × steps × classes, repeats and blanks removed; no grammar."""
    return ["".join(_collapsed(row)) for row in logits.argmax(axis=2)]


def _collapsed(classes: NDArray[np.intp]) -> Iterable[str]:
    previous = 0
    for value in classes.tolist():
        if value not in (0, previous):
            yield ALPHABET[value - 1]
        previous = value


def exact_shares(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Group → share of its pictures read exactly ("" for no plate), rounded to four places."""
    hits: dict[str, list[bool]] = defaultdict(list)
    for outcome in outcomes:
        hits[outcome.group].append(outcome.truth == outcome.read)
    return {group: round(sum(rows) / len(rows), 4) for group, rows in sorted(hits.items())}
