"""Searching cases by words, without reading half a million titles: they say what and where, so few of them differ."""

import re
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Integer, SQLColumnExpression, and_, false, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.functions import func

from lookout_server.adapters.database.statements import table_of
from lookout_server.adapters.database.tables import CaseRow
from lookout_server.domain.topics import meant_by

#: How a number begins: a year, and as much of the rest as somebody remembers.
_NUMBER = re.compile(r"20\d{2,6}(-\d*)?")
#: More different titles than this are not looked through one by one.
_MOST_TITLES = 5000
#: More that match, and the newest cases hold enough of them.
_MOST_NAMED = 200


async def matching(session: AsyncSession, text: str) -> ColumnElement[bool]:
    """The cases whose number begins with the text, or whose title has it in it, in Chinese or in English."""
    if _NUMBER.fullmatch(text):
        # The range is what an index can do in any collation; the pattern is what was meant.
        prefix = text.rstrip("-")
        return and_(
            CaseRow.number >= prefix, CaseRow.number < f"{prefix}z", CaseRow.number.startswith(text, autoescape=True)
        )
    sought = (text, *meant_by(text))
    contained = _has(CaseRow.title, sought)
    titles = await _titles(session, sought)
    if titles is None or len(titles) > _MOST_NAMED:
        return contained
    return CaseRow.title.in_(titles) if titles else false()


def _has(title: SQLColumnExpression[str], sought: Sequence[str]) -> ColumnElement[bool]:
    return or_(*(title.contains(each, autoescape=True) for each in sought))


async def _titles(session: AsyncSession, sought: Sequence[str]) -> list[str] | None:
    """The different titles with one of the texts in them; None when there are too many to look through.

    From one title to the next by the index, a step each, however many cases have it.
    """
    table = table_of(CaseRow)
    first = select(func.min(table.c.title).label("title"), literal_column("1", Integer).label("place"))
    walk = first.cte("walk", recursive=True)
    following = select(func.min(table.c.title)).where(table.c.title > walk.c.title).scalar_subquery()
    walk = walk.union_all(
        select(following, walk.c.place + 1).where(walk.c.title.is_not(None), walk.c.place <= _MOST_TITLES)
    )
    found = select(walk.c.title, walk.c.place).where(or_(_has(walk.c.title, sought), walk.c.place > _MOST_TITLES))
    rows = (await session.execute(found.limit(_MOST_NAMED + 1))).all()
    if any(int(row[1]) > _MOST_TITLES for row in rows):
        return None
    return [str(row[0]) for row in rows]
