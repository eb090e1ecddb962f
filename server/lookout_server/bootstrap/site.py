"""The site as the configuration describes it, and trying another policy on its past."""

from datetime import timedelta
from pathlib import Path

from lookout_server.adapters.clock import SystemClock
from lookout_server.adapters.evidence import open_evidence
from lookout_server.adapters.policies import take_policy
from lookout_server.bootstrap.access import open_database
from lookout_server.config import PolicyFile, ServerConfig, load_policy_file
from lookout_server.config.estate_files import read_estate, write_estate
from lookout_server.domain.policy import PolicyInForce
from lookout_server.domain.rehearsal import Trial
from lookout_server.domain.territory import Mirrors, Site
from lookout_server.ports import PolicyVersion
from lookout_server.services import estate, policies, rehearsing, seeding
from lookout_server.services.seeding_ways import seed_ways


def site_of(config: ServerConfig) -> Site:
    """Its identity and its policy. ConfigError when the policy file cannot be read."""
    zone = config.site.timezone
    in_force = PolicyInForce(configured_policy(config).policy(zone))
    mirrors = Mirrors(frigate=config.mirrors.frigate, home_assistant=config.mirrors.home_assistant)
    return Site(id=config.site.id, name=config.site.name, timezone=zone, in_force=in_force, mirrors=mirrors)


def configured_policy(config: ServerConfig) -> PolicyFile:
    """What ``policy.yaml`` says, or the usual one; in force until somebody activates another."""
    return load_policy_file(config.policy_file) if config.policy_file else PolicyFile()


async def try_policy(config: ServerConfig, file: Path, *, days: int) -> Trial:
    """Replay the last ``days`` through the policy in force and the one in the file; nothing is changed."""
    site, now = site_of(config), SystemClock().now()
    other = load_policy_file(file).policy(site.timezone)
    async with open_database(config) as database:
        await take_policy(database, site)
        return await rehearsing.try_policy(database, site, other, now - timedelta(days=days), now=now)


async def policy_in_force(config: ServerConfig) -> PolicyVersion:
    """The newest that somebody activated, else what the configuration says."""
    async with open_database(config) as database, database.read() as uow:
        newest = await uow.policies.newest()
    content = configured_policy(config).whole().model_dump(mode="json")
    return newest or PolicyVersion(version=0, at=SystemClock().now(), content=content)


async def use_policy(config: ServerConfig, file: Path, reason: str) -> PolicyVersion:
    """Activate what the file says; a running dispatcher takes it over within seconds."""
    site, wanted = site_of(config), load_policy_file(file)
    async with open_database(config) as database:
        async with database.read() as uow:
            newest = await uow.policies.newest()
        activation = policies.Activation(
            content=wanted.whole().model_dump(mode="json"),
            policy=wanted.policy(site.timezone),
            reason=reason,
            seen=newest.version if newest else 0,
            configured=configured_policy(config).whole().model_dump(mode="json"),
            by=None,
            at=SystemClock().now(),
        )
        return await policies.activate(database, site, activation)


async def seed_demo(config: ServerConfig, *, cases: int, days: int) -> int:
    """Fill an empty database with the demonstration sub-district; how many cases there are."""
    async with open_database(config) as database:
        site, now = site_of(config), SystemClock().now()
        made = await seeding.seed_demo(database, site, cases=cases, days=days, until=now)
        await seed_ways(database, open_evidence(config.evidence_place()), site, until=now)
        return made


async def export_estate(config: ServerConfig, out: Path) -> list[Path]:
    """Write places, cameras, people and the roster; the files."""
    async with open_database(config) as database:
        return write_estate(await estate.export_estate(database, at=SystemClock().now()), out)


async def bring_in_estate(config: ServerConfig, place: Path, *, dry_run: bool) -> tuple[estate.Change, ...]:
    """Read such files in; what changed, or would."""
    wanted = read_estate(place)
    async with open_database(config) as database:
        return await estate.import_estate(database, wanted, at=SystemClock().now(), dry_run=dry_run)
