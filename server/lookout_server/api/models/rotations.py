"""Rotations onto the roster, and what they come to."""

from datetime import date, time
from typing import Annotated, Any

from pydantic import Field

from lookout_server.api.models.base import Identifier, Model, RequestModel, UtcTime, shown
from lookout_server.api.models.people import ShiftModel
from lookout_server.domain.roster import ShiftKind
from lookout_server.domain.rotation import LONGEST_DAYS, Post, Rotation
from lookout_server.services.rotating import Plan

_BODY: dict[str, Any] = {
    "name": "three-watches",
    "first": "2026-12-01",
    "days": 28,
    "pattern": ["early", "early", "late", "late", "night", "night", "rest", "rest"],
    "posts": {
        "early": {"begins": "06:00:00", "ends": "14:00:00", "kind": "duty"},
        "late": {"begins": "14:00:00", "ends": "22:00:00", "kind": "duty"},
        "night": {"begins": "22:00:00", "ends": "06:00:00", "kind": "duty"},
    },
    "people": [{"person": "u-wangfang", "offset": 0}],
}
_SHIFT: dict[str, Any] = {
    "id": "r-three-watches-3f6d0c1be2-20261201",
    "person": "u-wangfang",
    "kind": "duty",
    "starts_at": "2026-11-30T22:00:00.000Z",
    "ends_at": "2026-12-01T06:00:00.000Z",
    "note": "early",
}
_PLAN: dict[str, Any] = {
    "made": False,
    "created": 21,
    "updated": 0,
    "removed": 0,
    "shifts": [_SHIFT],
    "warnings": [
        {
            "code": "on_leave",
            "person": "u-wangfang",
            "at": "2026-12-03T06:00:00.000Z",
            "text_zh": "late：当天请假或休息",
            "text_en": "late: on leave or resting that day",
        }
    ],
    "uncovered": [{"first": "2026-12-01T06:00:00.000Z", "last": "2026-12-01T14:00:00.000Z"}],
}


class PostBody(RequestModel):
    """A watch of the day, by the site's clock; one that ends no later than it begins ends on the next day."""

    begins: time
    ends: time
    kind: ShiftKind = ShiftKind.DUTY


class TurnBody(RequestModel):
    """Somebody's place in the rotation: so many days behind the pattern."""

    person: Annotated[str, Field(max_length=64)]
    offset: Annotated[int, Field(ge=0, le=LONGEST_DAYS)] = 0


class RotationBody(RequestModel):
    """A pattern of days (names of posts, ``rest`` or ``free``) that people go through one behind the other.

    The same name again for the same days replaces what it made before.
    """

    model_config = shown(_BODY, request=True)

    name: Annotated[Identifier, Field(max_length=30)]
    first: date
    days: Annotated[int, Field(ge=1, le=LONGEST_DAYS)]
    pattern: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=LONGEST_DAYS)]
    posts: Annotated[dict[Identifier, PostBody], Field(max_length=20)]
    people: Annotated[tuple[TurnBody, ...], Field(min_length=1, max_length=60)]

    def rotation(self) -> Rotation:
        """As the domain's value."""
        return Rotation(
            name=self.name,
            first=self.first,
            days=self.days,
            pattern=self.pattern,
            posts={
                name: Post(begins=post.begins.replace(tzinfo=None), ends=post.ends.replace(tzinfo=None), kind=post.kind)
                for name, post in self.posts.items()
            },
            people=tuple((turn.person, turn.offset) for turn in self.people),
        )


class RotationWarning(Model):
    """Something to look at: a short rest (`short_rest`), leave or rest on that day, or another shift (`twice`)."""

    code: str
    person: str
    at: UtcTime
    text_zh: str
    text_en: str


class Gap(Model):
    """Nobody of the rotation is on duty."""

    first: UtcTime
    last: UtcTime


class PlanModel(Model):
    """What a rotation comes to."""

    model_config = shown(_PLAN)

    made: bool = Field(description="False: this was a dry run, and nothing has changed.")
    created: int
    updated: int
    removed: int
    shifts: tuple[ShiftModel, ...]
    warnings: tuple[RotationWarning, ...]
    uncovered: tuple[Gap, ...]

    @classmethod
    def of(cls, plan: Plan, *, made: bool) -> "PlanModel":
        """From the service's value."""
        changes = [change for change, _ in plan.changes]
        return cls(
            made=made,
            created=changes.count("created"),
            updated=changes.count("updated"),
            removed=changes.count("removed"),
            shifts=tuple(ShiftModel.of(shift) for shift in plan.shifts),
            warnings=tuple(
                RotationWarning(
                    code=each.code, person=each.person, at=each.at, text_zh=each.words.zh, text_en=each.words.en
                )
                for each in plan.warnings
            ),
            uncovered=tuple(Gap(first=first, last=last) for first, last in plan.uncovered),
        )
