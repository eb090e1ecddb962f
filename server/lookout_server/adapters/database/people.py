"""Accounts and sessions."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Select, Text, delete, or_, select, update
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.statements import insert_new, scalars, select_by, table_of, upsert
from lookout_server.adapters.database.tables import FactorRow, PersonGridRow, PersonRow, SessionRow
from lookout_server.domain.territory import Person, Role
from lookout_server.ports import AccountFilter, KeptAccount, Session

#: Tours that are kept of a person.
_MOST_TOURS = 50
#: People whose places are asked for by name; of more, all places are read.
_ASKED_FOR = 500
_PEOPLE = table_of(PersonRow)
_LINKS = table_of(PersonGridRow)
_ROLES = {role.value: role for role in Role}


class SqlPeople:
    """Implements ports.PeopleRepository."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, ids: Collection[str]) -> dict[str, Person]:
        """By id."""
        rows = await select_by(self._session, PersonRow, ("id",), [(each,) for each in ids])
        return {person.id: person for person in await self._people(rows)}

    async def everyone(self, role: Role | None = None) -> Sequence[Person]:
        """By name."""
        statement = select(_PEOPLE).order_by(PersonRow.name, PersonRow.id)
        if role is not None:
            statement = statement.where(_has(role), PersonRow.barred.is_(False))
        return await self._people(await self._rows(statement))

    async def names(self, usernames: Collection[str]) -> dict[str, str]:
        """User name → name."""
        rows = await select_by(self._session, PersonRow, ("username",), [(each,) for each in usernames])
        return {row.username: row.name for row in rows}

    async def working_in(self, places: Collection[str]) -> Sequence[Person]:
        """By name."""
        there = select(PersonGridRow.person_id).where(PersonGridRow.grid_id.in_(sorted(places)))
        statement = select(_PEOPLE).where(PersonRow.id.in_(there), PersonRow.barred.is_(False))
        statement = statement.order_by(PersonRow.name, PersonRow.id)
        return await self._people(await self._rows(statement))

    async def credentials(self, username: str, *, barred: bool = False) -> tuple[Person, str | None] | None:
        """The person and the hash."""
        statement = select(_PEOPLE).where(PersonRow.username == username)
        rows = await self._rows(statement if barred else statement.where(PersonRow.barred.is_(False)))
        people = await self._people(rows)
        return (people[0], rows[0].password_hash) if people else None

    async def save(self, person: Person, *, password_hash: str | None = None) -> None:
        """Grids are replaced as a whole."""
        row: dict[str, Any] = {
            "id": person.id,
            "username": person.username,
            "name": person.name,
            "roles": sorted(role.value for role in person.roles),
            "language": person.language,
            "password_hash": password_hash,
            "skills": sorted(person.skills),
            "willing": person.willing,
        }
        await upsert(self._session, PersonRow, [row], keep=() if password_hash else ("password_hash",))
        await self._session.execute(
            delete(PersonGridRow)
            .where(PersonGridRow.person_id == person.id, PersonGridRow.grid_id.not_in(sorted(person.grids)))
            .execution_options(synchronize_session=False)
        )
        links = [{"person_id": person.id, "grid_id": grid} for grid in sorted(person.grids)]
        await insert_new(self._session, PersonGridRow, links)

    async def add_many(self, people: Sequence[Person]) -> None:
        """Two statements for all of them."""
        rows: list[dict[str, Any]] = [
            {
                "id": person.id,
                "username": person.username,
                "name": person.name,
                "roles": sorted(person.roles),
                "language": person.language,
                "password_hash": None,
                "skills": sorted(person.skills),
                "willing": person.willing,
            }
            for person in people
        ]
        await insert_new(self._session, PersonRow, rows)
        links = [{"person_id": person.id, "grid_id": grid} for person in people for grid in sorted(person.grids)]
        await insert_new(self._session, PersonGridRow, links)

    async def accounts(self, wanted: AccountFilter, limit: int) -> Sequence[KeptAccount]:
        """By user name."""
        statement = select(_PEOPLE).order_by(PersonRow.username).limit(limit)
        if wanted.text is not None:
            name = PersonRow.name.contains(wanted.text, autoescape=True)
            statement = statement.where(or_(name, PersonRow.username.contains(wanted.text, autoescape=True)))
        if wanted.username is not None:
            statement = statement.where(PersonRow.username == wanted.username)
        if wanted.role is not None:
            statement = statement.where(_has(wanted.role))
        if wanted.barred is not None:
            statement = statement.where(PersonRow.barred.is_(wanted.barred))
        if wanted.after is not None:
            statement = statement.where(PersonRow.username > wanted.after)
        rows = await self._rows(statement)
        on = select(FactorRow.person_id).where(
            FactorRow.person_id.in_([row.id for row in rows]), FactorRow.since.is_not(None)
        )
        coded = set((await self._session.scalars(on)).all())
        return [
            KeptAccount(person=person, has_password=row.password_hash is not None, second_factor=person.id in coded)
            for row, person in zip(rows, await self._people(rows), strict=True)
        ]

    async def bar(self, person_id: str, barred: bool) -> None:
        """Both ways."""
        statement = update(PersonRow).where(PersonRow.id == person_id).values(barred=barred)
        await self._session.execute(statement.execution_options(synchronize_session=False))

    async def toured(self, person_id: str) -> frozenset[str]:
        """Names."""
        rows = await scalars(self._session, select(PersonRow).where(PersonRow.id == person_id))
        return frozenset(rows[0].toured) if rows else frozenset()

    async def note_tour(self, person_id: str, name: str) -> None:
        """The row is locked meanwhile; the oldest names are let go when there are very many."""
        rows = await scalars(self._session, select(PersonRow).where(PersonRow.id == person_id).with_for_update())
        seen = [*(each for row in rows for each in row.toured if each != name), name]
        statement = update(PersonRow).where(PersonRow.id == person_id).values(toured=seen[-_MOST_TOURS:])
        await self._session.execute(statement.execution_options(synchronize_session=False))

    async def add_session(self, session: Session) -> None:
        """Keep it, and sweep what has run out."""
        over = delete(SessionRow).where(SessionRow.expires_at < session.created_at)
        await self._session.execute(over.execution_options(synchronize_session=False))
        row: dict[str, Any] = {
            "token_hash": session.token_hash,
            "person_id": session.person,
            "created_at": session.created_at,
            "expires_at": session.expires_at,
            "address": session.address,
            "agent": session.agent,
        }
        await upsert(self._session, SessionRow, [row])

    async def session(self, token_hash: str) -> tuple[Person, datetime] | None:
        """Also sessions that have run out; the caller has the clock."""
        rows = await select_by(self._session, SessionRow, ("token_hash",), [(token_hash,)])
        if not rows:
            return None
        people = await self.get([rows[0].person_id])
        return people[rows[0].person_id], rows[0].expires_at

    async def sessions(self, person_id: str, at: datetime) -> Sequence[Session]:
        """Newest first."""
        statement = select(SessionRow).where(SessionRow.person_id == person_id, SessionRow.expires_at > at)
        return [
            Session(
                token_hash=row.token_hash,
                person=row.person_id,
                created_at=row.created_at,
                expires_at=row.expires_at,
                address=row.address,
                agent=row.agent,
            )
            for row in await scalars(self._session, statement.order_by(SessionRow.created_at.desc()))
        ]

    async def extend_session(self, token_hash: str, expires_at: datetime) -> None:
        """A revoked session stays gone."""
        statement = update(SessionRow).where(SessionRow.token_hash == token_hash).values(expires_at=expires_at)
        await self._session.execute(statement.execution_options(synchronize_session=False))

    async def shorten_sessions(self, above: datetime, expires_at: datetime) -> int:
        """One statement."""
        statement = update(SessionRow).where(SessionRow.expires_at > above).values(expires_at=expires_at)
        done = await self._session.execute(statement.execution_options(synchronize_session=False))
        return int(getattr(done, "rowcount", 0))

    async def end_sessions(self, *, token_hash: str | None = None, person_id: str | None = None) -> None:
        """Delete the rows."""
        statement = delete(SessionRow).execution_options(synchronize_session=False)
        if token_hash is not None:
            await self._session.execute(statement.where(SessionRow.token_hash == token_hash))
        if person_id is not None:
            await self._session.execute(statement.where(SessionRow.person_id == person_id))

    async def _rows(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        """As the database has them now, not as objects of the session: of a whole district those cost most."""
        return (await self._session.execute(statement)).all()

    async def _people(self, rows: Sequence[Row[Any]] | Sequence[PersonRow]) -> list[Person]:
        grids: dict[str, set[str]] = {row.id: set() for row in rows}
        for link in await self._links(grids):
            if link.person_id in grids:
                grids[link.person_id].add(link.grid_id)
        return [_person(row, frozenset(grids[row.id])) for row in rows]

    async def _links(self, ids: Collection[str]) -> Sequence[Row[Any]] | Sequence[PersonGridRow]:
        if len(ids) > _ASKED_FOR:
            return await self._rows(select(_LINKS))
        return await select_by(self._session, PersonGridRow, ("person_id",), [(each,) for each in ids])


def _person(row: Row[Any] | PersonRow, grids: frozenset[str]) -> Person:
    return Person(
        id=row.id,
        username=row.username,
        name=row.name,
        roles=frozenset([_ROLES[name] for name in cast(list[str], row.roles)]),
        grids=grids,
        language=row.language,
        skills=frozenset(cast(list[str], row.skills)),
        willing=row.willing,
        barred=row.barred,
    )


def _has(role: Role) -> ColumnElement[bool]:
    return sql_cast(PersonRow.roles, Text).like(f'%"{role.value}"%')
