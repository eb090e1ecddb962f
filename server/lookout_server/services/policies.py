"""The site's policy: which one is in force, and activating another one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lookout_server.domain.access import Access
from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.policy import Policy
from lookout_server.domain.territory import Site
from lookout_server.errors import StaleVersionError
from lookout_server.ports import PolicyVersion, Store

Content = Mapping[str, Any]
"""A policy as people write it; what it says is read elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Activation:
    """A policy that somebody wants to be in force.

    ``seen``: the version that they saw. ``configured``: what the configuration says, kept as version 0 with the first
    change. ``by``: None for whoever runs the machine.
    """

    content: Content
    policy: Policy
    reason: str
    seen: int
    configured: Content
    by: Access | None
    at: datetime


async def activate(store: Store, site: Site, wanted: Activation) -> PolicyVersion:
    """From now on this policy is in force, here at once and in other dispatchers within seconds.

    Clocks that run go on as they were set; what begins from now on goes by it. StaleVersionError when somebody else
    was faster.
    """
    actor = wanted.by.person.id if wanted.by else None
    async with store.write() as uow:
        newest = await uow.policies.newest()
        current = newest.version if newest else 0
        fresh = PolicyVersion(version=current + 1, at=wanted.at, by=actor, reason=wanted.reason, content=wanted.content)
        if newest is None:
            await uow.policies.add(PolicyVersion(version=0, at=wanted.at, content=wanted.configured))
        if wanted.seen != current or not await uow.policies.add(fresh):
            overtaken = fresh.version if wanted.seen == current else current
            raise StaleVersionError(seen=wanted.seen, current=overtaken, what="policy")
        details: dict[str, str | int] = {"reason": wanted.reason, "before": current}
        uow.audit.add(
            Entry(at=wanted.at, act=Act.POLICY_CHANGED, actor=actor, subject=f"policy {fresh.version}", details=details)
        )
        await uow.commit()
    site.in_force.take(wanted.policy, fresh.version)
    return fresh


async def refresh(store: Store, site: Site, read: Callable[[Content], Policy]) -> PolicyVersion | None:
    """Take over a policy that was activated elsewhere, or before the start; None when there is no newer one."""
    async with store.read() as uow:
        newest = await uow.policies.newest()
    if newest is None or newest.version <= site.in_force.version:
        return None
    site.in_force.take(read(newest.content), newest.version)
    return newest
