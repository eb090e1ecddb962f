"""Brings the schema to what this version needs."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from asyncpg import PostgresError
from sqlalchemy.exc import SQLAlchemyError

from lookout_server.adapters.database.engine import complete_url
from lookout_server.adapters.database.failures import translated
from lookout_server.errors import StoreError

_FOLDER = Path(__file__).parent / "migrations"


def alembic_config(url: str) -> Config:
    """Alembic's configuration for this database, without a file."""
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
        command.upgrade(alembic_config(url), revision)
    except CommandError as error:
        raise StoreError(f"the database cannot be migrated: {error}; was it written by a newer version?") from error
    except SQLAlchemyError as error:
        raise translated(error) from error
    except (OSError, PostgresError) as error:
        raise StoreError(
            f"the database does not answer ({error}): check that it runs and that its URL is right"
        ) from error
