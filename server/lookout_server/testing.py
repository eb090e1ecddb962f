"""Typed fakes and a small gateway for tests: no mock library, no network, no waiting."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from lookout_contract.cases import CaseState
from lookout_contract.commands import COMMANDS, CommandResponse, Outcome, ResidentsCommand
from lookout_contract.events import (
    Attributes,
    EndReason,
    Event,
    EventData,
    EvidenceKind,
    EvidenceRef,
    Phase,
    Scenario,
    Severity,
    make_event,
)
from lookout_contract.status import CameraState, GatewayStatus, Sight
from lookout_contract.topics import GatewayTopics
from lookout_server.domain.access import Access
from lookout_server.domain.alarm import alarm_id
from lookout_server.domain.case import Case
from lookout_server.domain.territory import Camera, CameraKey, Level, Person, Role, Site, Territory, person_id
from lookout_server.errors import DeliveryError, InvalidError, NotFoundError, TooLargeError, WrongHashError
from lookout_server.ports import Incoming, Store, StoredFile
from lookout_server.services.estate import Estate
from lookout_server.services.feed import FeedSource
from lookout_server.services.intake import Intake
from lookout_server.services.reporting import report_alarm

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
SITE = Site(id="kangle", name="康乐南路社区", timezone="Asia/Shanghai")
JPEG = b"\xff\xd8\xff\xe0 not much of a picture"
#: Everybody's, in the small estate.
PASSWORD = "a long enough password"


class ManualClock:
    """A clock that moves when told to."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        """The time it was set to."""
        return self.at

    def advance(self, seconds: float) -> datetime:
        """Move on; the new time."""
        self.at += timedelta(seconds=seconds)
        return self.at


class PlainHasher:
    """Keeps passwords readable, for tests that sign in a hundred times."""

    async def hash(self, password: str) -> str:
        """Marked, so that it is never mistaken for a hash."""
        return f"plain:{password}"

    async def verify(self, password: str, hashed: str | None) -> bool:
        """By comparison."""
        return hashed == f"plain:{password}"


class MemoryFiles:
    """An EvidenceStore in memory. Checks the hash and the size; takes the type on trust."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    async def put(self, sha256: str, mime: str, body: AsyncIterator[bytes], *, max_bytes: int) -> StoredFile:
        """Store, or raise what the real one raises."""
        content = b""
        async for chunk in body:
            content += chunk
            if len(content) > max_bytes:
                raise TooLargeError(f"the file is larger than {max_bytes} bytes: send a smaller one")
        if hashlib.sha256(content).hexdigest() != sha256:
            raise WrongHashError("the content does not have this SHA-256: compute it over the bytes that you send")
        created = sha256 not in self.files
        self.files[sha256] = content
        return StoredFile(sha256=sha256, mime=mime, bytes=len(content), created=created)

    async def size(self, sha256: str) -> int | None:
        """Bytes held."""
        return len(self.files[sha256]) if sha256 in self.files else None

    async def delete(self, sha256: str) -> None:
        """Forget it."""
        self.files.pop(sha256, None)

    async def read(self, sha256: str, start: int, end: int) -> AsyncIterator[bytes]:
        """In one piece."""
        if sha256 not in self.files:
            raise NotFoundError("there is no such file")
        yield self.files[sha256][start:end]


class NotedChannel:
    """A Channel that keeps what it was given; addresses that start with ``broken`` refuse."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    async def send(self, address: str, title: str, body: str) -> None:
        """Keep it, or refuse."""
        if address.startswith("broken"):
            raise DeliveryError("the channel refused the message, or could not be reached")
        self.sent.append((address, title))

    def name_of(self, address: str) -> str:
        """The scheme."""
        scheme, found, _ = address.partition("://")
        if not found:
            raise InvalidError("this is no address: write it like wecombot://KEY")
        return scheme


def person(username: str, *roles: Role, grids: frozenset[str] = frozenset()) -> Person:
    """Somebody whose name is their user name."""
    return Person(
        id=person_id(username), username=username, name=username, roles=frozenset(roles), grids=grids, language="zh-CN"
    )


def anywhere(who: Person) -> Access:
    """What they may see who look after the whole site."""
    return Access(person=who, places=None)


def a_case(state: CaseState, *, number: int = 1, handler: str | None = None) -> Case:
    """A case of an unfamiliar vehicle at the gate, in grid-07."""
    name = f"20261122-{number:04d}"
    return Case(
        id=f"c-{name}",
        number=name,
        title="陌生车辆 · 东门",
        scenario=Scenario.UNFAMILIAR_VEHICLE,
        severity=Severity.YELLOW,
        state=state,
        version=1,
        entries=1,
        camera=CameraKey(gateway="gw-1", id="gate"),
        grid="grid-07",
        opened_at=NOON,
        updated_at=NOON,
        due_at=None,
        handler=handler,
    )


def small_estate() -> Estate:
    """One community with two grids, a camera in each, and somebody for every role."""
    key = CameraKey(gateway="gw-1", id="gate")
    return Estate(
        territories=(
            Territory(id="yaohai", name="瑶海区", level=Level.DISTRICT),
            Territory(id="changhuai", name="长淮街道", level=Level.STREET, parent="yaohai"),
            Territory(id="kangle", name="康乐南路社区", level=Level.COMMUNITY, parent="changhuai"),
            Territory(id="grid-07", name="第七网格", level=Level.GRID, parent="kangle"),
            Territory(id="grid-08", name="第八网格", level=Level.GRID, parent="kangle"),
        ),
        cameras=(
            Camera(key=key, name="东门", grid="grid-07"),
            Camera(key=CameraKey(gateway="gw-1", id="corridor"), name="2单元楼道", grid="grid-08"),
        ),
        people=(
            person("li", Role.OPERATOR),
            person("zhao", Role.SUPERVISOR),
            person("root", Role.ADMIN),
            person("wang", Role.WORKER, grids=frozenset({"grid-07"})),
            person("zhang", Role.WORKER, grids=frozenset({"grid-07"})),
            person("chen", Role.WORKER, grids=frozenset({"grid-08"})),
            person("fire", Role.DEPARTMENT),
            person("police", Role.DEPARTMENT),
        ),
    )


@dataclass
class SmallGateway:
    """Says what a gateway would say, with gapless numbers."""

    gateway: str = "gw-1"
    site: str = SITE.id
    epoch: str = "20261122t000000-a1b2"
    camera: str = "gate"
    scenario: Scenario = Scenario.UNFAMILIAR_VEHICLE
    severity: Severity = Severity.YELLOW
    sequence: int = 0
    at: datetime = NOON
    evidence: tuple[EvidenceRef, ...] = field(default=())

    @property
    def topics(self) -> GatewayTopics:
        """Its own subtree."""
        return GatewayTopics(site=self.site, gateway=self.gateway)

    def data(self, occurrence: str, phase: Phase = Phase.START, *, stage: str | None = None) -> EventData:
        """What an event says."""
        return EventData(
            occurrence=occurrence,
            scenario=self.scenario,
            camera=self.camera,
            phase=phase,
            captured_at=self.at,
            started_at=self.at,
            end_reason=EndReason.CLEARED if phase is Phase.END else None,
            attributes=Attributes(stage=stage),
            severity=self.severity,
            evidence=self.evidence,
        )

    def event(self, data: EventData, *, sequence: int | None = None) -> Event:
        """The envelope, with the next number or a given one."""
        if sequence is None:
            self.sequence += 1
        number = self.sequence if sequence is None else sequence
        return make_event(data, site=self.site, gateway=self.gateway, epoch=self.epoch, sequence=number, time=self.at)

    def sends(
        self, occurrence: str, phase: Phase = Phase.START, *, sequence: int | None = None, stage: str | None = None
    ) -> Incoming:
        """An event as the broker delivers it."""
        return self.delivers(self.event(self.data(occurrence, phase, stage=stage), sequence=sequence))

    def delivers(self, event: Event) -> Incoming:
        """Any event on the topic it belongs to."""
        topic = self.topics.trial if event.data.attributes.test else self.topics.event
        where = topic(event.data.camera, event.data.scenario)
        return Incoming(topic=where, payload=event.to_json(), received_at=self.at)

    def says(self, payload: bytes, *, topic: str | None = None) -> Incoming:
        """Any bytes on the event topic, or on another."""
        where = topic or self.topics.event(self.camera, self.scenario)
        return Incoming(topic=where, payload=payload, received_at=self.at)

    def is_online(self, online: bool = True) -> Incoming:
        """Birth, heartbeat or death."""
        status = GatewayStatus(
            gateway=self.gateway,
            online=online,
            epoch=self.epoch,
            at=self.at,
            version="0.1.0",
            last_sequence=self.sequence,
        )
        return Incoming(topic=self.topics.status, payload=status.to_json(), received_at=self.at)

    def sees(self, state: Sight, reason: str | None = None) -> Incoming:
        """What its camera is doing."""
        said = CameraState(camera=self.camera, state=state, since=self.at, reason=reason)
        return Incoming(topic=self.topics.camera_state(self.camera), payload=said.to_json(), received_at=self.at)

    def answers(self, command_id: str, name: str, **result: str | int | float | bool) -> Incoming:
        """A command carried out."""
        said = CommandResponse(id=command_id, name=name, outcome=Outcome.DONE, at=self.at, result=result)
        return Incoming(topic=self.topics.response(name), payload=said.to_json(), received_at=self.at)


@dataclass(frozen=True)
class Station:
    """A dispatcher without broker and web server, for tests to drive."""

    store: Store
    feed: FeedSource
    intake: Intake
    files: MemoryFiles
    clock: ManualClock

    async def reported(self, gateway: SmallGateway, occurrence: str, *, stage: str | None = None) -> str:
        """An alarm of this gateway, reported by the operator li at the station's time; the case's id."""
        gateway.at = self.clock.now()
        await self.intake.take([gateway.sends(occurrence, stage=stage)])
        alarm = alarm_id(f"/site/{gateway.site}/gateway/{gateway.gateway}", occurrence)
        operator = anywhere(person("li", Role.OPERATOR))
        case_id, _ = await report_alarm(self.store, SITE, alarm, operator, at=self.clock.now())
        return case_id

    async def vehicle_lists(self) -> list[tuple[str, ResidentsCommand]]:
        """(topic, list) of what waits for the broker, which then has it."""
        async with self.store.write() as uow:
            waiting = await uow.outbox.pending(50)
            await uow.outbox.sent([message.id for message in waiting])
            await uow.commit()
        said = [(message.topic, COMMANDS.validate_json(message.payload)) for message in waiting]
        return [(topic, command) for topic, command in said if isinstance(command, ResidentsCommand)]


def picture(content: bytes = JPEG) -> EvidenceRef:
    """A snapshot of this content, as an event names it."""
    return EvidenceRef(
        kind=EvidenceKind.SNAPSHOT, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content), mime="image/jpeg"
    )
