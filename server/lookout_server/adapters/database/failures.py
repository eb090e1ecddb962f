"""What the database's errors mean to the rest of the dispatcher."""

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError, StatementError

from lookout_server.errors import ServerError, StoreError, StoreRefusedError

#: Classes of SQLSTATE that say "this content, or this statement, never": data, integrity, syntax or access.
_FINAL = {"22", "23", "42"}


def translated(error: SQLAlchemyError) -> ServerError:
    """StoreRefusedError for what will fail again, StoreError for what may pass."""
    cause = getattr(error, "orig", None) or error
    if is_final(error):
        return StoreRefusedError(f"the database refuses this content: {_first_line(cause)}")
    return StoreError(f"the database cannot do this now: {_first_line(cause)}; it will be tried again or try again")


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
