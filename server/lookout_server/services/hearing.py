"""What gateways say apart from events: how they are, what their cameras see, how a command went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lookout_contract.commands import CommandResponse, Outcome
from lookout_contract.events import Severity
from lookout_server.domain.case import CaseEvidence, CaseEvidenceKind, Stage
from lookout_server.domain.deadline import Deadline, DeadlineKey, DeadlineKind
from lookout_server.domain.moving import rechecked
from lookout_server.domain.notice import NoticeKind
from lookout_server.domain.territory import Camera, CameraKey, Gateway, Role, Site
from lookout_server.domain.wording import GATEWAY_OF
from lookout_server.ports import CameraPart, SentCommand, Store, UnitOfWork
from lookout_server.services import announce
from lookout_server.services.access import audience
from lookout_server.services.notifying import About, notify
from lookout_server.services.reading import ReadCamera, ReadResponse, ReadStatus, Refused

#: How long a gateway may be gone before people are called: a box that starts anew takes no longer.
GONE_FOR = timedelta(minutes=2)
#: By how much the clocks of two dispatchers may differ.
CLOCKS_DIFFER = timedelta(seconds=5)
_SHA256_CHARACTERS = set("0123456789abcdef")


@dataclass(frozen=True, kw_only=True)
class Back:
    """A gateway that was not there. ``anew``: it has begun another epoch, so it may be a new box."""

    gateway: str
    epoch: str
    anew: bool
    at: datetime


async def hear_statuses(uow: UnitOfWork, said: Sequence[ReadStatus]) -> Sequence[Back]:
    """Keep the last word of each gateway; the feed hears of it only when something a person cares about changed.

    The answer is those that are there again, or for the first time.
    """
    if not said:
        return ()
    last = {read.status.gateway: read for read in said}
    known = await uow.gateways.get(last)
    back: list[Back] = []
    for name, read in sorted(last.items()):
        at = read.message.received_at
        held = known.get(name)
        now = _informed(held or Gateway(id=name), read)
        await uow.gateways.save([now])
        anew = held is not None and held.epoch != now.epoch
        if anew or (now.online and not (held and held.online)):
            back.append(Back(gateway=name, epoch=read.status.epoch, anew=anew, at=at))
        if held is not None and _headline(held) == _headline(now):
            continue
        announce.gateway_changed(uow, name, "created" if held is None else "updated", at)
        if held is not None and held.online != now.online:
            await _announce_cameras(uow, name, at)
            await _expect_back(uow, now, at)
    return back


async def lose_silent(store: Store, *, before: datetime, at: datetime) -> Sequence[str]:
    """Gateways that are said to be online and have said nothing since ``before`` are lost; which ones.

    The broker tells when a connection ends, but not when it was killed itself meanwhile, nor that a gateway hangs.
    """
    async with store.write() as uow:
        lost = await uow.gateways.lose_silent(before)
        for name in lost:
            announce.gateway_changed(uow, name, "updated", at)
            await _announce_cameras(uow, name, at)
            await _expect_back(uow, Gateway(id=name), at)
        if lost:
            await uow.commit()
    return lost


async def gateway_passed(uow: UnitOfWork, site: Site, name: str, at: datetime) -> None:
    """It was not back in time: the control room, who runs the system, and who leads hear of it once."""
    gateway = (await uow.gateways.get([name])).get(name)
    if gateway is None or gateway.online:
        return
    cameras = {key: camera for key, camera in (await uow.territory.cameras()).items() if key.gateway == name}
    title = GATEWAY_OF.fill(name=name, count=len(cameras))
    seen = gateway.last_seen_at.isoformat() if gateway.last_seen_at else ""
    # One blind camera is yellow. Here nobody would see a fire on any of them, so it does not wait for the morning.
    about = About(subject=name, occasion=seen, severity=Severity.RED, title=title)
    await notify(uow, site, about, NoticeKind.GATEWAY_LOST, await _who_looks_after(uow, cameras), at=at)


async def _who_looks_after(uow: UnitOfWork, cameras: Mapping[CameraKey, Camera]) -> Sequence[str]:
    roles, grids = (Role.OPERATOR, Role.SUPERVISOR, Role.ADMIN), {camera.grid for camera in cameras.values()} or {None}
    return [
        each.id for role in roles for grid in sorted(grids, key=str) for each in await audience(uow, role, grid, None)
    ]


async def _expect_back(uow: UnitOfWork, gateway: Gateway, at: datetime) -> None:
    """People are called when it stays away, and not when it is back."""
    key = DeadlineKey(subject=gateway.id, kind=DeadlineKind.GATEWAY)
    if gateway.online:
        await uow.deadlines.cancel([key])
    else:
        await uow.deadlines.set([Deadline(key=key, due_at=at + GONE_FOR)])


async def note_rivals(uow: UnitOfWork, conflicts: Sequence[Refused]) -> None:
    """Two events under one number come from two boxes, or from a disk that was copied."""
    last = {refused.gateway: refused.message.received_at for refused in conflicts if refused.gateway is not None}
    for name, held in (await uow.gateways.get(last)).items() if last else ():
        await uow.gateways.save([replace(held, rival_at=last[name])])
        announce.gateway_changed(uow, name, "updated", last[name])


async def hear_cameras(uow: UnitOfWork, said: Sequence[ReadCamera]) -> None:
    """Keep the last state of each camera; one that nobody placed is made."""
    if not said:
        return
    last = {read.key: read for read in said}
    seen = await uow.territory.cameras(last)
    news = {key: read for key, read in last.items() if (held := seen.get(key)) is None or _seen(held, read) != held}
    if not news:
        return
    # Another dispatcher may be taking a word of the same cameras: they are there and locked before they are compared.
    await uow.territory.make_cameras([Camera(key=key, name=key.id) for key in news if key not in seen])
    changed: list[Camera] = []
    for key, held in (await uow.territory.cameras(news, lock=True)).items():
        read = news[key]
        now = _seen(held, read)
        if now != held and not _was_overtaken(held, read):
            changed.append(replace(now, heard_at=read.message.received_at))
            change = "updated" if key in seen else "created"
            announce.camera_changed(uow, key, change, read.message.received_at)
    await uow.territory.save_cameras(changed, part=CameraPart.SIGHT)


def _seen(held: Camera, read: ReadCamera) -> Camera:
    said = read.state
    return replace(held, state=said.state, reason=said.reason, detail=said.detail, since=said.since)


def _was_overtaken(held: Camera, read: ReadCamera) -> bool:
    """Whether another dispatcher has taken a later word, while this one was cut off from the database for instance.

    Earlier by the gateway's clock and by ours: either may have been set back.
    """
    if held.since is None or held.heard_at is None:
        return False
    return read.state.since < held.since and read.message.received_at < held.heard_at + CLOCKS_DIFFER


async def hear_responses(uow: UnitOfWork, said: Sequence[ReadResponse]) -> None:
    """Keep the answers; a camera's second look goes to the case that asked for it."""
    for read in said:
        at = read.message.received_at
        command = await uow.gateways.answer(read.gateway, read.response, at)
        if command is not None:
            announce.gateway_changed(uow, read.gateway, "answered", at)
        if command is not None and command.name == "snapshot" and command.case_id is not None:
            await _attach_recheck(uow, command, command.case_id, read.response, at)


async def _attach_recheck(
    uow: UnitOfWork, command: SentCommand, case_id: str, response: CommandResponse, at: datetime
) -> None:
    case = (await uow.cases.get([case_id], lock=True))[case_id]
    evidence = _recheck(response, at)
    if evidence is not None:
        await uow.cases.attach(case_id, evidence)
    data: dict[str, object] = {"command": command.id, "outcome": response.outcome.value}
    if evidence is not None:
        data["sha256"] = evidence.sha256
    after, entry = rechecked(case, at=at, note=response.detail, data=data)
    await uow.cases.update(after, entry, seen=case.version)
    announce.case_noted(uow, after, "recheck", at)


def _recheck(response: CommandResponse, at: datetime) -> CaseEvidence | None:
    """The picture that the answer names, or None when it names none."""
    sha256, size, mime = (response.result.get(key) for key in ("sha256", "bytes", "mime"))
    if response.outcome is not Outcome.DONE or not isinstance(sha256, str):
        return None
    if len(sha256) != 64 or not set(sha256) <= _SHA256_CHARACTERS:
        return None
    return CaseEvidence(
        kind=CaseEvidenceKind.RECHECK,
        sha256=sha256,
        mime=mime if isinstance(mime, str) else "image/jpeg",
        bytes=size if isinstance(size, int) and 0 <= size < 2**53 else 0,
        at=at,
        stage=Stage.AFTER,
    )


async def _announce_cameras(uow: UnitOfWork, gateway: str, at: datetime) -> None:
    """Whether they are watched follows from whether their gateway is there."""
    for key in await uow.territory.cameras():
        if key.gateway == gateway:
            announce.camera_changed(uow, key, "updated", at)


def _headline(gateway: Gateway) -> tuple[object, ...]:
    """What a person cares about."""
    lost = gateway.dropped, gateway.evidence_dropped
    clock = gateway.clock_is_wrong
    return gateway.online, gateway.version, gateway.epoch, gateway.rival_at, lost, gateway.proposals, clock


def _informed(held: Gateway, read: ReadStatus) -> Gateway:
    status, at = read.status, read.message.received_at
    spool = status.spool
    same = held.epoch in {None, status.epoch}
    told = replace(
        held,
        online=status.online,
        version=status.version,
        # What the broker kept was said at some time before.
        last_seen_at=held.last_seen_at if read.message.retained and held.last_seen_at is not None else at,
        spool_events=spool.events if spool else held.spool_events,
        spool_evidence=spool.evidence if spool else held.spool_evidence,
        spool_oldest_s=spool.oldest_s if spool else held.spool_oldest_s,
        dropped=spool.dropped if spool else held.dropped,
        evidence_dropped=spool.evidence_dropped if spool else held.evidence_dropped,
        clock_skew_s=status.clock_skew_s if status.clock_skew_s is not None else held.clock_skew_s,
        clock_offset_s=_offset(held, read),
    )
    if not status.online:
        # The will of a connection that another one replaced speaks of an epoch that may be over.
        return told
    return replace(
        told,
        epoch=status.epoch,
        earlier_epoch=held.earlier_epoch if same else held.epoch,
        rival_at=held.rival_at if same or status.epoch != held.earlier_epoch else at,
        proposals=status.proposals,
        shadows=status.shadows,
        shed=status.shed,
        streams={name: report.model_copy(update={"coverage": ()}) for name, report in status.cameras.items()},
        coverage={name: report.coverage[-1] for name, report in status.cameras.items() if report.coverage},
        last_sequence=max(status.last_sequence, held.last_sequence if same else 0),
    )


def _offset(held: Gateway, read: ReadStatus) -> float | None:
    if read.message.retained or not read.status.online:
        return held.clock_offset_s
    return round((read.status.at - read.message.received_at).total_seconds(), 3)
