"""The unit of work: one session, one transaction, all repositories."""

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.accounts import SqlAudit, SqlCareViews, SqlFactors
from lookout_server.adapters.database.alarms import SqlAlarms
from lookout_server.adapters.database.cases import SqlCases
from lookout_server.adapters.database.deadlines import SqlDeadlines
from lookout_server.adapters.database.enrolments import SqlEnrolments
from lookout_server.adapters.database.events import SqlEvents
from lookout_server.adapters.database.evidence import SqlEvidence
from lookout_server.adapters.database.gateways import SqlGateways
from lookout_server.adapters.database.hotline import SqlHotline
from lookout_server.adapters.database.ledger import SqlLedger
from lookout_server.adapters.database.lists import SqlLists
from lookout_server.adapters.database.notices import SqlNotices
from lookout_server.adapters.database.outgoing import SqlFeed, SqlOutbox
from lookout_server.adapters.database.people import SqlPeople
from lookout_server.adapters.database.plans import SqlPlans
from lookout_server.adapters.database.policies import SqlPolicies
from lookout_server.adapters.database.prepared import driver_of
from lookout_server.adapters.database.proofs import SqlProofs
from lookout_server.adapters.database.quarantine import SqlQuarantine
from lookout_server.adapters.database.requests import SqlRequests, SqlSavedViews
from lookout_server.adapters.database.residents import SqlResidents
from lookout_server.adapters.database.roster import SqlRoster
from lookout_server.adapters.database.rounds import SqlRounds
from lookout_server.adapters.database.silences import SqlSilences
from lookout_server.adapters.database.statistics import SqlStatistics
from lookout_server.adapters.database.territory import SqlTerritory
from lookout_server.adapters.database.volunteers import SqlVolunteers
from lookout_server.adapters.database.webhooks import SqlWebhooks
from lookout_server.adapters.database.whereabouts import SqlWhereabouts


class SqlUnitOfWork:
    """Implements ports.UnitOfWork."""

    def __init__(self, session: AsyncSession, commit: Callable[[], Awaitable[None]]) -> None:
        self._commit = commit
        #: For this package only.
        self.session = session
        self.committed = False
        self.has_feed = False
        self.has_outbox = False
        self.events = SqlEvents(session)
        self.ledger = SqlLedger(session)
        self.alarms = SqlAlarms(session)
        self.cases = SqlCases(session)
        self.deadlines = SqlDeadlines(session)
        self.territory = SqlTerritory(session)
        self.people = SqlPeople(session)
        self.audit = SqlAudit(session)
        self.care = SqlCareViews(session)
        self.factors = SqlFactors(session)
        self.requests = SqlRequests(session)
        self.saved_views = SqlSavedViews(session)
        self.silences = SqlSilences(session)
        self.roster = SqlRoster(session)
        self.whereabouts = SqlWhereabouts(session)
        self.notices = SqlNotices(session)
        self.gateways = SqlGateways(session)
        self.enrolments = SqlEnrolments(session)
        self.evidence = SqlEvidence(session)
        self.proofs = SqlProofs(session)
        self.quarantine = SqlQuarantine(session)
        self.hotline = SqlHotline(session)
        self.volunteers = SqlVolunteers(session)
        self.lists = SqlLists(session)
        self.plans = SqlPlans(session)
        self.policies = SqlPolicies(session)
        self.rounds = SqlRounds(session)
        self.statistics = SqlStatistics(session)
        self.residents = SqlResidents(session)
        self.webhooks = SqlWebhooks(session)
        self.feed = SqlFeed(session)
        self.outbox = SqlOutbox(session)

    async def commit(self) -> None:
        """Write what was queued, number the feed last (its counter is locked from then on), and commit."""
        await self.audit.flush()
        self.has_outbox = await self.outbox.flush()
        self.has_feed = await self.feed.flush()
        await driver_of(self.session).settle()
        await self._commit()
        self.committed = True
