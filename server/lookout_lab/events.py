"""Events for the load bench, made by filling a form: what a gateway's event looks like, at no cost worth naming."""

from dataclasses import dataclass
from datetime import UTC, datetime

from lookout_contract.events import (
    Condition,
    DetectedObject,
    EndReason,
    EventData,
    EvidenceKind,
    EvidenceRef,
    Phase,
    Scenario,
    Severity,
    Votes,
    make_event,
)
from lookout_contract.topics import GatewayTopics

_PHASES = (Phase.START, Phase.UPDATE, Phase.END)
_NUMBER, _OCCURRENCE, _SHA, _CAMERA = 987_654_321, "o-of-the-form", "f" * 64, "cam-of-the-form"


def _form(site: str, gateway: str, epoch: str, phase: Phase) -> str:
    """An unfamiliar vehicle with two objects, four conditions and a snapshot: about 1.5 kB."""
    now = datetime.now(UTC)
    objects = tuple(
        DetectedObject(label="car", score=0.83, box=(0.1, 0.2, 0.3 + n / 10, 0.4), track=7 + n) for n in range(2)
    )
    explain = tuple(
        Condition(name=name, value=31.5, limit=30.0, met=True, unit="s") for name in ("dwell", "zone", "plate", "votes")
    )
    data = EventData(
        occurrence=_OCCURRENCE,
        scenario=Scenario.UNFAMILIAR_VEHICLE,
        camera=_CAMERA,
        phase=phase,
        captured_at=now,
        started_at=now,
        end_reason=EndReason.CLEARED if phase is Phase.END else None,
        zone="gate",
        objects=objects,
        votes=Votes(yes=4, of=5),
        dwell_s=31.5,
        severity=Severity.YELLOW,
        explain=explain,
        evidence=(EvidenceRef(kind=EvidenceKind.SNAPSHOT, sha256=_SHA, bytes=81_920, mime="image/jpeg"),),
    )
    return make_event(data, site=site, gateway=gateway, epoch=epoch, sequence=_NUMBER, time=now).to_json().decode()


@dataclass
class EventForms:
    """The events of one gateway: start, update and end of one occurrence after another, over ten cameras."""

    site: str
    gateway: str
    epoch: str
    sequence: int = 0

    def __post_init__(self) -> None:
        self._forms = [_form(self.site, self.gateway, self.epoch, phase) for phase in _PHASES]
        self._topics = GatewayTopics(site=self.site, gateway=self.gateway)

    def occurrence(self, turn: int) -> str:
        """Its id; none comes twice in a bench's run, so that every third event makes an alarm."""
        return f"{self.gateway}-{self.epoch}-{turn}"

    def next(self) -> tuple[str, bytes]:
        """Topic and payload."""
        turn, phase = divmod(self.sequence, len(_PHASES))
        self.sequence += 1
        camera = f"cam-{turn % 10}"
        filled = (
            self._forms[phase]
            .replace(str(_NUMBER), str(self.sequence))
            .replace(_OCCURRENCE, self.occurrence(turn))
            .replace(_CAMERA, camera)
            .replace(_SHA, f"{turn:064x}")
        )
        return self._topics.event(camera, Scenario.UNFAMILIAR_VEHICLE), filled.encode()
