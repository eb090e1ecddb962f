"""Alarms, cases, cameras and gateways with the names and files that pages show beside them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from lookout_contract.status import Coverage, Sight
from lookout_server.domain.alarm import Alarm, Standing
from lookout_server.domain.case import Case, CaseEvidence, HistoryEntry
from lookout_server.domain.correlation import FLAPS_WITHIN
from lookout_server.domain.ledger import SPAN, Account
from lookout_server.domain.moves import IN_HAND
from lookout_server.domain.proof import CameraProof
from lookout_server.domain.silence import Silence, SilenceKind
from lookout_server.domain.territory import Camera, CameraKey, Gateway, Level, Person, Territory
from lookout_server.ports import UnitOfWork
from lookout_server.services.settling import gateway_of

#: A gateway is enrolled again while its certificate is good: this leaves time for a visit.
ENDS_SOON = timedelta(days=30)
_RIVAL_SHOWN = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class AlarmView:
    """An alarm, its camera and grid, and which of its files have arrived."""

    alarm: Alarm
    camera: Camera | None
    grid: Territory | None
    available: frozenset[str]
    standing: Standing
    #: What keeps it quiet now.
    silence: Silence | None
    #: Alarms of this kind from this camera in the half hour up to it, itself included.
    repeats: int
    #: Who looks after it.
    acked_by: Person | None = None


@dataclass(frozen=True, kw_only=True)
class CaseView:
    """A case with the names of its cameras, grid and handler."""

    case: Case
    camera: Camera | None
    grid: Territory | None
    handler: Person | None
    #: Who was called to it, by id.
    called: Mapping[str, Person]
    #: Who asks for more time.
    asked_by: Person | None = None
    #: The other cameras at which it was seen, each once.
    also: Sequence[Camera] = ()
    #: How many residents said that they see it, too.
    seen_by: int = 0

    @property
    def handler_gone(self) -> bool:
        """Whether nobody will go: the account of whoever has it is disabled."""
        return self.case.state in IN_HAND and self.handler is not None and self.handler.barred


@dataclass(frozen=True, kw_only=True)
class CaseDetail:
    """A case with everything about it. ``people`` names those who appear in the history."""

    view: CaseView
    primary_alarm: AlarmView | None
    #: Those that joined it, the newest of them, in the order in which they did.
    other_alarms: Sequence[AlarmView]
    history: Sequence[HistoryEntry]
    people: dict[str, Person]
    evidence: Sequence[CaseEvidence]
    #: False: its record is closed to whoever asks, and left out here.
    opened: bool = True


@dataclass(frozen=True, kw_only=True)
class CameraView:
    """A camera and its grid. ``sight`` is None when nobody can say, as while its gateway is gone."""

    camera: Camera
    grid: Territory | None
    building: Territory | None
    sight: Sight | None
    reason: str | None
    #: Its newest trials, by scenario.
    proofs: tuple[CameraProof, ...] = ()
    #: For how long it was watched today, as far as its gateway has told.
    coverage: Coverage | None = None


@dataclass(frozen=True, kw_only=True)
class GatewayView:
    """A gateway, how its ledger stands, and what of it lies in quarantine."""

    gateway: Gateway
    account: Account
    quarantined: int
    #: Two boxes go by its name, or did within the last hour.
    rival: bool
    #: Grids in which its cameras stand; None: not placed.
    grids: frozenset[str | None] = frozenset()
    #: When its certificate ends; None where it has none of ours.
    certificate_expires_at: datetime | None = None
    #: Within ENDS_SOON, or over: without a new one the gateway will be shut out.
    certificate_ends_soon: bool = False
    #: User name → what people call them, of those who decided on proposals.
    names: Mapping[str, str] = field(default_factory=dict[str, str])


async def grids(uow: UnitOfWork) -> dict[str, Territory]:
    """All places by id."""
    return {territory.id: territory for territory in await uow.territory.territories()}


@dataclass(frozen=True, kw_only=True)
class Within:
    """A place as lists are narrowed by it: by grids, or by a building. None: not by these."""

    grids: frozenset[str] | None = None
    buildings: frozenset[str] | None = None


async def within(uow: UnitOfWork, place: str | None) -> Within:
    """The place itself and everything in it; only itself when there is no such place. None: everywhere."""
    if place is None:
        return Within()
    territories = await uow.territory.territories()
    if any(each.id == place and each.level is Level.BUILDING for each in territories):
        return Within(buildings=frozenset({place}))
    found = {place}
    for territory in territories:
        if territory.parent in found and territory.level is not Level.BUILDING:
            found.add(territory.id)
    return Within(grids=frozenset(found))


async def alarm_views(uow: UnitOfWork, alarms: Collection[Alarm], *, at: datetime | None = None) -> list[AlarmView]:
    """In the given order, with a fixed number of queries, one more where somebody has taken some up; without ``at``
    silences are left aside."""
    silences: Sequence[Silence] = await uow.silences.current(at) if at and alarms else ()
    repeats = await uow.alarms.repeats(list(alarms), FLAPS_WITHIN)
    cameras = await uow.territory.cameras({alarm.camera for alarm in alarms})
    stored = await uow.evidence.get({ref.sha256 for alarm in alarms for ref in alarm.evidence})
    places = await grids(uow) if alarms else {}
    takers = {alarm.acked_by for alarm in alarms if alarm.acked_by}
    people = await uow.people.get(takers) if takers else {}
    views: list[AlarmView] = []
    for alarm, repeated in zip(alarms, repeats, strict=True):
        grid = _grid_of(cameras.get(alarm.camera), places)
        name = grid.id if grid else None
        silence = next((each for each in silences if at and each.covers(alarm, name, at)), None)
        view = AlarmView(
            alarm=alarm,
            camera=cameras.get(alarm.camera),
            grid=grid,
            available=frozenset(ref.sha256 for ref in alarm.evidence if ref.sha256 in stored),
            standing=_QUIET[silence.kind] if silence else alarm.standing,
            silence=silence,
            repeats=repeated,
            acked_by=people.get(alarm.acked_by) if alarm.acked_by else None,
        )
        views.append(view)
    return views


_QUIET = {SilenceKind.SILENCE: Standing.SHELVED, SilenceKind.MAINTENANCE: Standing.OUT_OF_SERVICE}


async def case_views(uow: UnitOfWork, cases: Collection[Case]) -> list[CaseView]:
    """In the given order, with five queries however many there are."""
    seen_at = await uow.cases.cameras([case.id for case in cases if len(case.alarms) > 1])
    wanted_cameras = {case.camera for case in cases if case.camera}
    cameras = await uow.territory.cameras(wanted_cameras.union(*seen_at.values()))
    wanted = {case.handler for case in cases if case.handler}
    wanted |= {each.person for case in cases for each in case.whistles}
    wanted |= {case.asked.by for case in cases if case.asked}
    people = await uow.people.get(wanted)
    places = await grids(uow) if cases else {}
    seen_by = await uow.residents.seen_by([case.id for case in cases])
    return [
        CaseView(
            case=case,
            camera=cameras.get(case.camera) if case.camera else None,
            grid=places.get(case.grid) if case.grid else None,
            handler=people.get(case.handler) if case.handler else None,
            called={each.person: people[each.person] for each in case.whistles if each.person in people},
            asked_by=people.get(case.asked.by) if case.asked else None,
            also=[cameras[key] for key in seen_at.get(case.id, ()) if key != case.camera and key in cameras],
            seen_by=seen_by.get(case.id, 0),
        )
        for case in cases
    ]


async def camera_views(uow: UnitOfWork, keys: Collection[CameraKey] | None = None) -> list[CameraView]:
    """These cameras, or all. A camera whose gateway is gone is not being watched, whatever was said last."""
    cameras = await uow.territory.cameras(keys)
    gateways = await uow.gateways.get({camera.key.gateway for camera in cameras.values()})
    places = await grids(uow)
    proofs = await uow.proofs.get(keys)
    return [
        replace(_camera_view(camera, gateways.get(key.gateway), places), proofs=proofs.get(key, ()))
        for key, camera in cameras.items()
    ]


def ends_soon(expires_at: datetime | None, at: datetime) -> bool:
    """Whether a certificate needs a successor now."""
    return expires_at is not None and expires_at - at < ENDS_SOON


async def gateway_views(uow: UnitOfWork, *, at: datetime, ids: Collection[str] | None = None) -> list[GatewayView]:
    """These gateways, or all, as of ``at``."""
    accounts = await uow.ledger.accounts(at - SPAN)
    refused = await uow.quarantine.count_by_gateway()
    expiries = await uow.enrolments.expiries()
    # A busy gateway's own row lags a second behind; its numbers do not.
    settled = {
        (gateway_of(each.stream), each.stream.epoch): each.state.numbers.highest for each in await uow.ledger.streams()
    }
    places: dict[str, set[str | None]] = {}
    for key, camera in (await uow.territory.cameras()).items():
        places.setdefault(key.gateway, set()).add(camera.grid)
    gateways = await uow.gateways.get(ids)
    deciders = {
        each.decided_by for gateway in gateways.values() for each in gateway.proposals.values() if each.decided_by
    }
    names = await uow.people.names(deciders) if deciders else {}
    return [
        GatewayView(
            gateway=replace(
                gateway, last_sequence=max(gateway.last_sequence, settled.get((name, gateway.epoch or ""), 0))
            ),
            account=accounts.get(name, Account()),
            quarantined=refused.get(name, 0),
            rival=gateway.rival_at is not None and at - gateway.rival_at < _RIVAL_SHOWN,
            grids=frozenset(places.get(name, ())),
            certificate_expires_at=expiries.get(name),
            certificate_ends_soon=ends_soon(expiries.get(name), at),
            names=names,
        )
        for name, gateway in gateways.items()
    ]


def _camera_view(camera: Camera, gateway: Gateway | None, places: dict[str, Territory]) -> CameraView:
    lost = camera.state is not None and (gateway is None or not gateway.online)
    if lost and gateway is not None and gateway.last_seen_at is not None:
        # It has been unknown since its gateway was last heard, whatever the camera had been until then.
        camera = replace(camera, since=gateway.last_seen_at)
    return CameraView(
        camera=camera,
        grid=_grid_of(camera, places),
        building=places.get(camera.building) if camera.building else None,
        sight=None if lost else camera.state,
        reason="gateway_lost" if lost else camera.reason,
        coverage=gateway.coverage.get(camera.key.id) if gateway is not None else None,
    )


def _grid_of(camera: Camera | None, places: dict[str, Territory]) -> Territory | None:
    return places.get(camera.grid) if camera is not None and camera.grid else None
