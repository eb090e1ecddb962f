"""The unit of work: one session, one transaction, all repositories."""

from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.alarms import SqlAlarms
from lookout_server.adapters.database.cases import SqlCases
from lookout_server.adapters.database.events import SqlEvents
from lookout_server.adapters.database.evidence import SqlEvidence
from lookout_server.adapters.database.gateways import SqlGateways
from lookout_server.adapters.database.outgoing import SqlFeed, SqlOutbox
from lookout_server.adapters.database.people import SqlPeople
from lookout_server.adapters.database.quarantine import SqlQuarantine
from lookout_server.adapters.database.territory import SqlTerritory
from lookout_server.errors import StoreError


class SqlUnitOfWork:
    """Implements ports.UnitOfWork."""

    def __init__(self, session: AsyncSession) -> None:
        #: For this package only.
        self.session = session
        self.committed = False
        self.has_feed = False
        self.has_outbox = False

    @cached_property
    def events(self) -> SqlEvents:
        """Events and their numbers."""
        return SqlEvents(self.session)

    @cached_property
    def alarms(self) -> SqlAlarms:
        """Alarms."""
        return SqlAlarms(self.session)

    @cached_property
    def cases(self) -> SqlCases:
        """Cases."""
        return SqlCases(self.session)

    @cached_property
    def territory(self) -> SqlTerritory:
        """Places and cameras."""
        return SqlTerritory(self.session)

    @cached_property
    def people(self) -> SqlPeople:
        """Accounts."""
        return SqlPeople(self.session)

    @cached_property
    def gateways(self) -> SqlGateways:
        """Gateways and commands."""
        return SqlGateways(self.session)

    @cached_property
    def evidence(self) -> SqlEvidence:
        """The index of evidence files."""
        return SqlEvidence(self.session)

    @cached_property
    def quarantine(self) -> SqlQuarantine:
        """Messages that could not be taken."""
        return SqlQuarantine(self.session)

    @cached_property
    def feed(self) -> SqlFeed:
        """The feed."""
        return SqlFeed(self.session)

    @cached_property
    def outbox(self) -> SqlOutbox:
        """The outbox."""
        return SqlOutbox(self.session)

    async def commit(self) -> None:
        """Write what was queued, number the feed last (its counter is locked from then on), and commit."""
        self.has_outbox = await self.outbox.flush()
        self.has_feed = await self.feed.flush()
        try:
            await self.session.commit()
        except OSError as error:
            raise StoreError(f"the database went away during a commit ({error}): check that it runs") from error
        self.committed = True
