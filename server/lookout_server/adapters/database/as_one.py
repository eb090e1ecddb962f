"""Several statements of PostgreSQL as one, for each way to the server costs as much as what it is for."""

import re
from collections.abc import Sequence
from functools import cache

from lookout_server.adapters.database.prepared import PARTS_DONE

#: The transaction's number as ``xmin`` has it.
_WHO_WROTE = "RETURNING pg_current_xact_id()::xid"
#: The one parameter of a statement for many rows.
_ROWS_GIVEN = re.compile(r"\$\d+::\w+\[\]")


@cache
def as_one(statements: tuple[str, ...]) -> str:
    """Statements that write to different tables as one, with their parameters one after the other.

    https://www.postgresql.org/docs/current/queries-with.html#QUERIES-WITH-MODIFYING
    """
    *first, last = _renumbered(statements)
    parts = ", ".join(f"part_{place} AS ({statement})" for place, statement in enumerate(first))
    return f"WITH {parts} {last}" if parts else last


@cache
def with_last(statements: tuple[str, ...], last: str) -> str:
    """As ``as_one``, and a statement (``WITH …``) that goes by ``PARTS_DONE``: counting the rows of each part is what
    makes PostgreSQL, which otherwise runs them in any order, run them to their ends first."""
    *first, final = _renumbered((*statements, last))
    parts = "".join(f"part_{place} AS ({statement} RETURNING 1), " for place, statement in enumerate(first))
    counts = " + ".join(["0", *(f"(SELECT count(*) FROM part_{place})" for place in range(len(first)))])
    return f"WITH {parts}{PARTS_DONE} AS (SELECT {counts} AS written), {final.removeprefix('WITH ')} {_WHO_WROTE}"


@cache
def with_condition(condition: str, nothing: str | None, statements: tuple[str, ...], last: str) -> str:
    """As ``with_last``, and none of it unless the condition holds: then no part has rows, nor has ``PARTS_DONE``."""
    held, *parts = _renumbered((condition, *([nothing] if nothing else []), *statements, last))
    if nothing:
        held += f", held_all AS MATERIALIZED (SELECT 1 FROM holds WHERE NOT EXISTS ({parts.pop(0)}))"
    holds = "held_all" if nothing else "holds"
    *first, final = [_ROWS_GIVEN.sub(lambda rows: f"(SELECT {rows[0]} FROM {holds})", part) for part in parts]
    written = "".join(f"part_{place} AS ({statement} RETURNING 1), " for place, statement in enumerate(first))
    counts = " + ".join(["0", *(f"(SELECT count(*) FROM part_{place})" for place in range(len(first)))])
    done = f"{PARTS_DONE} AS (SELECT {counts} AS written FROM {holds})"
    return f"{held}, {written}{done}, {final.removeprefix('WITH ')} {_WHO_WROTE}"


@cache
def as_one_question(statements: tuple[str, ...]) -> str:
    """SELECTs as one, of whose rows each has the number of its statement and a record, the row of that.

    PostgreSQL runs the parts of UNION ALL one after the other, and those with locks never in parallel.
    """
    parts = enumerate(_renumbered(statements))
    return " UNION ALL ".join(f"SELECT {place}, asked FROM ({statement}) AS asked" for place, statement in parts)


def _renumbered(statements: Sequence[str]) -> list[str]:
    """With their parameters numbered through."""
    moved: list[str] = []
    count = 0
    for statement in statements:
        numbers = [int(number) for number in re.findall(r"\$(\d+)", statement)]
        moved.append(re.sub(r"\$(\d+)", lambda found, by=count: f"${int(found[1]) + by}", statement))
        count += max(numbers, default=0)
    return moved
