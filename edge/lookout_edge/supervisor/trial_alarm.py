"""An alarm that nobody saw: tries the way from a gateway to the control room, evidence included."""

import hashlib
from datetime import UTC, datetime

from lookout_contract.events import Attributes, Condition, EndReason, EventData, Phase, Scenario, Severity
from lookout_edge.errors import EdgeError
from lookout_edge.ports import Clock, EventSink
from lookout_edge.supervisor.crew import Crew
from lookout_edge.supervisor.gateway import require_camera


def send_trial_alarm(crew: Crew, sink: EventSink, clock: Clock, camera: str, scenario: Scenario, name: str) -> str:
    """Start and end one occurrence, marked as a test; returns its id, the same for the same ``name``.

    With a picture when the camera has one. EdgeError when there is no such camera, SpoolError when the disk refuses.
    """
    worker = require_camera(crew, camera)
    try:
        evidence = (worker.snapshot(),)
    except EdgeError:
        evidence = ()
    at = datetime.fromtimestamp(clock.now(), UTC)
    start = EventData(
        occurrence=hashlib.sha256(f"test\n{name}".encode()).hexdigest()[:24],
        scenario=scenario,
        camera=camera,
        phase=Phase.START,
        captured_at=at,
        started_at=at,
        attributes=Attributes(test=True),
        severity=Severity.BLUE,
        severity_reason="test",
        explain=(Condition(name="test", value=True, met=True),),
        evidence=evidence,
    )
    sink.put(start)
    sink.put(start.model_copy(update={"phase": Phase.END, "end_reason": EndReason.CLEARED}))
    return start.occurrence
