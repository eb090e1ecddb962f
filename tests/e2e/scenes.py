"""What the spoken gateway says it saw."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np

from e2e.dispatcher import SpokenGateway
from lookout_contract.events import (
    Attributes,
    Condition,
    DetectedObject,
    EventData,
    EvidenceKind,
    EvidenceRef,
    Phase,
    Scenario,
    Severity,
    Votes,
)


def picture(text: str, *, size: tuple[int, int] = (1280, 720)) -> bytes:
    """A JPEG with something to see in it."""
    width, height = size
    image = np.full((height, width, 3), 90, dtype=np.uint8)
    image[height // 2 :] = (70, 80, 70)
    cv2.rectangle(image, (width // 3, height // 3), (width // 2, height * 3 // 4), (40, 60, 200), -1)
    cv2.putText(image, text, (40, 80), cv2.FONT_HERSHEY_SIMPLEX, 2, (255, 255, 255), 3)
    _, encoded = cv2.imencode(".jpg", image)
    return encoded.tobytes()


#: Six of eight looks agreed, five were asked for.
VOTED = Condition(name="votes", value=6, limit=5, met=True, unit="1")


def dwelt(seconds: float, limit_s: float) -> Condition:
    """Something stayed for longer than it may."""
    return Condition(name="dwell", value=seconds, limit=limit_s, met=True, unit="s")


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Something that a camera sees, and why the rule says yes to it."""

    camera: str
    scenario: Scenario
    severity: Severity
    objects: tuple[DetectedObject, ...]
    stage: str
    dwell_s: float
    zone: str = "frame"
    outline: tuple[tuple[float, float], ...] | None = None
    explain: tuple[Condition, ...] = ()
    severity_reason: str | None = None

    def begins(
        self, gateway: SpokenGateway, occurrence: str, *, ago: timedelta = timedelta(), **files: tuple[bytes, str]
    ) -> EventData:
        """A new occurrence, ``ago`` before now. ``files``: kind of evidence → content and type; they are uploaded."""
        told = datetime.now(UTC) - ago
        return EventData(
            occurrence=occurrence,
            scenario=self.scenario,
            camera=self.camera,
            phase=Phase.START,
            captured_at=told,
            started_at=told - timedelta(seconds=self.dwell_s),
            zone=self.zone,
            outline=self.outline,
            objects=self.objects,
            votes=Votes(yes=6, of=8),
            dwell_s=self.dwell_s,
            attributes=Attributes(stage=self.stage),
            severity=self.severity,
            severity_reason=self.severity_reason,
            explain=self.explain,
            evidence=tuple(
                EvidenceRef(kind=EvidenceKind(kind), sha256=gateway.upload(data, mime), bytes=len(data), mime=mime)
                for kind, (data, mime) in files.items()
            ),
        )


def parked_ebike(
    gateway: SpokenGateway,
    occurrence: str,
    severity: Severity = Severity.YELLOW,
    scenario: Scenario = Scenario.CORRIDOR_EBIKE,
) -> EventData:
    """A new occurrence with its snapshot uploaded; it joins an open case of its ``scenario``, if there is one."""
    scene = Scene(
        camera="unit2",
        scenario=scenario,
        severity=severity,
        severity_reason="ebike_parked",
        objects=(DetectedObject(label="bicycle", score=0.87, box=(0.333, 0.333, 0.5, 0.75), track=3),),
        stage="parked",
        dwell_s=252,
        zone="corridor",
        outline=((0.2, 0.3), (0.7, 0.3), (0.9, 0.9), (0.1, 0.9)),
        explain=(VOTED, dwelt(252.0, 180.0)),
    )
    return scene.begins(gateway, occurrence, snapshot=(picture(occurrence), "image/jpeg"))
