"""The unit of work: one session, one transaction, all repositories."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

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

T = TypeVar("T")


class _Repository(Generic[T]):
    """Made when it is asked for: a transaction of the intake asks for eight of forty."""

    def __init__(self, make: Callable[[AsyncSession], T]) -> None:
        self._make = make
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, unit: "SqlUnitOfWork", owner: type) -> T:
        made = unit.__dict__[self._name] = self._make(unit.session)
        return made


class SqlUnitOfWork:
    """Implements ports.UnitOfWork."""

    events = _Repository(SqlEvents)
    ledger = _Repository(SqlLedger)
    alarms = _Repository(SqlAlarms)
    cases = _Repository(SqlCases)
    deadlines = _Repository(SqlDeadlines)
    territory = _Repository(SqlTerritory)
    people = _Repository(SqlPeople)
    audit = _Repository(SqlAudit)
    care = _Repository(SqlCareViews)
    factors = _Repository(SqlFactors)
    requests = _Repository(SqlRequests)
    saved_views = _Repository(SqlSavedViews)
    silences = _Repository(SqlSilences)
    roster = _Repository(SqlRoster)
    whereabouts = _Repository(SqlWhereabouts)
    notices = _Repository(SqlNotices)
    gateways = _Repository(SqlGateways)
    enrolments = _Repository(SqlEnrolments)
    evidence = _Repository(SqlEvidence)
    proofs = _Repository(SqlProofs)
    quarantine = _Repository(SqlQuarantine)
    hotline = _Repository(SqlHotline)
    volunteers = _Repository(SqlVolunteers)
    lists = _Repository(SqlLists)
    plans = _Repository(SqlPlans)
    policies = _Repository(SqlPolicies)
    rounds = _Repository(SqlRounds)
    statistics = _Repository(SqlStatistics)
    residents = _Repository(SqlResidents)
    webhooks = _Repository(SqlWebhooks)
    feed = _Repository(SqlFeed)
    outbox = _Repository(SqlOutbox)

    def __init__(self, session: AsyncSession, commit: Callable[[], Awaitable[None]]) -> None:
        self._commit = commit
        #: For this package only.
        self.session = session
        self.committed = False
        self.has_feed = False
        self.has_outbox = False

    async def commit(self) -> None:
        """Write what was queued, number the feed last (its counter is locked from then on), and commit."""
        await self.audit.flush()
        self.has_outbox = await self.outbox.flush()
        self.has_feed = await self.feed.flush()
        await driver_of(self.session).settle()
        await self._commit()
        self.committed = True
