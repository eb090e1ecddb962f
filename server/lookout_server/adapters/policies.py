"""The policy in force, as the database has it."""

import asyncio

import structlog
from pydantic import ValidationError

from lookout_server.domain.policy import Policy
from lookout_server.domain.territory import Site
from lookout_server.errors import ConfigError
from lookout_server.exchange.policy import PolicyFile
from lookout_server.ports import Store
from lookout_server.services.policies import Content, refresh

_log = structlog.stdlib.get_logger(__name__)

#: How long other dispatchers may go on by the policy before.
LOOK_EVERY_S = 5.0


async def take_policy(store: Store, site: Site) -> int:
    """Take over the newest policy that was activated; the version in force.

    ConfigError when this version of the dispatcher cannot read it.
    """

    def read(content: Content) -> Policy:
        return PolicyFile.of_kept(content).policy(site.timezone)

    try:
        found = await refresh(store, site, read)
    except ValidationError as error:
        raise ConfigError(
            f"the policy in force cannot be read by this version ({error.error_count()} mistakes):"
            " write it anew as policy.yaml and run lookout-server policy use policy.yaml --reason ..."
        ) from error
    if found is not None:
        _log.info("a policy is in force", version=found.version, since=found.at.isoformat())
    return site.in_force.version


async def follow_policy(store: Store, site: Site) -> None:
    """Look for one that was activated elsewhere, until cancelled."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        await take_policy(store, site)
