"""Two readers' views of one plate made into one.

A general text reader is good at digits and letters and guesses at provinces; a small reader trained on plates is the
other way round, and knows plates with two lines. Each is believed where it is the surer.
"""

import math

from lookout_edge.adapters.onnx.heads.ctc import PlateText
from lookout_edge.adapters.onnx.plate_text import PROVINCES

#: How many times more probable the second's characters behind the province must be for its text to stand.
_CLEARLY = 3.0


def agreed(first: PlateText | None, second: PlateText | None) -> PlateText | None:
    """The first's text unless the second is clearly surer of its own; the province from whichever is surer of that."""
    if first is None or second is None:
        return first or second
    chosen = second if _rest(second) > _CLEARLY * _rest(first) else first
    other = first if chosen is second else second
    if not _has_province(chosen) or not _has_province(other):
        return chosen
    if other.character_confidences[0] <= chosen.character_confidences[0]:
        return chosen
    return PlateText(
        other.text[0] + chosen.text[1:], (other.character_confidences[0], *chosen.character_confidences[1:])
    )


def _rest(reading: PlateText) -> float:
    return math.prod(reading.character_confidences[1:])


def _has_province(reading: PlateText) -> bool:
    return reading.text[0] in PROVINCES
