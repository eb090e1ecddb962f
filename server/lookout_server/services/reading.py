"""Takes a broker's message apart and decides whether it can be believed. Pure: no database, no clock."""

import json
import math
import re
from dataclasses import dataclass
from typing import cast

from pydantic import ValidationError

from lookout_contract.base import ContractError
from lookout_contract.commands import CommandResponse
from lookout_contract.events import Event
from lookout_contract.status import CameraState, GatewayStatus
from lookout_contract.topics import ParsedTopic, parse_gateway_topic
from lookout_server.domain.refusal import Why, why
from lookout_server.domain.territory import CameraKey
from lookout_server.ports import Incoming, StreamKey, TakenEvent

MAX_BYTES = 256 * 1024
#: What both databases and every JSON reader can count to.
_MAX_INTEGER = 2**53
_EPOCH = re.compile(r"[0-9a-z][0-9a-z-]{0,62}")
#: Channels whose messages count in a gateway's numbers.
_NUMBERED = frozenset({"event", "test"})


@dataclass(frozen=True, kw_only=True)
class ReadEvent:
    """An event that follows the contract and comes from where it says."""

    taken: TakenEvent
    camera: CameraKey
    message: Incoming
    #: Whose numbers it counts in.
    stream: StreamKey
    #: From the quarantine: its number is settled, and is taken all the same unless an event is stored under it.
    again: bool = False
    #: It only tries the way; nothing was seen.
    is_trial: bool = False


@dataclass(frozen=True, kw_only=True)
class ReadStatus:
    """A gateway's word about itself."""

    source: str
    status: GatewayStatus
    message: Incoming

    @property
    def stream(self) -> StreamKey:
        """Whose numbers it speaks of."""
        return StreamKey(source=self.source, epoch=self.status.epoch)


@dataclass(frozen=True, kw_only=True)
class ReadCamera:
    """A gateway's word about a camera."""

    key: CameraKey
    state: CameraState
    message: Incoming


@dataclass(frozen=True, kw_only=True)
class ReadResponse:
    """A gateway's answer to a command."""

    gateway: str
    source: str
    response: CommandResponse
    message: Incoming

    @property
    def gone(self) -> StreamKey | None:
        """The stream of which it says that numbers are gone."""
        return StreamKey(source=self.source, epoch=self.response.gone.epoch) if self.response.gone else None


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A message that cannot be taken. ``stream`` and ``sequence`` are set when both could be read from an event."""

    message: Incoming
    why: Why
    gateway: str | None = None
    stream: StreamKey | None = None
    sequence: int | None = None
    #: Another event is stored under the number.
    conflict: bool = False

    @property
    def reason(self) -> str:
        """In a sentence, for logs and the gateway."""
        return self.why.text


Read = ReadEvent | ReadStatus | ReadCamera | ReadResponse | Refused


class _RefusalError(Exception):
    """Ends the reading of one message; never leaves this module."""

    def __init__(self, code: str, text: str, **values: object) -> None:
        super().__init__(text)
        self.why = why(code, text, **values)


def read_message(message: Incoming, site: str) -> Read:
    """What the message says, or why it is refused. Never raises for anything that a broker can deliver."""
    try:
        topic = parse_gateway_topic(message.topic)
    except ContractError as error:
        return refuse(message, why("bad_topic", str(error)), None)
    try:
        if topic.site != site:
            text = f"it is for site {topic.site!r}, this is {site!r}: check the gateway's configuration"
            raise _RefusalError("other_site", text, said=topic.site, expected=site)
        return _read(message, topic, _text(message.payload))
    except _RefusalError as error:
        return refuse(message, error.why, topic)
    except ValidationError as error:
        return refuse(message, _said(error), topic)


def refuse(message: Incoming, reason: Why, topic: ParsedTopic | None) -> Refused:
    """The refusal, with the event's number when it can be read, so that the gateway can be told."""
    if topic is None:
        return Refused(message=message, why=reason)
    key = _key(message.payload) if topic.channel in _NUMBERED else None
    return Refused(
        message=message,
        why=reason,
        gateway=topic.gateway,
        stream=StreamKey(source=topic.source, epoch=key[0]) if key else None,
        sequence=key[1] if key else None,
    )


def _read(message: Incoming, topic: ParsedTopic, text: str) -> Read:
    if topic.channel in _NUMBERED:
        return _event(message, topic, text)
    if topic.channel == "status":
        status = GatewayStatus.model_validate_json(text)
        _same("gateway", status.gateway, topic.gateway)
        return ReadStatus(source=topic.source, status=status, message=message)
    if topic.channel == "camera":
        state = CameraState.model_validate_json(text)
        _same("camera", state.camera, topic.camera)
        key = CameraKey(gateway=topic.gateway, id=state.camera)
        return ReadCamera(key=key, state=state, message=message)
    if topic.channel == "response":
        response = CommandResponse.model_validate_json(text)
        return ReadResponse(gateway=topic.gateway, source=topic.source, response=response, message=message)
    raise _RefusalError(
        "not_expected", f"nothing is expected from a gateway on {topic.channel!r}", channel=topic.channel
    )


def _event(message: Incoming, topic: ParsedTopic, text: str) -> ReadEvent:
    event = Event.model_validate_json(text)
    _same("source", event.source, topic.source)
    _same("channel", "test" if event.data.attributes.test else "event", topic.channel)
    _same("camera", event.data.camera, topic.camera)
    _same("scenario", event.data.scenario, topic.scenario)
    if not math.isfinite(_total(event)):
        raise _RefusalError("not_finite", "numbers must be finite: boxes, dwell_s and skew_s cannot be NaN or infinite")
    if _largest(event) > _MAX_INTEGER:
        raise _RefusalError(
            "too_high",
            f"numbers above {_MAX_INTEGER} cannot be kept: check sequence and evidence sizes",
            most=_MAX_INTEGER,
        )
    return ReadEvent(
        taken=TakenEvent(event=event, payload=text, received_at=message.received_at),
        camera=CameraKey(gateway=topic.gateway, id=event.data.camera),
        message=message,
        stream=StreamKey(event.source, event.epoch),
        is_trial=event.data.attributes.test,
    )


def _text(payload: bytes) -> str:
    if len(payload) > MAX_BYTES:
        text = f"it has {len(payload)} bytes, more than the {MAX_BYTES} that a message may have"
        raise _RefusalError("too_large", text, bytes=len(payload), most=MAX_BYTES)
    if not payload:
        raise _RefusalError("empty", "it is empty")
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        raise _RefusalError("not_text", "it is not UTF-8") from error
    if "\x00" in text or "\\u0000" in text:
        raise _RefusalError("nul", "it holds a NUL character, which the database cannot keep")
    return text


def _same(what: str, said: str, expected: str | None) -> None:
    if said != expected:
        text = f"its {what} is {said!r}, but its topic says {expected!r}"
        raise _RefusalError("not_its_topic", text, field=what, said=said, expected=expected or "")


def _total(event: Event) -> float:
    """The sum of all fractions and seconds: finite only when each of them is."""
    data = event.data
    total = data.dwell_s + (data.skew_s or 0.0)
    for thing in data.objects:
        total += thing.score + sum(thing.box)
    return total


def _largest(event: Event) -> int:
    """Of the integers in it."""
    data = event.data
    found = [event.sequence, *[ref.bytes for ref in data.evidence], *[thing.track or 0 for thing in data.objects]]
    if data.votes is not None:
        found += [data.votes.yes, data.votes.of]
    return max(found)


def _key(payload: bytes) -> tuple[str, int] | None:
    """Epoch and sequence, read as leniently as is safe."""
    try:
        found: object = json.loads(payload[: MAX_BYTES * 4])
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    fields = cast(dict[str, object], found)
    epoch, sequence = fields.get("epoch"), fields.get("sequence")
    if not isinstance(epoch, str) or not _EPOCH.fullmatch(epoch):
        return None
    if not isinstance(sequence, int) or isinstance(sequence, bool) or not 1 <= sequence <= _MAX_INTEGER:
        return None
    return epoch, sequence


def _said(error: ValidationError) -> Why:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "message"
    more = error.error_count() - 1
    text = f"{where}: {first['msg']}" + (f" (and {more} more)" if more else "")
    if first["type"] in ("json_invalid", "json_type"):
        return why("no_json", text)
    return why("field_missing" if first["type"] == "missing" else "field_wrong", text, field=where, more=more)
