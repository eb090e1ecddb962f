"""Runs migrations, on SQLite and PostgreSQL alike; called by Alembic."""

import asyncio
from typing import Literal, cast

from alembic import context
from sqlalchemy import Connection, func, select
from sqlalchemy.engine import URL

from lookout_server.adapters.database.engine import open_engine
from lookout_server.adapters.database.tables import Base, UtcDateTime


def _render(kind: str, item: object, autogen: object) -> str | Literal[False]:
    # A migration stands on its own: it must not change when the class does.
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, render_item=_render)
    with context.begin_transaction():
        context.run_migrations()


async def _migrate(url: URL) -> None:
    engine = open_engine(url).execution_options(lookout_write=True)
    try:
        async with engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                # Replicas that start together migrate one after the other; the lock ends with the connection.
                await connection.execute(select(func.pg_advisory_lock(func.hashtext("lookout migration"))))
            await connection.run_sync(_run)
            await connection.commit()
    finally:
        await engine.dispose()


def main() -> None:
    """On the connection handed in (tests compare schemas on one), else on one of its own."""
    attributes = context.config.attributes
    connection = attributes.get("connection")
    if connection is not None:
        _run(cast(Connection, connection))
    else:
        asyncio.run(_migrate(cast(URL, attributes["url"])))


main()
