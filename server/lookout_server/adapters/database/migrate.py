"""Brings the schema to what this version needs."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from asyncpg import PostgresError
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from lookout_server.adapters.database.engine import complete_url, open_engine
from lookout_server.adapters.database.failures import translated
from lookout_server.errors import StoreError

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER = Path(__file__).parent / "migrations"


def newest_revision() -> str:
    """What a database of this version says of itself. A migration is named like its file; a test compares."""
    return max(path.stem for path in (_FOLDER / "versions").glob("[0-9]*.py"))


def alembic_config(url: str) -> "Config":
    """Alembic's configuration for this database, without a file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["url"] = complete_url(url)
    return config


def migrate(url: str, revision: str = "head") -> None:
    """Upgrade to ``revision``. Synchronous, with an event loop of its own: call it from a thread where one runs.

    Raises StoreError when the database cannot be reached or was written by a newer version.
    """
    url_path = complete_url(url)
    if url_path.get_backend_name() == "sqlite" and url_path.database:
        Path(url_path.database).parent.mkdir(parents=True, exist_ok=True)
    try:
        # Nearly every start finds nothing to do, and is faster without Alembic.
        if revision != "head" or asyncio.run(_revision(url_path)) != newest_revision():
            _upgrade(url, revision)
    except SQLAlchemyError as error:
        raise translated(error) from error
    except (OSError, PostgresError) as error:
        raise StoreError(
            f"the database does not answer ({error}): check that it runs and that its URL is right"
        ) from error


def _upgrade(url: str, revision: str) -> None:
    from alembic import command
    from alembic.util.exc import CommandError

    try:
        command.upgrade(alembic_config(url), revision)
    except CommandError as error:
        if "Can't locate revision" in str(error):
            raise StoreError(
                f"the database was written by a newer version ({error}): install that one again, or restore a backup "
                f"of this version into an empty database"
            ) from error
        raise StoreError(f"the database cannot be migrated: {error}") from error


async def _revision(url: URL) -> str | None:
    """What the database says of itself; None when it says nothing, as an empty one."""
    engine = open_engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.scalar(text("SELECT version_num FROM alembic_version"))
    except DBAPIError:
        return None
    finally:
        await engine.dispose()
