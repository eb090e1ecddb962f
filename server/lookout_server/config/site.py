"""``site.yaml``: the territory from district to grid, the cameras in it and the people who look after it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from lookout_contract.base import Identifier
from lookout_server.config.documents import Problem, read_document, validate
from lookout_server.exchange.base import Section
from lookout_server.exchange.estate import Latitude, Longitude, Username

Role = Literal["operator", "worker", "household_head", "department", "supervisor", "admin", "auditor", "care"]


class Place(Section):
    """A level of the territory above the grid, or a building in one."""

    id: Identifier
    name: str


class GridEntry(Section):
    """A grid (网格): 200 to 300 households that one grid worker knows."""

    id: Identifier
    name: str
    buildings: tuple[Place, ...] = ()
    """For cameras in corridors and lifts, and for those who look after one building."""


class CameraEntry(Section):
    """A camera as people know it."""

    id: Identifier
    name: str
    grid: Identifier
    building: Identifier | None = None
    """The building of that grid in which it hangs."""
    gateway: Identifier
    """The gateway that watches it; camera ids are unique within their gateway only."""
    at: tuple[Latitude, Longitude] | None = None
    """Where it hangs, as [latitude, longitude] in degrees WGS 84: for the distance of those who could go."""


class PersonEntry(Section):
    """Somebody with an account. Passwords are never in this file: see ``lookout-server user add``."""

    username: Username
    name: str
    roles: tuple[Role, ...] = Field(min_length=1)
    grids: tuple[Identifier, ...] = ()
    """Where they work: grids, or the community, street or district for those who are called when a grid is silent."""
    skills: tuple[str, ...] = ()
    """What they can do, as policy.yaml asks for it."""
    willing: bool = True
    """Whether they have agreed to be sent."""


class SiteFile(Section):
    """The whole file."""

    district: Place
    street: Place
    community: Place
    grids: tuple[GridEntry, ...]
    cameras: tuple[CameraEntry, ...] = ()
    people: tuple[PersonEntry, ...] = ()


def load_site_file(path: Path) -> SiteFile:
    """Read ``site.yaml``; ConfigError lists all mistakes with their lines."""
    document = read_document(path)
    site = validate(document, SiteFile)
    problems = [*_repeated(site), *_unknown_grids(site)]
    if problems:
        raise document.error(problems)
    return site


def _repeated(site: SiteFile) -> Iterator[Problem]:
    lists: dict[str, Sequence[str]] = {
        "grids": [grid.id for grid in site.grids],
        "buildings": [building.id for grid in site.grids for building in grid.buildings],
        "cameras": [f"{camera.gateway}/{camera.id}" for camera in site.cameras],
        "people": [person.username for person in site.people],
    }
    for kind, ids in lists.items():
        for position, each in enumerate(ids):
            if each in ids[:position]:
                yield Problem(loc=(kind, position), text=f"'{each}' is listed twice; keep one of them")


def _unknown_grids(site: SiteFile) -> Iterator[Problem]:
    known = [grid.id for grid in site.grids]
    places = [*known, site.community.id, site.street.id, site.district.id]
    wanted = [(("cameras", n, "grid"), camera.grid) for n, camera in enumerate(site.cameras)]
    buildings = {building.id: grid.id for grid in site.grids for building in grid.buildings}
    above = frozenset([*places, *buildings]).difference(known)
    wanted += [
        (("people", n, "grids"), grid)
        for n, person in enumerate(site.people)
        for grid in person.grids
        if grid not in above
    ]
    for loc, grid in wanted:
        if grid not in known:
            yield Problem(loc=loc, text=f"no grid '{grid}' in this file; known are {', '.join(known) or 'none'}")
    for n, camera in enumerate(site.cameras):
        if camera.building is not None and buildings.get(camera.building) != camera.grid:
            yield Problem(loc=("cameras", n, "building"), text=f"no building '{camera.building}' in {camera.grid}")
