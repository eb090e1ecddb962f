"""The database: SQLAlchemy tables, repositories, the unit of work and the migrations."""

from lookout_server.adapters.database.engine import Committed, Database
from lookout_server.adapters.database.migrate import migrate

__all__ = ["Committed", "Database", "migrate"]
