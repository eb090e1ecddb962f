"""Two dispatchers on one PostgreSQL in place of one, for the same tests: ``make test-replicas``.

Each has a database connection, a feed and a memory of its own. Requests go to the one and the other in turn, and so do
the transactions that a test begins by itself.
"""

import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count

from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Receive, Scope, Send

from lookout_server.adapters.database import Committed, Database
from lookout_server.adapters.feed import FeedHub
from lookout_server.api.models.feed import LineBook
from lookout_server.api.refusals import Refusals
from lookout_server.api.throttle import Allowances, SignInThrottle
from lookout_server.app import Deps, create_app
from lookout_server.ports import Ahead, Store, UnitOfWork
from lookout_server.services.live import LiveDesk

#: How many dispatchers the tests run against.
REPLICAS = int(os.environ.get("LOOKOUT_TEST_REPLICAS", "1"))


@dataclass(frozen=True)
class Replica:
    """A dispatcher's own part."""

    store: Database
    feed: FeedHub


def open_replica(url: str) -> Replica:
    """Its own commits wake its own feed; of the others' it finds out as in production."""
    hubs: list[FeedHub] = []

    def on_commit(committed: Committed) -> None:
        for hub in hubs if committed.feed else ():
            hub.wake()

    database = Database(url, on_commit=on_commit)
    hubs.append(FeedHub(database))
    return Replica(database, hubs[0])


class Fleet:
    """A Store that takes the transactions to all replicas in turn."""

    def __init__(self, replicas: Sequence[Replica]) -> None:
        self.replicas = tuple(replicas)
        self._turns = count()

    def _next(self) -> Store:
        return self.replicas[next(self._turns) % len(self.replicas)].store

    def read(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """At the next one."""
        return self._next().read()

    @property
    def is_far(self) -> bool:
        """As they all are."""
        return self.replicas[0].store.is_far

    def write(self, ahead: Ahead | None = None) -> AbstractAsyncContextManager[UnitOfWork]:
        """At the next one."""
        return self._next().write(ahead)

    def alone(self, work: str) -> AbstractAsyncContextManager[bool]:
        """At the next one."""
        return self._next().alone(work)

    async def ping(self) -> None:
        """At the next one."""
        await self._next().ping()


def database_of(store: Store) -> Database:
    """The database behind what tests use as the store."""
    database = store.replicas[0].store if isinstance(store, Fleet) else store
    assert isinstance(database, Database)
    return database


def app_of(deps: Deps) -> ASGIApp:
    """The application; with several replicas one that hands requests to them in turn, as a load balancer does."""
    if not isinstance(deps.store, Fleet):
        return create_app(deps)
    first, *others = deps.store.replicas
    apps: list[ASGIApp] = [create_app(replace(deps, store=first.store, feed=first.feed))]
    for other in others:
        theirs = replace(
            deps,
            store=other.store,
            feed=other.feed,
            metrics=CollectorRegistry(),
            throttle=SignInThrottle(),
            refusals=Refusals(),
            lines=LineBook(),
            allowances=Allowances(),
            live=LiveDesk(),
        )
        apps.append(create_app(theirs))
    turns = count()

    async def balanced(scope: Scope, receive: Receive, send: Send) -> None:
        await apps[next(turns) % len(apps)](scope, receive, send)

    return balanced


@asynccontextmanager
async def open_fleet(url: str) -> AsyncGenerator[tuple[Store, Sequence[Replica]]]:
    """What tests use as the store, and the replicas behind it; closed afterwards."""
    replicas = [open_replica(url) for _ in range(REPLICAS)]
    yield (replicas[0].store if len(replicas) == 1 else Fleet(replicas)), replicas
    for replica in replicas:
        await replica.store.close()
