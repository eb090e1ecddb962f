"""What the spoken gateway says it saw."""

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


def parked_ebike(
    gateway: SpokenGateway,
    occurrence: str,
    severity: Severity = Severity.YELLOW,
    scenario: Scenario = Scenario.CORRIDOR_EBIKE,
) -> EventData:
    """A new occurrence with its snapshot uploaded; it joins an open case of its ``scenario``, if there is one."""
    content = picture(occurrence)
    now = datetime.now(UTC)
    return EventData(
        occurrence=occurrence,
        scenario=scenario,
        camera="unit2",
        phase=Phase.START,
        captured_at=now,
        started_at=now - timedelta(seconds=252),
        zone="corridor",
        objects=(DetectedObject(label="bicycle", score=0.87, box=(0.333, 0.333, 0.5, 0.75), track=3),),
        votes=Votes(yes=6, of=8),
        dwell_s=252,
        attributes=Attributes(stage="parked"),
        severity=severity,
        severity_reason="ebike_parked",
        explain=(
            Condition(name="votes", value=6, limit=5, met=True, unit="1"),
            Condition(name="dwell", value=252.0, limit=180.0, met=True, unit="s"),
        ),
        evidence=(
            EvidenceRef(
                kind=EvidenceKind.SNAPSHOT,
                sha256=gateway.upload(content, "image/jpeg"),
                bytes=len(content),
                mime="image/jpeg",
            ),
        ),
    )
