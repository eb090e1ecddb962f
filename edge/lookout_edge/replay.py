"""A recorded clip through the same pipeline, on frame time: every run gives the same bytes."""

import json
from collections.abc import Callable, Iterable, Iterator

from lookout_contract.events import EndReason, EventData
from lookout_edge.domain.demand import Demand
from lookout_edge.domain.frame import Frame
from lookout_edge.pipeline import CameraPipeline


def ask_nobody(demand: Demand) -> None:
    """The frames are what they are."""


def replay(
    frames: Iterable[Frame],
    pipeline: CameraPipeline,
    *,
    start_at: float,
    ask: Callable[[Demand], None] = ask_nobody,
) -> Iterator[str]:
    """JSON lines of the events of ``frames``, see ``events_of``."""
    for event in events_of(frames, pipeline, start_at=start_at, ask=ask):
        yield event_line(event, start_at=start_at)


def events_of(
    frames: Iterable[Frame],
    pipeline: CameraPipeline,
    *,
    start_at: float,
    ask: Callable[[Demand], None] = ask_nobody,
) -> Iterator[EventData]:
    """The events of ``frames``; ``start_at`` is the frame time of the clip's beginning.

    What is still open at the clip's end is ended there. ``ask`` tells the source of the frames what they must be like.
    """
    last_at = start_at
    for frame in frames:
        last_at = frame.at
        yield from pipeline.step(frame)
        if pipeline.faults:
            # A gateway goes on without the rule; whoever tries it out has to hear of it.
            raise pipeline.faults[0]
        ask(pipeline.demand)
    yield from pipeline.finish(last_at, EndReason.SHUTDOWN)


def event_line(event: EventData, *, start_at: float) -> str:
    """One event as a line of JSON (without the line break), keys in a fixed order, ``at_s`` in seconds."""
    first = event.objects[0] if event.objects else None
    return json.dumps(
        {
            "scenario": event.scenario.value,
            "phase": event.phase.value,
            "at_s": round(event.captured_at.timestamp() - start_at, 3),
            "camera": event.camera,
            "occurrence": event.occurrence,
            "label": first.label if first else None,
            "score": round(first.score, 4) if first else None,
            "zone": event.zone,
            "end_reason": event.end_reason.value if event.end_reason else None,
            "explain": [condition.model_dump(mode="json", exclude_none=True) for condition in event.explain],
        },
        ensure_ascii=False,
    )
