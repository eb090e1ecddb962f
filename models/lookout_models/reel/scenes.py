"""The scenes that are rendered frame by frame, by the names of their clips."""

from collections.abc import Mapping

from lookout_models.reel import bins, corridor, gate, lift
from lookout_models.reel.acting import Scene


def scenes() -> Mapping[str, Scene]:
    """All of them."""
    return {
        "stranger-gate": gate.STRANGER,
        "resident-gate": gate.RESIDENT,
        "bag-beside-bin": bins.BESIDE,
        "bag-taken": bins.TAKEN,
        "bag-into-bin": bins.INTO,
        "ebike-corridor": corridor.EBIKE,
        "ebike-corridor-night": corridor.EBIKE_BY_NIGHT,
        "pram-corridor": corridor.PRAM,
        "ebike-lift": lift.EBIKE,
        "wheelchair-lift": lift.WHEELCHAIR,
        "pram-lift": lift.PRAM,
    }
