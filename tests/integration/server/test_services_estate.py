"""The estate, accounts and passwords."""

from dataclasses import replace
from pathlib import Path

import pytest

from lookout_contract.status import Sight
from lookout_server.adapters.database import Database
from lookout_server.adapters.passwords import Argon2Hasher
from lookout_server.bootstrap.access import import_at_first_start
from lookout_server.config import ServerConfig
from lookout_server.domain.territory import Camera, CameraKey, Person, Role
from lookout_server.errors import InvalidError, UnauthenticatedError
from lookout_server.services.accounts import Account, Credentials, add_person, sign_in, whose_session
from lookout_server.services.estate import Change, Estate, import_estate, is_empty
from lookout_server.services.intake import Intake
from lookout_server.testing import NOON, PASSWORD, SITE, PlainHasher, SmallGateway, Station, small_estate

pytestmark = pytest.mark.anyio


async def test_importing_again_changes_nothing(database_url: str) -> None:
    database = Database(database_url)
    assert await is_empty(database)
    first = await import_estate(database, small_estate(), at=NOON)
    assert {(change.kind, change.change) for change in first} == {
        ("territory", "created"),
        ("camera", "created"),
        ("person", "created"),
    }
    assert await import_estate(database, small_estate(), at=NOON) == ()
    assert not await is_empty(database)
    await database.close()


async def test_the_site_file_is_imported_at_the_first_start_though_there_are_accounts_and_cameras(
    database_url: str, tmp_path: Path
) -> None:
    database, file = Database(database_url), tmp_path / "site.yaml"
    file.write_text("""
district: {id: d-1, name: 区}
street: {id: s-1, name: 街道}
community: {id: c-1, name: 社区}
grids: [{id: grid-1, name: 一}]
people:
  - {username: wang, name: 王, roles: [worker], grids: [grid-1]}
  - {username: li, name: 李, roles: [operator]}
""")
    config = ServerConfig(site_file=file)
    await add_person(database, PlainHasher(), Account(username="li", name="李队", roles=frozenset({Role.ADMIN})))
    await Intake(database, site=SITE).take([SmallGateway().sends("o-1")])
    for _ in range(2):
        await import_at_first_start(database, config, at=NOON)
    async with database.read() as uow:
        assert {place.id for place in await uow.territory.territories()} == {"d-1", "s-1", "c-1", "grid-1"}
        assert {person.id: person.name for person in await uow.people.everyone()} == {"u-li": "李队", "u-wang": "王"}
    file.write_text("not: a site")
    await import_at_first_start(database, config, at=NOON)
    await database.close()


async def test_a_dry_run_tells_and_does_nothing(database_url: str) -> None:
    database = Database(database_url)
    estate = small_estate()
    told = await import_estate(database, estate, at=NOON, dry_run=True)
    assert len(told) == len(estate.territories) + len(estate.cameras) + len(estate.people)
    assert await is_empty(database)
    await database.close()


async def test_a_file_places_cameras_and_leaves_what_they_see(station: Station) -> None:
    await station.intake.take([SmallGateway().is_online(), SmallGateway().sees(Sight.WATCHING)])
    key = CameraKey(gateway="gw-1", id="gate")
    moved = Estate(cameras=(Camera(key=key, name="东大门", grid="grid-08"),))
    assert await import_estate(station.store, moved, at=NOON) == (
        Change(
            kind="camera",
            id="gw-1/gate",
            change="updated",
            what=("name: 东门 → 东大门", "grid: grid-07 → grid-08"),
        ),
    )
    async with station.store.read() as uow:
        camera = (await uow.territory.cameras())[key]
    assert (camera.name, camera.grid, camera.state) == ("东大门", "grid-08", Sight.WATCHING)


async def test_a_grid_that_does_not_exist_is_named(station: Station) -> None:
    key = CameraKey(gateway="gw-1", id="gate")
    with pytest.raises(InvalidError, match="grid-99"):
        await import_estate(station.store, Estate(cameras=(Camera(key=key, name="东门", grid="grid-99"),)), at=NOON)


async def test_grids_and_roles_of_a_person_can_be_taken_away(station: Station) -> None:
    held = next(person for person in small_estate().people if person.username == "wang")
    changed = replace(held, grids=frozenset[str](), roles=frozenset({Role.OPERATOR}))
    await import_estate(station.store, Estate(people=(changed,)), at=NOON)
    async with station.store.read() as uow:
        found = (await uow.people.get([held.id]))[held.id]
    assert found == changed
    person, _ = await sign_in(station.store, PlainHasher(), Credentials(username="wang", password=PASSWORD), at=NOON)
    assert person == changed


async def _account(station: Station, password: str | None) -> Person:
    account = Account(username="li", name="李", roles=frozenset({Role.OPERATOR}), password=password)
    return await add_person(station.store, PlainHasher(), account)


async def test_a_new_password_ends_old_sessions_and_no_password_keeps_them(station: Station) -> None:
    _, token = await sign_in(station.store, PlainHasher(), Credentials(username="li", password=PASSWORD), at=NOON)
    await _account(station, None)
    assert (await whose_session(station.store, token, at=NOON)).name == "李"
    await _account(station, "another long password")
    with pytest.raises(UnauthenticatedError):
        await whose_session(station.store, token, at=NOON)


async def test_an_account_needs_a_role(station: Station) -> None:
    with pytest.raises(InvalidError, match="role"):
        await add_person(station.store, PlainHasher(), Account(username="x", name="x", roles=frozenset()))


async def test_argon2_fits_and_does_not_fit() -> None:
    hasher = Argon2Hasher()
    hashed = await hasher.hash(PASSWORD)
    assert hashed.startswith("$argon2id$")
    assert await hasher.verify(PASSWORD, hashed)
    assert not await hasher.verify("another", hashed)
    assert not await hasher.verify(PASSWORD, None)
    assert not await hasher.verify(PASSWORD, "not a hash")
