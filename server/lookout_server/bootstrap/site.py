"""The site as the configuration describes it, and trying another policy on its past."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from lookout_server.adapters.clock import SystemClock
from lookout_server.adapters.evidence import open_evidence
from lookout_server.bootstrap.access import open_database
from lookout_server.config import PolicyFile, ServerConfig, load_policy
from lookout_server.config.estate_files import read_estate, write_estate
from lookout_server.domain.rehearsal import Outcome, Step, rehearse
from lookout_server.domain.territory import Mirrors, Site
from lookout_server.services import estate, seeding
from lookout_server.services.rehearsing import past_steps
from lookout_server.services.seeding_ways import seed_ways


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What the policy in force and the other one would have meant for the same past."""

    cases: int
    steps: int
    now: Outcome
    then: Outcome

    def as_values(self) -> dict[str, object]:
        """For programs."""
        return {
            "cases": self.cases,
            "steps": self.steps,
            "pages": {"now": self.now.pages, "then": self.then.pages, "saved": self.now.pages - self.then.pages},
            "late_steps": {"now": dict(self.now.late_steps), "then": dict(self.then.late_steps)},
            "late_cases": {"now": len(self.now.late), "then": len(self.then.late)},
            "newly_late": sorted(self.then.late - self.now.late),
            "no_longer_late": sorted(self.now.late - self.then.late),
        }

    def as_text(self) -> str:
        """For people."""
        newly, no_longer = sorted(self.then.late - self.now.late), sorted(self.now.late - self.then.late)
        lines = [
            f"{self.cases} cases, {self.steps} steps",
            f"pages: {self.now.pages} with the policy in force, {self.then.pages} with this one"
            f" ({_saved(self.now.pages - self.then.pages)})",
            f"late cases: {len(self.now.late)} with the policy in force, {len(self.then.late)} with this one",
            f"newly late: {_some(newly)}",
            f"no longer late: {_some(no_longer)}",
        ]
        return "\n".join(lines)


def _saved(pages: int) -> str:
    return f"{pages} saved" if pages > 0 else f"{-pages} more" if pages < 0 else "no difference"


def site_of(config: ServerConfig) -> Site:
    """Its identity and its policy. ConfigError when the policy file cannot be read."""
    zone = config.site.timezone
    policy = load_policy(config.policy_file, zone) if config.policy_file else PolicyFile().policy(zone)
    mirrors = Mirrors(frigate=config.mirrors.frigate, home_assistant=config.mirrors.home_assistant)
    return Site(id=config.site.id, name=config.site.name, timezone=zone, policy=policy, mirrors=mirrors)


async def try_policy(config: ServerConfig, file: Path, *, days: int) -> Trial:
    """Replay the last ``days`` through the policy in force and the one in the file; nothing is changed."""
    site = site_of(config)
    other = load_policy(file, site.timezone)
    now = SystemClock().now()
    async with open_database(config) as database:
        past: Sequence[Step] = await past_steps(database, now - timedelta(days=days))
    return Trial(
        cases=len({step.case for step in past}),
        steps=len(past),
        now=rehearse(past, site.policy, now=now),
        then=rehearse(past, other, now=now),
    )


async def seed_demo(config: ServerConfig, *, cases: int, days: int) -> int:
    """Fill an empty database with the demonstration sub-district; how many cases there are."""
    async with open_database(config) as database:
        site, now = site_of(config), SystemClock().now()
        made = await seeding.seed_demo(database, site, cases=cases, days=days, until=now)
        await seed_ways(database, open_evidence(config.evidence_place()), site, until=now)
        return made


def _some(numbers: Sequence[str], most: int = 20) -> str:
    if not numbers:
        return "none"
    rest = f" and {len(numbers) - most} more" if len(numbers) > most else ""
    return ", ".join(numbers[:most]) + rest


async def export_estate(config: ServerConfig, out: Path) -> list[Path]:
    """Write places, cameras, people and the roster; the files."""
    async with open_database(config) as database:
        return write_estate(await estate.export_estate(database, at=SystemClock().now()), out)


async def bring_in_estate(config: ServerConfig, place: Path, *, dry_run: bool) -> tuple[estate.Change, ...]:
    """Read such files in; what changed, or would."""
    wanted = read_estate(place)
    async with open_database(config) as database:
        return await estate.import_estate(database, wanted, at=SystemClock().now(), dry_run=dry_run)
