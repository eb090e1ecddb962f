"""What the database's errors mean to the rest of the dispatcher."""

import os
from pathlib import Path

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError, StatementError

from lookout_server.errors import ServerError, StoreError, StoreRefusedError

#: Classes of SQLSTATE that say "this content, or this statement, never": data, integrity, syntax or access.
_FINAL = {"22", "23", "42"}

#: What SQLite says of a file that is no database (any more).
_DAMAGED = ("file is not a database", "database disk image is malformed")

#: Waiting does not mend these.
_ADVICE = {
    "disk is full": "make room on its disk",
    "readonly database": "see to the file's rights, and whether its disk became read-only (dmesg)",
    "read-only transaction": "its URL must name the server that writes, and not a standby",
    "No space left": "make room on its disk",
}


def translated(error: SQLAlchemyError) -> ServerError:
    """StoreRefusedError for what will fail again, StoreError for what may pass."""
    cause = getattr(error, "orig", None) or error
    if is_final(error):
        return StoreRefusedError(f"the database refuses this content: {_first_line(cause)}")
    if any(sign in str(cause) for sign in _DAMAGED):
        return StoreError(
            f"the database file is damaged ({_first_line(cause)}): stop the dispatcher, move the file (with its -wal "
            "and -shm) away or put a backup in its place, then start again"
        )
    advice = next((what for sign, what in _ADVICE.items() if sign in str(cause)), "it is safe to try again")
    return StoreError(f"the database cannot do this now: {_first_line(cause)}; {advice}")


def is_read_only(file: str) -> bool:
    """Whether SQLite's file is there and cannot be written."""
    return Path(file).exists() and not os.access(file, os.W_OK)


def read_only(file: str | None) -> StoreError:
    """For a database that answers and takes nothing. ``file``: SQLite's."""
    if file is None:
        return StoreError("the database is read-only: its URL must name the server that writes, and not a standby")
    return StoreError(f"{file} cannot be written: see to its rights, and whether its disk became read-only (dmesg)")


def unreachable(error: Exception) -> StoreError:
    """For what comes instead of a connection."""
    return StoreError(
        f"the database does not answer ({error}): check that it runs and that its URL, user and password are right"
    )


def is_final(error: SQLAlchemyError) -> bool:
    """Whether trying again is pointless."""
    state: object = getattr(getattr(error, "orig", None), "sqlstate", None)
    if isinstance(state, str):
        return state[:2] in _FINAL
    if isinstance(error, DBAPIError):
        return isinstance(error, IntegrityError | DataError | ProgrammingError)
    return isinstance(error, StatementError)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
