"""What a move of a case is told."""

from typing import Annotated

from pydantic import Field

from lookout_server.api.models.base import Reason, RequestModel, Sha256, Text, UtcTime, shown
from lookout_server.domain.policy import Tier

_SHA = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"
_PLACE = {"lat": 31.8639, "lon": 117.2808, "accuracy_m": 12.0}

PersonName = Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9][a-z0-9._-]*$")]
AlarmName = Annotated[str, Field(pattern=r"^a-[0-9a-f]{20}$")]


class Place(RequestModel):
    """Where the worker's phone says it is: degrees WGS 84, metres."""

    model_config = shown(_PLACE, request=True)

    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    accuracy_m: Annotated[float | None, Field(ge=0, le=1e7, allow_inf_nan=False)] = None


Version = Annotated[int, Field(ge=1, le=2**31 - 1, description="The version of the case that the person saw.")]


class MoveBody(RequestModel):
    """A move that needs no more than the version seen."""

    model_config = shown({"version": 2}, request=True)

    version: Version
    note: Text | None = None


class ReasonBody(RequestModel):
    """A move that needs a reason."""

    model_config = shown({"version": 2, "reason": "现场已无异常"}, request=True)

    version: Version
    reason: Reason


class DispatchBody(RequestModel):
    """Whom to send; the best candidate when nobody is named."""

    model_config = shown({"version": 1, "worker": "u-wangfang"}, request=True)

    version: Version
    worker: PersonName | None = None
    note: Text | None = None


class ArriveBody(RequestModel):
    """The worker is there."""

    model_config = shown({"version": 3, "place": _PLACE}, request=True)

    version: Version
    place: Place | None = None
    note: Text | None = None


class FeedbackBody(RequestModel):
    """What was done, with at least one photo that has been uploaded before."""

    model_config = shown(
        {"version": 4, "photos": [_SHA], "note": "车已推走，已告知车主", "place": _PLACE}, request=True
    )

    version: Version
    photos: Annotated[tuple[Sha256, ...], Field(min_length=1, max_length=20)]
    note: Text | None = None
    place: Place | None = None


class HelpBody(RequestModel):
    """What is needed, which there may be no time to say, and where."""

    model_config = shown({"version": 4, "note": "对方情绪激动，请来两个人", "place": _PLACE}, request=True)

    version: Version
    note: Text | None = None
    place: Place | None = None


class CloseBody(RequestModel):
    """Checked and done. The risk tier says how soon somebody asks how things are; left out: by the grade."""

    model_config = shown({"version": 6, "tier": "medium"}, request=True)

    version: Version
    tier: Tier | None = None
    note: Text | None = None


class MergeBody(RequestModel):
    """The case to go on with."""

    model_config = shown({"version": 2, "into": "c-20261122-0005"}, request=True)

    version: Version
    into: Annotated[str, Field(pattern=r"^c-[0-9]{8}-[0-9]{4,}$", max_length=63)]
    note: Text | None = None


class SplitBody(RequestModel):
    """The alarms that get a case of their own."""

    model_config = shown({"version": 2, "alarms": ["a-3f6d0c1be2a94d7781c0"]}, request=True)

    version: Version
    alarms: Annotated[tuple[AlarmName, ...], Field(min_length=1, max_length=100)]
    note: Text | None = None


class AskBody(RequestModel):
    """More time: until when, and why."""

    model_config = shown({"version": 4, "until": "2026-11-25T06:00:00Z", "reason": "等待更换消防栓"}, request=True)

    version: Version
    until: UtcTime
    reason: Reason


class WhistleBody(RequestModel):
    """The departments to call."""

    model_config = shown({"version": 4, "departments": ["u-chengguan", "u-xiaofang"]}, request=True)

    version: Version
    departments: Annotated[tuple[PersonName, ...], Field(min_length=1, max_length=20)]
    note: Text | None = None


class EvaluateBody(RequestModel):
    """How well it was done: 1 (bad) to 5."""

    model_config = shown({"version": 8, "score": 5, "note": "居民满意"}, request=True)

    version: Version
    score: Annotated[int, Field(ge=1, le=5)]
    note: Text | None = None
