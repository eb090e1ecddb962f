"""Migrations are one chain: two that follow the same one leave a database that nobody can bring up to date."""

from alembic.script import ScriptDirectory

from lookout_server.adapters.database.migrate import alembic_config, newest_revision


def test_there_is_one_newest_migration() -> None:
    assert ScriptDirectory.from_config(alembic_config("sqlite:///:memory:")).get_heads() == [newest_revision()]
