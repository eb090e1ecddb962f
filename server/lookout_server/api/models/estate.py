"""Cameras, gateways and the overview."""

from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import Field

from lookout_contract.cases import CaseState
from lookout_contract.events import Condition, Scenario, Severity
from lookout_contract.status import CameraReport, Coverage, ProposalReport, ShadowReport, Sight
from lookout_server.api.models.base import Model, Ref, UtcTime, shown
from lookout_server.domain.ledger import Account
from lookout_server.domain.proof import CameraProof, ProofKind
from lookout_server.domain.territory import Site
from lookout_server.services.overview import Overview
from lookout_server.services.views import CameraView, GatewayView

CAMERA_EXAMPLE: dict[str, Any] = {
    "id": "corridor-2",
    "name": "2单元楼道",
    "gateway": "gw-east",
    "grid": {"id": "grid-07", "name": "第七网格"},
    "building": {"id": "b-3", "name": "3号楼"},
    "state": "blind",
    "reason": "stalled",
    "detail": "no packet for 10 s: check the camera's power and network",
    "since": "2026-11-22T06:00:00.000Z",
    "last_alarm_at": None,
    "coverage": {"day": "2026-11-22", "watching_min": 832, "blind_min": 4, "off_min": 0},
    "proofs": [
        {
            "kind": "self_test",
            "scenario": "fire_smoke",
            "at": "2026-11-22T03:00:12.000Z",
            "passed": True,
            "conditions": [{"name": "hop_rule", "value": 6.4, "limit": 15.0, "met": True, "unit": "s"}],
        }
    ],
}

GATEWAY_EXAMPLE: dict[str, Any] = {
    "id": "gw-east",
    "online": True,
    "version": "0.1.0",
    "last_seen_at": "2026-11-22T06:00:00.000Z",
    "epoch": "20261101t080000-k3f9",
    "spool": {"events": 0, "evidence": 1, "oldest_s": 0.4},
    "clock_skew_s": 0.02,
    "last_sequence": 1284,
    "gaps": 0,
    "ledger": {"missing": 0, "lost": 0, "refused": 0, "late": 3, "max_late_s": 41.2},
    "quarantined": 0,
    "registered": True,
    "rival": False,
    "dropped": {},
    "evidence_dropped": 0,
    "shed": {"garbage": 3},
    "streams": {
        "gate": {"fps": 5.1, "skew_s": 0.02, "memory_bytes": 4_812_030, "reconnects": 1, "dropped": 0},
    },
    "clock_offset_s": -0.03,
    "certificate_expires_at": "2029-02-24T06:00:00.000Z",
    "certificate_ends_soon": False,
    "proposals": {
        "9f3a6c01be42": {
            "camera": "corridor-2",
            "scenario": "corridor_ebike",
            "group": "two_wheeler",
            "box": [0.1, 0.4, 0.3, 0.9],
            "least_score": None,
            "spared": 4,
            "missed": 0,
            "unjudged": 1,
            "decision": "open",
            "decided_by": None,
            "until": None,
        }
    },
    "names": {},
    "shadows": {},
}


class CameraSight(StrEnum):
    """What a camera sees; ``unknown`` when nobody can say, as while its gateway is gone."""

    WATCHING = "watching"
    BLIND = "blind"
    OFF = "off"
    UNKNOWN = "unknown"


class ProofModel(Model):
    """The newest trial of a camera and scenario. ``passed`` is null until its end is told; ``conditions`` hold what was
    asked of it and the seconds from station to station."""

    kind: ProofKind
    scenario: Scenario
    at: UtcTime
    passed: bool | None
    conditions: tuple[Condition, ...]

    @classmethod
    def of(cls, proof: CameraProof) -> "ProofModel":
        """From the domain's value."""
        return cls(
            kind=proof.kind,
            scenario=proof.scenario,
            at=proof.started_at,
            passed=proof.passed,
            conditions=proof.conditions,
        )


class CoverageModel(Model):
    """For how long a camera was watched on the gateway's newest day, in minutes; what is missing is not known."""

    model_config = shown({"day": "2026-11-22", "watching_min": 832, "blind_min": 4, "off_min": 0})

    day: date
    watching_min: float
    blind_min: float
    off_min: float

    @classmethod
    def of(cls, coverage: Coverage) -> "CoverageModel":
        """From the contract's value."""
        return cls(
            day=coverage.day,
            watching_min=coverage.watching_min,
            blind_min=sum(coverage.blind_min.values()),
            off_min=sum(coverage.off_min.values()),
        )


class CameraModel(Model):
    """A camera. ``grid`` null: nobody has placed it yet."""

    model_config = shown(CAMERA_EXAMPLE)

    id: str
    name: str
    gateway: str
    grid: Ref | None
    building: Ref | None
    state: CameraSight
    reason: str | None
    detail: str | None
    since: UtcTime | None
    last_alarm_at: UtcTime | None
    proofs: tuple[ProofModel, ...]
    coverage: CoverageModel | None = Field(description="Null until its gateway has told.")

    @classmethod
    def of(cls, view: CameraView) -> "CameraModel":
        """From the services' view."""
        camera = view.camera
        return cls(
            id=camera.key.id,
            name=camera.name,
            gateway=camera.key.gateway,
            grid=Ref(id=view.grid.id, name=view.grid.name) if view.grid else None,
            building=Ref(id=view.building.id, name=view.building.name) if view.building else None,
            state=CameraSight(view.sight.value) if view.sight else CameraSight.UNKNOWN,
            reason=view.reason,
            detail=camera.detail,
            since=camera.since,
            last_alarm_at=camera.last_alarm_at,
            proofs=tuple(ProofModel.of(proof) for proof in view.proofs),
            coverage=CoverageModel.of(view.coverage) if view.coverage else None,
        )


class CameraList(Model):
    """All cameras, by gateway and id."""

    model_config = shown({"items": [CAMERA_EXAMPLE]})

    items: tuple[CameraModel, ...]


class SpoolModel(Model):
    """What waits on a gateway's disk."""

    events: int
    evidence: int
    oldest_s: float


class StreamModel(Model):
    """How a camera's stream is doing, as its gateway told last."""

    fps: float | None = Field(description="Pictures a second that came through lately; few while nothing moves.")
    skew_s: float | None = Field(description="The stream's clock minus the gateway's; null before the first picture.")
    memory_bytes: int = Field(description="Packets and pictures that the gateway holds of it.")
    reconnects: int = Field(description="Openings of the stream since the gateway's start but the first.")
    dropped: int = Field(description="Pictures that newer ones overtook before anybody looked.")

    @classmethod
    def of(cls, report: CameraReport) -> "StreamModel":
        """From the wire's value."""
        return cls(
            fps=report.fps,
            skew_s=report.skew_s,
            memory_bytes=report.memory_bytes,
            reconnects=report.reconnects,
            dropped=report.dropped,
        )


class LedgerModel(Model):
    """How the numbers of a gateway's events ended within 24 h; ``missing`` ones are still waited for."""

    missing: int
    lost: int = Field(description="Given up: the gateway no longer has them, or dropped them for want of room.")
    refused: int = Field(description="They lie in quarantine.")
    late: int = Field(description="Took more than 10 s from the gateway's clock to the database.")
    max_late_s: float

    @classmethod
    def of(cls, account: Account) -> "LedgerModel":
        """From the domain's value."""
        return cls(
            missing=account.missing,
            lost=account.lost,
            refused=account.refused,
            late=account.late,
            max_late_s=round(account.max_late_s, 3),
        )


class GatewayModel(Model):
    """A gateway. ``gaps`` counts event numbers that are waited for or lost within 24 h, ``quarantined`` messages that
    were refused."""

    model_config = shown(GATEWAY_EXAMPLE)

    id: str
    online: bool
    version: str | None
    last_seen_at: UtcTime | None
    epoch: str | None
    spool: SpoolModel | None
    clock_skew_s: float | None
    last_sequence: int
    gaps: int
    ledger: LedgerModel
    quarantined: int
    registered: bool = Field(description="False: it only ever spoke through the broker; nobody enrolled it here.")
    rival: bool = Field(description="Two boxes go by its name, or its disk was restored from a copy.")
    dropped: dict[str, int] = Field(description="Events that it gave up, by scenario, since its spool was made.")
    evidence_dropped: int = Field(description="Files that it gave up before their upload, since its start.")
    shed: dict[str, int] = Field(
        description="Looks, plates and poses that it left out because it was too busy, by scenario, since its start."
    )
    streams: dict[str, StreamModel] = Field(description="Its cameras' streams, by camera.")
    clock_offset_s: float | None = Field(description="Its clock minus the dispatcher's.")
    certificate_expires_at: UtcTime | None = Field(description="Null where it has no certificate of this site.")
    certificate_ends_soon: bool = Field(description="Within 30 days, or over: enrol it again.")
    proposals: dict[str, ProposalReport] = Field(
        description="What it proposes to leave out after false alarms, by id; the command `proposal` decides."
    )
    names: dict[str, str] = Field(description="What people call those whom `decided_by` names by their user names.")
    shadows: dict[str, ShadowReport] = Field(
        description="What candidates beside its rules would have alarmed, by name."
    )

    @classmethod
    def of(cls, view: GatewayView) -> "GatewayModel":
        """From the services' view."""
        gateway = view.gateway
        spool = None
        if gateway.spool_events is not None:
            spool = SpoolModel(
                events=gateway.spool_events,
                evidence=gateway.spool_evidence or 0,
                oldest_s=gateway.spool_oldest_s or 0.0,
            )
        return cls(
            id=gateway.id,
            online=gateway.online,
            version=gateway.version,
            last_seen_at=gateway.last_seen_at,
            epoch=gateway.epoch,
            spool=spool,
            clock_skew_s=gateway.clock_skew_s,
            last_sequence=gateway.last_sequence,
            gaps=view.account.missing + view.account.lost,
            ledger=LedgerModel.of(view.account),
            quarantined=view.quarantined,
            registered=gateway.registered,
            rival=view.rival,
            dropped=dict(gateway.dropped),
            evidence_dropped=gateway.evidence_dropped,
            shed=dict(gateway.shed),
            streams={camera: StreamModel.of(report) for camera, report in gateway.streams.items()},
            clock_offset_s=gateway.clock_offset_s,
            certificate_expires_at=view.certificate_expires_at,
            certificate_ends_soon=view.certificate_ends_soon,
            proposals=dict(gateway.proposals),
            names=dict(view.names),
            shadows=dict(gateway.shadows),
        )


class GatewayList(Model):
    """All gateways, by id."""

    model_config = shown({"items": [GATEWAY_EXAMPLE]})

    items: tuple[GatewayModel, ...]


class OpenAlarms(Model):
    """Alarms that nobody has judged, by grade."""

    red: int = 0
    yellow: int = 0
    blue: int = 0


class CameraCounts(Model):
    """Cameras by what they see; what is in none of the three is unknown."""

    watching: int = 0
    blind: int = 0
    off: int = 0
    total: int = 0


class SiteModel(Model):
    """The estate; wall times are shown in its time zone."""

    id: str
    name: str
    timezone: str


class OverviewModel(Model):
    """How things stand; ``cases`` are those not settled. Workers get their own, and null for alarms and cameras."""

    model_config = shown(
        {
            "open_alarms": {"red": 1, "yellow": 2, "blue": 0},
            "waiting": {"red": 1, "yellow": 3, "blue": 1},
            "cases": {"dispatched": 1, "verifying": 2},
            "cameras": {"watching": 38, "blind": 2, "off": 0, "total": 40},
            "site": {"id": "kangle", "name": "康乐南路社区", "timezone": "Asia/Shanghai"},
            "feed_seq": 4711,
            "wrong_clocks": 0,
        }
    )

    open_alarms: OpenAlarms | None
    waiting: OpenAlarms | None = Field(
        default=None,
        description="Open alarms, and cases to judge, send or check; red ones also until somebody is on the scene.",
    )
    cases: dict[CaseState, int]
    cameras: CameraCounts | None
    site: SiteModel
    feed_seq: int = Field(description="Follow the feed with `?after=` this number and nothing is missed.")
    wrong_clocks: int = Field(
        default=0, description="Gateways that are online and a minute or more off: the times of their alarms are wrong."
    )

    @classmethod
    def of(cls, seen: Overview, site: Site) -> "OverviewModel":
        """From the services' value."""
        return cls(
            open_alarms=_open_alarms(seen.open_alarms),
            waiting=_open_alarms(seen.waiting),
            cases=seen.cases,
            cameras=_cameras(seen.cameras),
            site=SiteModel(id=site.id, name=site.name, timezone=site.timezone),
            feed_seq=seen.feed_seq,
            wrong_clocks=seen.wrong_clocks,
        )


def _open_alarms(counts: dict[Severity, int] | None) -> OpenAlarms | None:
    if counts is None:
        return None
    return OpenAlarms(
        red=counts.get(Severity.RED, 0), yellow=counts.get(Severity.YELLOW, 0), blue=counts.get(Severity.BLUE, 0)
    )


def _cameras(counts: dict[Sight | None, int] | None) -> CameraCounts | None:
    if counts is None:
        return None
    return CameraCounts(
        watching=counts.get(Sight.WATCHING, 0),
        blind=counts.get(Sight.BLIND, 0),
        off=counts.get(Sight.OFF, 0),
        total=sum(counts.values()),
    )
