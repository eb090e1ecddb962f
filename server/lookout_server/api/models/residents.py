"""Places with a QR code, and what residents report by them."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from pydantic import Field

from lookout_server.api.models.base import Identifier, Model, Reason, Ref, RequestModel, Text, UtcTime, shown
from lookout_server.domain.resident import KINDS, PROGRESS_WORDS, OpenReport, Progress, ReportKind, ReportPlace
from lookout_server.domain.territory import Site, Territory
from lookout_server.services.place_sheet import address_of
from lookout_server.services.residents import Followed, Seen

_PLACE: dict[str, Any] = {
    "code": "h7kq2m9x",
    "name": "3号楼北侧",
    "grid": {"id": "grid-07", "name": "第七网格"},
    "url": "https://lookout.example/r/h7kq2m9x",
    "created_at": "2026-11-22T04:00:00.000Z",
    "retired_at": None,
}
_WORDS = {"text_zh": "已收到，正在核实", "text_en": "Received; somebody is looking at it"}
_OPEN: dict[str, Any] = {
    "kind": "garbage",
    "kind_zh": "垃圾乱堆乱放",
    "kind_en": "Garbage in the wrong place",
    "since": "2026-11-22",
    "progress": "received",
    **_WORDS,
    "times": 2,
    "handle": "9f2c4be01a7d4c3e8b5f60d1729e4a36",
    "seen_by": 3,
}
_FOLLOWED: dict[str, Any] = {
    "place": "3号楼北侧",
    "kind": "garbage",
    "kind_zh": "垃圾乱堆乱放",
    "kind_en": "Garbage in the wrong place",
    "reported_at": "2026-11-22T04:00:00.000Z",
    "progress": "received",
    **_WORDS,
    "milestones": [{"progress": "received", "at": "2026-11-22T04:00:00.000Z", **_WORDS}],
    "can_rate": False,
    "timezone": "Asia/Shanghai",
    "score": None,
}


class KindModel(Model):
    """A kind of report, in both languages."""

    kind: ReportKind
    text_zh: str
    text_en: str


class OpenReportModel(Model):
    """What was reported at a place already and is being seen to: no words, photos or names."""

    model_config = shown(_OPEN)

    kind: ReportKind
    kind_zh: str
    kind_en: str
    since: date = Field(description="The day on which it was reported first, in the site's time.")
    progress: Progress
    text_zh: str
    text_en: str
    times: int = Field(description="How many reports of the last 30 days are about it.")
    handle: str = Field(description="Names it to whoever sees it, too; for as long as it is open, and it says no more.")
    seen_by: int = Field(description="How many at this place said that they see it, too.")

    @classmethod
    def of(cls, told: OpenReport) -> "OpenReportModel":
        """From the domain's value."""
        kind, words = KINDS[told.kind].words, PROGRESS_WORDS[told.progress]
        return cls(
            kind=told.kind,
            kind_zh=kind.zh,
            kind_en=kind.en,
            since=told.since,
            progress=told.progress,
            text_zh=words.zh,
            text_en=words.en,
            times=told.times,
            handle=told.handle,
            seen_by=told.seen_by,
        )


class SeenBody(RequestModel):
    """Somebody sees what was told already."""

    model_config = shown(
        {"handle": "9f2c4be01a7d4c3e8b5f60d1729e4a36", "device": "3141592653-589793238-462643383-279502884"},
        request=True,
    )

    handle: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="Of the open report.")]
    device: Annotated[
        str,
        Field(
            pattern=r"^[0-9A-Za-z-]{16,64}$",
            description="A random text that the browser made for itself; it counts once, and is not kept.",
        ),
    ]


class SeenModel(Model):
    """How many see it, too, and whether the asking browser is among them."""

    model_config = shown({"seen_by": 4, "until": "2026-11-22T04:10:00.000Z"})

    seen_by: int
    until: UtcTime | None = Field(description="Until when it can be taken back; null: it is not said, or taken back.")

    @classmethod
    def of(cls, seen: Seen) -> "SeenModel":
        """From the service's value."""
        return cls(seen_by=seen.seen_by, until=seen.until)


class PublicPlaceModel(Model):
    """The place behind a QR code, as a resident's page shows it."""

    model_config = shown(
        {
            "code": "h7kq2m9x",
            "name": "3号楼北侧",
            "site": "康乐南路社区",
            "grid": "第七网格",
            "kinds": [{"kind": "fire", "text_zh": "火情、冒烟", "text_en": "Fire or smoke"}],
            "open_reports": [_OPEN],
            "max_photos": 3,
            "max_photo_bytes": 12582912,
        }
    )

    code: str
    name: str
    site: str
    grid: str | None
    kinds: tuple[KindModel, ...] = Field(description="What can be reported, in the order to show.")
    open_reports: tuple[OpenReportModel, ...] = Field(
        description="The newest five; never fires, worries about safety, or what is neither."
    )
    max_photos: int
    max_photo_bytes: int

    @classmethod
    def of(
        cls,
        place: ReportPlace,
        grid: Territory | None,
        site: Site,
        open_reports: Sequence[OpenReport],
        *,
        max_photos: int,
        max_photo_bytes: int,
    ) -> "PublicPlaceModel":
        """From the domain's values."""
        return cls(
            code=place.code,
            name=place.name,
            site=site.name,
            grid=grid.name if grid else None,
            kinds=tuple(
                KindModel(kind=kind, text_zh=row.words.zh, text_en=row.words.en) for kind, row in KINDS.items()
            ),
            open_reports=tuple(OpenReportModel.of(told) for told in open_reports),
            max_photos=max_photos,
            max_photo_bytes=max_photo_bytes,
        )


class ReportedModel(Model):
    """The report is taken. Who keeps the tracking code can follow it; it is shown this once."""

    model_config = shown({"tracking": "ABCD-EFGH-IJKL-MNOP"})

    tracking: str


class MilestoneModel(Model):
    """Where the report came to stand, and when."""

    progress: Progress
    at: UtcTime
    text_zh: str
    text_en: str


class FollowedModel(Model):
    """Where a report stands, in plain words and without names."""

    model_config = shown(_FOLLOWED)

    place: str
    kind: ReportKind
    kind_zh: str
    kind_en: str
    reported_at: UtcTime
    progress: Progress
    text_zh: str
    text_en: str
    milestones: tuple[MilestoneModel, ...] = Field(description="Oldest first.")
    can_rate: bool
    score: int | None
    timezone: str = Field(description="The site's, an IANA name: who follows a report has no session to learn it from.")

    @classmethod
    def of(cls, followed: Followed, timezone: str) -> "FollowedModel":
        """From the service's value."""
        told, kind = followed.report, KINDS[followed.report.kind].words
        words = PROGRESS_WORDS[followed.progress]
        return cls(
            place=followed.place.name,
            kind=told.kind,
            kind_zh=kind.zh,
            kind_en=kind.en,
            reported_at=told.at,
            progress=followed.progress,
            text_zh=words.zh,
            text_en=words.en,
            milestones=tuple(
                MilestoneModel(
                    progress=each.progress,
                    at=each.at,
                    text_zh=PROGRESS_WORDS[each.progress].zh,
                    text_en=PROGRESS_WORDS[each.progress].en,
                )
                for each in followed.milestones
            ),
            can_rate=followed.progress is Progress.DONE and told.score is None,
            timezone=timezone,
            score=told.score,
        )


class RatingBody(RequestModel):
    """How content the resident is: 1 (not at all) to 5."""

    model_config = shown({"score": 5, "words": "处理很快"}, request=True)

    score: Annotated[int, Field(ge=1, le=5)]
    words: Text | None = None


class ReportPlaceBody(RequestModel):
    """A place that gets a QR code."""

    model_config = shown({"grid": "grid-07", "name": "3号楼北侧"}, request=True)

    grid: Identifier
    name: Annotated[Reason, Field(max_length=100)]


class ReportPlaceModel(Model):
    """A place with a QR code, and the address that the code holds."""

    model_config = shown(_PLACE)

    code: str
    name: str
    grid: Ref
    url: str
    created_at: UtcTime
    retired_at: UtcTime | None

    @classmethod
    def of(cls, place: ReportPlace, grid: Territory | None, base: str) -> "ReportPlaceModel":
        """From the domain's values."""
        return cls(
            code=place.code,
            name=place.name,
            grid=Ref(id=place.grid, name=grid.name if grid else place.grid),
            url=address_of(place, base),
            created_at=place.created_at,
            retired_at=place.retired_at,
        )


class ReportPlaceList(Model):
    """By grid and name."""

    model_config = shown({"items": [_PLACE]})

    items: tuple[ReportPlaceModel, ...]
