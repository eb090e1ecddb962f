"""一键告警: a red case at once, confirmed by whoever pressed; the control room hears of it whatever the hour."""

from dataclasses import dataclass
from datetime import datetime

from lookout_contract.cases import CaseState
from lookout_contract.events import Severity
from lookout_server.domain import moving
from lookout_server.domain.access import Access
from lookout_server.domain.button import DANGERS, SAME_WITHIN, DangerKind
from lookout_server.domain.case import Actor, Case, Data, Source
from lookout_server.domain.moves import SETTLED
from lookout_server.domain.notice import NoticeKind
from lookout_server.domain.territory import Camera, CameraKey, Role, Site
from lookout_server.domain.topics import of_danger
from lookout_server.errors import NotFoundError
from lookout_server.ports import Store, UnitOfWork
from lookout_server.services.accounts import require_grids
from lookout_server.services.handling import tell
from lookout_server.services.opening import Told, open_told


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """What is said with the button, which may be nothing. Where: the camera's grid, the one named, else one's own."""

    kind: DangerKind = DangerKind.DANGER
    words: str | None = None
    grid: str | None = None
    camera: CameraKey | None = None
    #: ``lat``, ``lon``, ``accuracy_m`` of the phone.
    place: Data | None = None


async def press(store: Store, site: Site, by: Access, pressed: Pressed, *, at: datetime) -> tuple[Case, bool]:
    """The case, and whether it is new: pressing again within ten minutes adds a line to the one that is live, unless
    another place is named."""
    async with store.write() as uow:
        camera = await _camera(uow, by, pressed)
        grid = await _grid(uow, by, pressed, camera)
        case = await _again(uow, site, by, pressed, (grid, camera), at)
        created = case is None
        if case is None:
            case = await _open(uow, site, by, pressed, (grid, camera), at)
        await uow.commit()
    return case, created


async def _open(
    uow: UnitOfWork, site: Site, by: Access, pressed: Pressed, where: tuple[str | None, Camera | None], at: datetime
) -> Case:
    grid, camera = where
    row = DANGERS[pressed.kind]
    places = {each.id: each for each in await uow.territory.territories()} if grid else {}
    spot = camera.name if camera else places[grid].name if grid else by.person.name
    told = Told(
        source=Source.BUTTON,
        topic=of_danger(pressed.kind),
        scene=spot,
        words=pressed.words,
        severity=Severity.RED,
        grid=grid,
        actor=Actor(person=by.person),
        scenario=row.scenario,
        camera=pressed.camera,
        state=CaseState.CONFIRMED,
        data=_said(pressed, where),
        notice=NoticeKind.BUTTON,
        tell=(Role.OPERATOR, Role.SUPERVISOR),
    )
    return await open_told(uow, site, told, at=at)


async def _again(
    uow: UnitOfWork, site: Site, by: Access, pressed: Pressed, where: tuple[str | None, Camera | None], at: datetime
) -> Case | None:
    """The same person's live alarm of the same kind there, the newest."""
    names = await uow.cases.opened_by(by.person.id, Source.BUTTON, at - SAME_WITHIN)
    found = await uow.cases.get(names, lock=True)
    for case in (found[name] for name in names):
        if case.state in SETTLED or case.scenario is not DANGERS[pressed.kind].scenario:
            continue
        if not _same_place(case, pressed, where[0]):
            continue
        data = {"reason": "pressed_again", **_said(pressed, where)}
        after, entry = moving.joined(case, at=at, actor=Actor(person=by.person), data=data, note=pressed.words)
        await uow.cases.update(after, entry, seen=case.version)
        await tell(uow, site, after, entry)
        return after
    return None


def _same_place(case: Case, pressed: Pressed, grid: str | None) -> bool:
    """Two cameras are two places; without one the grid decides. Who is afraid and names no place means the same one:
    the phone's own place may move with them. What cannot be told apart is another place, for that costs a look."""
    if pressed.camera is not None and case.camera is not None:
        return pressed.camera == case.camera
    named = pressed.camera is not None or pressed.grid is not None
    return not named or (grid is not None and grid == case.grid)


def _said(pressed: Pressed, where: tuple[str | None, Camera | None]) -> dict[str, object]:
    """What the history keeps of it: the place only where one was named."""
    grid, camera = where
    named = grid if camera is not None or pressed.grid is not None else None
    told = {"place": dict(pressed.place or {}), "camera": camera.key.path if camera else None, "grid": named}
    return {"kind": pressed.kind.value, **{key: value for key, value in told.items() if value}}


async def _camera(uow: UnitOfWork, by: Access, pressed: Pressed) -> Camera | None:
    if pressed.camera is None:
        return None
    camera = (await uow.territory.cameras([pressed.camera])).get(pressed.camera)
    if camera is None or not by.covers(camera.grid):
        raise NotFoundError(f"there is no camera {pressed.camera.id!r} that you can see: press without one")
    return camera


async def _grid(uow: UnitOfWork, by: Access, pressed: Pressed, camera: Camera | None) -> str | None:
    """Anybody may need help anywhere; who does not say where is looked for at their own place."""
    if camera is not None:
        return camera.grid
    if pressed.grid is not None:
        await require_grids(uow, frozenset({pressed.grid}))
        return pressed.grid
    return min(by.person.grids, default=None)
