"""Alarms that were remembered, and what somebody said of them."""

from datetime import UTC, datetime

from lookout_contract.commands import Verdict, VerdictCommand
from lookout_contract.events import Condition, Scenario
from lookout_edge.domain.memory import Kind, Note

PLACE = (0.40, 0.40, 0.60, 0.60)
FALSE, REAL = Verdict.FALSE, Verdict.REAL


def alarm(
    name: str, *, box: tuple[float, float, float, float] = PLACE, label: str = "bicycle", at: float = 0.0
) -> Note:
    return Note(
        at=at,
        camera="stairs",
        kind=Kind.EVENT,
        scenario=Scenario.CORRIDOR_EBIKE if label == "bicycle" else Scenario.FIRE_SMOKE,
        zone="frame",
        label=label,
        state="start",
        occurrence=name,
        box=box,
    )


def anywhere(name: str, score: float, *, number: int, label: str = "bicycle") -> Note:
    """An alarm at a place of its own, of which the model was so sure."""
    box = (0.05 * number, 0.0, 0.05 * number + 0.04, 0.1)
    condition = Condition(name="score", value=score, limit=0.3, met=True)
    return alarm(name, box=box, label=label, at=float(number)).model_copy(update={"conditions": (condition,)})


def scattered(label: str = "bicycle") -> list[Note]:
    """Six false ones between 0.31 and 0.36, and a real one of 0.42."""
    false = [anywhere(f"f{n}", 0.31 + 0.01 * n, number=n, label=label) for n in range(6)]
    return [*false, anywhere("real", 0.42, number=7, label=label), anywhere("open", 0.33, number=9, label=label)]


JUDGED = {**{f"f{n}": FALSE for n in range(6)}, "real": REAL}


def verdict(name: str, said: Verdict = FALSE) -> VerdictCommand:
    at = datetime.fromtimestamp(1000, UTC)
    return VerdictCommand(id=f"v-{name}", issued_at=at, occurrence=name, verdict=said)
