"""Which labels are the same kind of thing to a person, whatever a model calls them from frame to frame."""

from functools import cache

_GROUPS = {
    "car": "vehicle",
    "truck": "vehicle",
    "bus": "vehicle",
    "van": "vehicle",
    "motorcycle": "two_wheeler",
    "bicycle": "two_wheeler",
    "ebike": "two_wheeler",
    "fire": "hazard",
    "smoke": "hazard",
    "garbage": "waste",
    "overflow": "waste",
}


@cache
def label_group(label: str) -> str:
    """The group of a label; a label without one is its own group."""
    return _GROUPS.get(label, label)
