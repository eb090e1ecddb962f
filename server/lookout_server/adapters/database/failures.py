"""What the database's errors mean to the rest of the dispatcher."""

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError, StatementError

from lookout_server.errors import ServerError, StoreError, StoreRefusedError

#: Classes of SQLSTATE that say "this content, or this statement, never": data, integrity, syntax or access.
_FINAL = {"22", "23", "42"}

#: What SQLite says of a file that is no database (any more).
_DAMAGED = ("file is not a database", "database disk image is malformed")


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
    return StoreError(f"the database cannot do this now: {_first_line(cause)}; it is safe to try again")


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
