"""Buildings below the grids: cameras hang in them, whoever looks after one goes first, lists are narrowed by them."""

from dataclasses import replace

import httpx
import pytest

from integration.server.sign_in import headers_of
from lookout_server.domain.territory import Camera, CameraKey, Level, Role, Territory
from lookout_server.errors import InvalidError
from lookout_server.services.estate import Estate, import_estate
from lookout_server.testing import NOON, SmallGateway, Station, person

pytestmark = pytest.mark.anyio

THREE = Territory(id="b-3", name="3号楼", level=Level.BUILDING, parent="grid-07")
FOUR = replace(THREE, id="b-4", name="4号楼")
CORRIDOR = Camera(key=CameraKey(gateway="gw-1", id="corridor"), name="3号楼楼道", grid="grid-07", building="b-3")
HEADS = tuple(
    person(name, Role.HOUSEHOLD_HEAD, grids=frozenset({building})) for name, building in (("san", "b-3"), ("si", "b-4"))
)


async def test_who_looks_after_the_building_goes_first_and_its_cases_are_found(
    station: Station, web: httpx.AsyncClient
) -> None:
    estate = Estate(territories=(THREE, FOUR), cameras=(CORRIDOR,), people=HEADS)
    assert len(await import_estate(station.store, estate, at=NOON)) == 5
    assert await import_estate(station.store, estate, at=NOON) == ()
    li = await headers_of(web, "li")
    inside = await station.reported(SmallGateway(camera="corridor"), "o-1")
    outside = await station.reported(SmallGateway(epoch="second"), "o-2")
    candidates = (await web.get(f"/api/v1/cases/{inside}/candidates", headers=li)).json()["items"]
    names = [each["user"]["id"] for each in candidates]
    assert names[0] == "u-san"
    assert {"code": "in_territory", "text_zh": "本楼栋", "text_en": "Of the building"} in candidates[0]["reasons"]
    assert "u-si" not in names
    assert {"u-wang", "u-zhang"} <= set(names)
    found = (await web.get("/api/v1/cases?place=b-3", headers=li)).json()["items"]
    assert [case["id"] for case in found] == [inside]
    found = (await web.get("/api/v1/cases?place=grid-07", headers=li)).json()["items"]
    assert {case["id"] for case in found} == {inside, outside}
    assert (await web.get("/api/v1/cases?place=b-4", headers=li)).json()["items"] == []
    cameras = (await web.get("/api/v1/cameras", headers=li)).json()["items"]
    assert {each["id"]: each["building"] for each in cameras} == {
        "corridor": {"id": "b-3", "name": "3号楼"},
        "gate": None,
    }


@pytest.mark.parametrize(
    ("estate", "said"),
    [
        (Estate(territories=(replace(THREE, parent="kangle"),)), "a building lies in a grid"),
        (Estate(territories=(replace(THREE, parent=None),)), "a building lies in a grid"),
        (Estate(territories=(replace(THREE, parent="grid-99"),)), "no place .grid-99."),
        (
            Estate(territories=(Territory(id="x", name="x", level=Level.COMMUNITY, parent="grid-07"),)),
            "a community is not part of a grid",
        ),
        (Estate(territories=(THREE,), cameras=(replace(CORRIDOR, grid="grid-08"),)), "b-3 of camera gw-1/corridor"),
        (Estate(cameras=(replace(CORRIDOR, building="grid-07"),)), "grid-07 of camera gw-1/corridor"),
    ],
)
async def test_what_lies_in_the_wrong_place_is_named(station: Station, estate: Estate, said: str) -> None:
    with pytest.raises(InvalidError, match=said):
        await import_estate(station.store, estate, at=NOON)


async def test_a_camera_that_moves_to_another_grid_leaves_its_building(station: Station) -> None:
    await import_estate(station.store, Estate(territories=(THREE,), cameras=(CORRIDOR,)), at=NOON)
    same = replace(CORRIDOR, building=None)
    assert await import_estate(station.store, Estate(cameras=(same,)), at=NOON) == ()
    (change,) = await import_estate(station.store, Estate(cameras=(replace(same, grid="grid-08"),)), at=NOON)
    assert change.what == ("grid: grid-07 → grid-08", "building: b-3 → nothing")
