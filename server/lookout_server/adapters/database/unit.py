"""The unit of work: one session, one transaction, all repositories."""

from typing import TYPE_CHECKING, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.accounts import SqlAudit, SqlCareViews, SqlFactors
from lookout_server.adapters.database.alarms import SqlAlarms, asking_alarms
from lookout_server.adapters.database.cases import SqlCases, asking_live
from lookout_server.adapters.database.deadlines import SqlDeadlines
from lookout_server.adapters.database.enrolments import SqlEnrolments
from lookout_server.adapters.database.events import SqlEvents, asking_streams
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
from lookout_server.adapters.database.remembered import Memory, Recalled, recalled_in, written_in
from lookout_server.adapters.database.requests import SqlRequests, SqlSavedViews
from lookout_server.adapters.database.residents import SqlResidents
from lookout_server.adapters.database.roster import SqlRoster
from lookout_server.adapters.database.rounds import SqlRounds
from lookout_server.adapters.database.silences import SqlSilences
from lookout_server.adapters.database.statistics import SqlStatistics
from lookout_server.adapters.database.territory import SqlTerritory
from lookout_server.adapters.database.vehicles import SqlVehicles
from lookout_server.adapters.database.volunteers import SqlVolunteers
from lookout_server.adapters.database.webhooks import SqlWebhooks
from lookout_server.adapters.database.whereabouts import SqlWhereabouts
from lookout_server.errors import AssumedError
from lookout_server.ports import Ahead


class _Commit(Protocol):
    async def __call__(self, *, more: bool = False) -> None: ...


class SqlUnitOfWork:
    """Implements ports.UnitOfWork.

    Its repositories are made when they are asked for: a transaction of the intake asks for eight of forty.
    """

    events: SqlEvents
    ledger: SqlLedger
    alarms: SqlAlarms
    cases: SqlCases
    deadlines: SqlDeadlines
    territory: SqlTerritory
    people: SqlPeople
    audit: SqlAudit
    care: SqlCareViews
    factors: SqlFactors
    requests: SqlRequests
    saved_views: SqlSavedViews
    silences: SqlSilences
    roster: SqlRoster
    whereabouts: SqlWhereabouts
    notices: SqlNotices
    gateways: SqlGateways
    enrolments: SqlEnrolments
    evidence: SqlEvidence
    proofs: SqlProofs
    quarantine: SqlQuarantine
    hotline: SqlHotline
    vehicles: SqlVehicles
    volunteers: SqlVolunteers
    lists: SqlLists
    plans: SqlPlans
    policies: SqlPolicies
    rounds: SqlRounds
    statistics: SqlStatistics
    residents: SqlResidents
    webhooks: SqlWebhooks
    feed: SqlFeed
    outbox: SqlOutbox

    def __init__(self, session: AsyncSession, commit: _Commit, memory: Memory | None = None) -> None:
        self._commit = commit
        self._memory = memory
        #: For this package only.
        self.session = session
        self.committed = False
        self.has_feed = False
        self.has_outbox = False

    if not TYPE_CHECKING:  # whoever misspells a name is to hear of it

        def __getattr__(self, name: str) -> object:
            make = type(self).__annotations__.get(name)
            if make is None:
                raise AttributeError(f"a unit of work has no {name!r}")
            made = self.__dict__[name] = make(self.session)
            return made

    async def look_ahead(self, ahead: Ahead) -> None:
        """See ``ports.Store.write``."""
        asked = (*asking_streams(ahead.streams), *asking_alarms(ahead.alarms), asking_live(ahead.live_since))
        await driver_of(self.session).fetch_ahead(asked)

    def assume(self, recalled: Recalled, ahead: Ahead) -> None:
        """See ``ports.Store.write``. Where nothing begins nobody asks which cases are live."""
        live = asking_live(ahead.live_since) if ahead.begun else None
        driver_of(self.session).assume(recalled.condition(), live)

    def look_again(self) -> None:
        """See ``ports.UnitOfWork``."""
        if recalled_in(self.session) is not None:
            raise AssumedError("another has had these streams")
        driver_of(self.session).forget()

    async def commit(self, *, more: bool = False) -> None:
        """Write what was queued, number the feed last (its counter is locked from then on), and commit."""
        if recalled_in(self.session) is not None and self.session.in_transaction():
            raise AssumedError("SQLAlchemy has something to write, too")
        if "cases" in self.__dict__:
            for entry in await self.cases.seals():
                self.audit.add(entry)
        await self.audit.flush()
        self.has_outbox = await self.outbox.flush()
        self.has_feed = await self.feed.flush()
        await driver_of(self.session).settle()
        # Begun with this commit the next one could not be a single statement.
        await self._commit(more=more and (self._memory is None or self._memory.is_doubted))
        self.committed = True
        written_by = driver_of(self.session).written_by
        if self._memory is not None and written_by is not None:
            self._memory.keep(written_in(self.session), written_by)
