"""Makes cases of what people tell: residents, the hotline, workers on their rounds, the alarm button."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity
from lookout_server.domain.case import Actor, Case, CaseEvidence, CaseEvidenceKind, Data, Source, Stage
from lookout_server.domain.moving import opened
from lookout_server.domain.notice import NoticeKind
from lookout_server.domain.territory import CameraKey, Role, Site
from lookout_server.domain.topics import titled
from lookout_server.ports import StoredFile, UnitOfWork
from lookout_server.services import announce
from lookout_server.services.access import audience
from lookout_server.services.notifying import notify
from lookout_server.services.timing import set_clock


@dataclass(frozen=True, kw_only=True)
class Told:
    """What somebody says is the matter (a key of ``topics.TOPICS``), and where.

    ``state``: ``new`` while somebody has yet to judge it.
    """

    source: Source
    topic: str
    scene: str
    words: str | None
    severity: Severity
    grid: str | None
    actor: Actor
    scenario: Scenario | None = None
    camera: CameraKey | None = None
    state: CaseState = CaseState.NEW
    #: What the first line of the history adds.
    data: Data = field(default_factory=dict[str, object])
    #: Who is told, and in which words.
    notice: NoticeKind = NoticeKind.REPORTED
    tell: tuple[Role, ...] = (Role.OPERATOR,)


async def open_told(uow: UnitOfWork, site: Site, told: Told, *, at: datetime) -> Case:
    """A case of what was told; those who look after the place hear of it."""
    number = await next_number(uow, site, at)
    blank = Case(
        id=f"c-{number}",
        number=number,
        title=titled(told.topic, told.scene, told.source).zh,
        scenario=told.scenario,
        severity=told.severity,
        state=told.state,
        version=1,
        entries=1,
        camera=told.camera,
        grid=told.grid,
        opened_at=at,
        updated_at=at,
        due_at=None,
        source=told.source,
        topic=told.topic,
        scene=told.scene,
    )
    data = {"source": told.source.value, **told.data}
    case, entry = opened(blank, actor=told.actor, at=at, data=data, policy=site.policy, note=told.words)
    await uow.cases.add(case, entry)
    await set_clock(uow, case, site.policy)
    people = [each.id for role in told.tell for each in await audience(uow, role, case.grid, case.scenario)]
    await notify(uow, site, case, told.notice, people, at=at)
    announce.case_moved(uow, site, case, entry, None)
    return case


async def next_number(uow: UnitOfWork, site: Site, at: datetime) -> str:
    """The number of the site's next case: day and running number."""
    day = at.astimezone(ZoneInfo(site.timezone)).strftime("%Y%m%d")
    return f"{day}-{await uow.cases.next_number(day):04d}"


async def attach_photo(uow: UnitOfWork, case_id: str, file: StoredFile, *, at: datetime) -> None:
    """A picture of how it was before anybody came."""
    photo = CaseEvidence(
        kind=CaseEvidenceKind.PHOTO, sha256=file.sha256, mime=file.mime, bytes=file.bytes, at=at, stage=Stage.BEFORE
    )
    await uow.cases.attach(case_id, photo)
