"""Commands to gateways. They leave through the outbox, so one is sent only if its reason was committed."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from lookout_contract.commands import (
    COMMANDS,
    Command,
    ReplayCommand,
    Resident,
    SnapshotCommand,
    Verdict,
    VerdictCommand,
    Zones,
)
from lookout_contract.events import Scenario
from lookout_contract.topics import GatewayTopics
from lookout_server.domain.access import Access
from lookout_server.domain.alarm import Alarm, DismissReason
from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.case import Case
from lookout_server.domain.territory import CameraKey, Site
from lookout_server.errors import ForbiddenError, InvalidError, NotFoundError
from lookout_server.ports import AnswerTo, Gap, ModelPackage, SentCommand, Store, UnitOfWork
from lookout_server.services import announce
from lookout_server.services.settling import gaps_of
from lookout_server.services.taking_over import take_over

_REPLAY_WITHIN = timedelta(minutes=5)
_SNAPSHOT_WITHIN = timedelta(minutes=2)
#: A verdict is as good when a box is back from repair: what it learns from goes further back than that.
_VERDICT_WITHIN = timedelta(days=30)
#: Verdicts that a gateway which is back is told again at a time, the newest.
_VERDICTS_AGAIN = 100
#: By how much a command is later than the one before it that it overtakes: the wire has milliseconds.
_STEP = timedelta(milliseconds=1)
#: Kinds of commands of which gateways obey the newest and refuse what is older.
_OVERTAKING = frozenset({"residents", "verdict", "proposal"})
#: How long a gateway has to answer what a person asks of it.
_ANSWER_WITHIN = timedelta(minutes=2)
#: Commands that carry the name of who asks.
_SIGNED = frozenset({"proposal", "zones"})
#: A list of vehicles is as good next week, for a gateway that is away meanwhile.
VEHICLES_WITHIN = timedelta(days=7)
#: A rollout is fetched, tried and watched; who draws zones waits before the screen.
_ASKED_WITHIN = {"zones": timedelta(seconds=40), "rollout": timedelta(hours=2), "residents": VEHICLES_WITHIN}
#: What brokers hand on, Mosquitto as we set it up among them, with some to spare.
_MOST_BYTES = 1_000_000


async def open_gaps(store: Store) -> dict[tuple[str, str], list[Gap]]:
    """(gateway id, epoch) → what is missing, as the database knows it: a restart forgets no gap."""
    async with store.read() as uow:
        streams = await uow.ledger.streams()
    found: dict[tuple[str, str], list[Gap]] = {}
    for each in streams:
        for gap in gaps_of(each.stream, each.state.numbers):
            found.setdefault((gap.gateway, gap.epoch), []).append(gap)
    return found


async def request_replay(store: Store, site: Site, gap: Gap, *, at: datetime) -> str | None:
    """Ask a gateway to send the events of a gap again; the command's id, or None while the gateway is away."""
    command = ReplayCommand(
        id=command_name("replay", gap.epoch, gap.first, gap.last, at),
        issued_at=at,
        expires_at=at + _REPLAY_WITHIN,
        epoch=gap.epoch,
        first=gap.first,
        last=gap.last,
    )
    async with store.write() as uow:
        gateway = (await uow.gateways.get([gap.gateway])).get(gap.gateway)
        if gateway is not None and gateway.last_seen_at is not None and not gateway.online:
            return None
        await send_with(uow, site, gap.gateway, command)
        await uow.commit()
    return command.id


async def send(store: Store, site: Site, gateway: str, command: Command) -> None:
    """Send a command that the dispatcher makes up by itself."""
    async with store.write() as uow:
        await send_with(uow, site, gateway, command)
        await uow.commit()


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a person asks of a gateway. ``key``: the same one again is the same command, whoever sends it twice."""

    gateway: str
    name: str
    by: Access
    key: str | None = None
    camera: str | None = None
    scenario: Scenario | None = None
    package: ModelPackage | None = None
    watch_s: float | None = None
    proposal: str | None = None
    accept: bool | None = None
    zones: Zones | None = None
    seen: str | None = None
    residents: tuple[Resident, ...] | None = None


async def ask(store: Store, site: Site, wanted: Wanted, *, at: datetime) -> SentCommand:
    """Send a command; NotFoundError when nobody has heard of the gateway. Asking again with one key sends nothing."""
    command = _wanted(wanted, at)
    must_fit(command.to_json())
    async with store.write() as uow:
        await _may_ask(uow, wanted)
        held = await uow.gateways.command(command.id)
        if held is not None:
            return held
        command = await in_turn(uow, wanted.gateway, command)
        await send_with(uow, site, wanted.gateway, command, by=wanted.by.person.id)
        if wanted.name == "residents":
            await take_over(uow, [wanted.gateway], at)
        asked_for: dict[str, str | int] = {"name": wanted.name, "command": command.id}
        entry = Entry(
            at=at, act=Act.GATEWAY_ASKED, actor=wanted.by.person.id, subject=wanted.gateway, details=asked_for
        )
        uow.audit.add(entry)
        announce.gateway_changed(uow, wanted.gateway, "asked", at)
        await uow.commit()
    async with store.read() as uow:
        sent = await uow.gateways.command(command.id)
    if sent is None:
        raise NotFoundError(f"command {command.id} is gone: ask again")
    return sent


async def _may_ask(uow: UnitOfWork, wanted: Wanted) -> None:
    """What is asked of a camera is for those who look after it; what all of a gateway's cameras feel, for those who
    look after them all."""
    gateway = (await uow.gateways.get([wanted.gateway])).get(wanted.gateway)
    if gateway is None or wanted.gateway in await _out_of_reach(uow, wanted.by):
        raise NotFoundError(f"there is no gateway {wanted.gateway!r}: see the list of gateways")
    proposal = gateway.proposals.get(wanted.proposal or "")
    camera = wanted.camera or (proposal.camera if proposal else None)
    if camera is not None:
        key = CameraKey(gateway=wanted.gateway, id=camera)
        placed = (await uow.territory.cameras({key})).get(key)
        if placed is not None and not wanted.by.covers(placed.grid):
            raise NotFoundError(f"there is no camera {key.path} that you look after")
    elif wanted.by.places is not None:
        cameras = await uow.territory.cameras()
        if not all(wanted.by.covers(each.grid) for key, each in cameras.items() if key.gateway == wanted.gateway):
            raise ForbiddenError(
                f"this is for all cameras of {wanted.gateway}, and some are not yours: ask somebody of the whole site"
            )


async def in_turn(uow: UnitOfWork, gateway: str, command: Command) -> Command:
    """The command as it is to be sent: one that replaces all earlier ones of its kind is issued after them.

    By the database and not by the clock alone: dispatchers' clocks differ, and one may be set back.
    """
    if command.name not in _OVERTAKING:
        return command
    if command.name == "residents":
        # Whoever sends lists queues here, so that they leave in the order of their times.
        await uow.vehicles.state(lock=True)
    newest = await uow.gateways.last_issued(gateway, command.name)
    if newest is None or newest < command.issued_at:
        return command
    return command.model_copy(update={"issued_at": newest + _STEP})


def _wanted(wanted: Wanted, at: datetime) -> Command:
    given = {
        "id": command_name(wanted.name, wanted.gateway, wanted.key or at),
        "issued_at": at,
        "expires_at": at + _ASKED_WITHIN.get(wanted.name, _ANSWER_WITHIN),
        "name": wanted.name,
        "camera": wanted.camera,
        "scenario": wanted.scenario,
        "watch_s": wanted.watch_s,
        "proposal": wanted.proposal,
        "accept": wanted.accept,
        "zones": wanted.zones,
        "seen": wanted.seen,
        "residents": wanted.residents,
        "by": wanted.by.person.username if wanted.name in _SIGNED else None,
    }
    if wanted.package is not None:
        given |= {"model": wanted.package.model, "package": wanted.package.sha256, "bytes": wanted.package.bytes}
    try:
        return COMMANDS.validate_python({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise InvalidError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error


async def asked(store: Store, by: Access, *, gateway: str | None, limit: int) -> Sequence[SentCommand]:
    """What the gateways of somebody's places were asked, newest first."""
    async with store.read() as uow:
        found = await uow.gateways.commands(gateway=gateway, limit=limit)
        beyond = await _out_of_reach(uow, by)
    return [command for command in found if command.gateway not in beyond]


async def names_in(store: Store, found: Collection[SentCommand]) -> dict[str, str]:
    """User name → what people call them, of those whom answers name: a gateway knows people by their user names."""
    users = {name for command in found if (name := drawn_by(command)) is not None}
    if not users:
        return {}
    async with store.read() as uow:
        return await uow.people.names(users)


def drawn_by(command: SentCommand) -> str | None:
    """The user name of whoever drew the zones that an answer tells of; None where it tells of none."""
    match command.result.get("zones"):
        case {"drawn_by": str(name)}:
            return name
        case _:
            return None


async def _out_of_reach(uow: UnitOfWork, by: Access) -> frozenset[str]:
    """Gateways all of whose cameras stand in places that are not somebody's."""
    if by.places is None:
        return frozenset()
    grids: dict[str, set[str | None]] = {}
    for key, camera in (await uow.territory.cameras()).items():
        grids.setdefault(key.gateway, set()).add(camera.grid)
    return frozenset(name for name, found in grids.items() if not by.reaches(found))


async def request_snapshot(uow: UnitOfWork, site: Site, case: Case, *, at: datetime) -> str | None:
    """Ask the case's camera to look again; None when the case has no camera."""
    if case.camera is None:
        return None
    command = SnapshotCommand(
        id=command_name("snapshot", case.id, case.version, at),
        issued_at=at,
        expires_at=at + _SNAPSHOT_WITHIN,
        camera=case.camera.id,
    )
    await send_with(uow, site, case.camera.gateway, command, case_id=case.id)
    return command.id


async def send_verdict(
    uow: UnitOfWork, site: Site, alarm: Alarm, reason: DismissReason | None, *, at: datetime
) -> None:
    """Tell the gateway what people made of its alarm; ``reason`` None means it was real. A test says nothing."""
    if reason in {DismissReason.TEST, DismissReason.OTHER}:
        return
    verdicts = {None: Verdict.REAL, DismissReason.DUPLICATE: Verdict.DUPLICATE}
    await _tell_verdict(uow, site, alarm, verdicts.get(reason, Verdict.FALSE), reason, at)


async def withdraw_verdict(uow: UnitOfWork, site: Site, alarm: Alarm, *, at: datetime) -> None:
    """Tell the gateway that nobody has judged its alarm after all: else it goes on learning from a slip."""
    await _tell_verdict(uow, site, alarm, Verdict.WITHDRAWN, None, at)


async def _tell_verdict(
    uow: UnitOfWork, site: Site, alarm: Alarm, verdict: Verdict, reason: DismissReason | None, at: datetime
) -> None:
    command = VerdictCommand(
        id=command_name("verdict", alarm.id, reason or verdict, at),
        issued_at=at,
        expires_at=at + _VERDICT_WITHIN,
        occurrence=alarm.occurrence,
        verdict=verdict,
        why=reason.value if reason else None,
    )
    await send_with(uow, site, alarm.camera.gateway, await in_turn(uow, alarm.camera.gateway, command))


async def repeat_verdicts(uow: UnitOfWork, site: Site, gateway: str, at: datetime) -> None:
    """Verdicts that a gateway did not answer go out once more, as they were: it was away, and a broker forgets."""
    for command in await uow.gateways.unanswered(gateway, "verdict", at, _VERDICTS_AGAIN):
        if command.request is not None:
            _publish(uow, site, command, command.request.encode(), at)


def must_fit(payload: bytes) -> None:
    """InvalidError when no broker would hand the command on."""
    if len(payload) > _MOST_BYTES:
        raise InvalidError(
            f"the command has {len(payload)} bytes, and brokers hand on {_MOST_BYTES}: send a shorter list"
        )


async def send_with(
    uow: UnitOfWork,
    site: Site,
    gateway: str,
    command: Command,
    *,
    payload: bytes | None = None,
    case_id: str | None = None,
    by: str | None = None,
) -> None:
    """Leave a command in the outbox with the transaction that is open. ``payload``: its JSON, if that is there."""
    said = payload or command.to_json()
    sent = SentCommand(
        id=command.id,
        gateway=gateway,
        name=command.name,
        issued_at=command.issued_at,
        expires_at=command.expires_at,
        case_id=case_id,
        outcome=None,
        answered_at=None,
        detail=None,
        request=said.decode(),
        asked_by=by,
    )
    await uow.gateways.add_command(sent)
    _publish(uow, site, sent, said, command.issued_at)


def _publish(uow: UnitOfWork, site: Site, command: SentCommand, payload: bytes, at: datetime) -> None:
    topics = GatewayTopics(site=site.id, gateway=command.gateway)
    uow.outbox.add(
        topics.command(command.name),
        payload,
        at=at,
        retain=False,
        expires_at=command.expires_at,
        answer=AnswerTo(topic=topics.response(command.name), correlation=command.id),
    )


def command_name(kind: str, *parts: object) -> str:
    """The same request names the same command, so that repeating it is recognised; 64 characters at most."""
    digest = hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()
    return f"{kind}-{digest[:32]}"
