"""Messages that could not be taken, and what became of them."""

import base64

from pydantic import Field

from lookout_server.api.models.base import Model, Reason, UtcTime, shown
from lookout_server.ports import Quarantined, QuarantinedMessage, QuarantineState
from lookout_server.services.second_chances import is_event

_EXAMPLE = {
    "id": 3,
    "received_at": "2026-11-22T06:00:00.000Z",
    "topic": "lookout/v1/kangle/gateway/gw-east/event/corridor-2/corridor_ebike",
    "reason": "data.camera: Field required",
    "code": "field_missing",
    "said": {"field": "data.camera", "more": "0"},
    "source": "gw-east",
    "size": 22,
    "payload_preview": '{"specversion": "1.0"}',
    "times": 1,
    "state": "waiting",
    "ended_at": None,
    "ended_by": None,
    "note": None,
    "alarm": None,
}


class QuarantineModel(Model):
    """A message that could not be taken. ``times``: how often the very same one came."""

    model_config = shown(_EXAMPLE)

    id: int
    received_at: UtcTime
    topic: str
    reason: str
    code: str | None = Field(description="Stable word for the reason; null: only the sentence is known.")
    said: dict[str, str] = Field(description="What the reason names.")
    source: str | None = Field(description="The gateway that the topic names.")
    size: int
    payload_preview: str
    times: int
    state: QuarantineState = Field(description="`waiting` until somebody takes it after all or discards it.")
    ended_at: UtcTime | None = Field(description="When it was taken or discarded.")
    ended_by: str | None = Field(description="Who did; `null` beside a time: whoever runs the machine.")
    note: str | None = Field(description="Why it was discarded.")
    alarm: str | None = Field(description="The alarm that it told of when it was taken.")

    @classmethod
    def of(cls, held: Quarantined, *, restricted: bool = False) -> "QuarantineModel":
        """From the port's value; ``restricted`` leaves its beginning out."""
        return cls(
            id=held.id,
            received_at=held.received_at,
            topic=held.topic,
            reason=held.reason,
            code=held.code,
            said=dict(held.said),
            source=held.gateway,
            size=held.size,
            payload_preview="" if restricted else held.preview,
            times=held.times,
            state=held.state,
            ended_at=held.ended_at,
            ended_by=held.ended_by,
            note=held.note,
            alarm=held.alarm,
        )


class QuarantinePage(Model):
    """Refused messages, newest first."""

    model_config = shown({"items": [_EXAMPLE], "next_cursor": None, "dropped": 0})

    items: tuple[QuarantineModel, ...]
    next_cursor: str | None
    dropped: int = Field(description="How many of the oldest were ever let go because the quarantine was full.")


class QuarantineDetail(QuarantineModel):
    """One of them with all that is kept of it."""

    model_config = shown(
        _EXAMPLE
        | {"payload": '{"specversion": "1.0"}', "payload_base64": None, "whole": True, "hidden": False}
        | {"replayable": True}
    )

    payload: str | None = Field(description="As it came, where it is text.")
    payload_base64: str | None = Field(description="As it came, where it is no text (UTF-8).")
    whole: bool = Field(description="Whether all of it is kept; only the beginning of a huge one is.")
    hidden: bool = Field(description="Its content is for those cleared for care, and left out here.")
    replayable: bool = Field(description="Whether it can be tried again: an event, whole, that waits.")

    @classmethod
    def whole_of(cls, message: QuarantinedMessage, *, restricted: bool) -> "QuarantineDetail":
        """From the port's value; ``restricted`` leaves its content out."""
        held = message.held
        text = None if restricted else _text(message.payload)
        waits = held.state is QuarantineState.WAITING
        return cls(
            **vars(QuarantineModel.of(held, restricted=restricted)),
            payload=text,
            payload_base64=base64.b64encode(message.payload).decode() if text is None and not restricted else None,
            whole=message.whole,
            hidden=restricted,
            replayable=waits and message.whole and is_event(held) and not restricted,
        )


class DiscardBody(Model):
    """Why a message is discarded."""

    model_config = shown({"reason": "from a box on the test bench"})

    reason: Reason


def _text(payload: bytes) -> str | None:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return None
