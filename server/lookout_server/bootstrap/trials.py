"""What ``policy try`` and ``policy show`` print."""

from collections.abc import Sequence

import yaml

from lookout_server.domain.rehearsal import Outcome, Trial
from lookout_server.ports import PolicyVersion


def trial_values(trial: Trial) -> dict[str, object]:
    """For programs."""
    now, then = trial.now, trial.then
    return {
        "cases": trial.cases,
        "steps": trial.steps,
        "pages": {"now": now.pages, "then": then.pages, "saved": now.pages - then.pages},
        "late_steps": {"now": dict(now.late_steps), "then": dict(then.late_steps)},
        "late_cases": {"now": len(now.late), "then": len(then.late)},
        "by_limit": {"now": _limits(now), "then": _limits(then)},
        "newly_late": trial.newly_late,
        "no_longer_late": trial.no_longer_late,
    }


def trial_text(trial: Trial) -> str:
    """For people."""
    now, then = trial.now, trial.then
    lines = [
        f"{trial.cases} cases, {trial.steps} steps",
        f"pages: {now.pages} with the policy in force, {then.pages} with this one ({_saved(now.pages - then.pages)})",
        f"late cases: {len(now.late)} with the policy in force, {len(then.late)} with this one",
        f"newly late: {_some(trial.newly_late)}",
        f"no longer late: {_some(trial.no_longer_late)}",
    ]
    one, other = _limits(now), _limits(then)
    for limit in sorted({*one, *other}):
        before, after = one.get(limit, {}), other.get(limit, {})
        if before != after:
            lines.append(
                f"  {limit}: {before.get('late', 0)} late and {before.get('pages', 0)} pages in force,"
                f" {after.get('late', 0)} and {after.get('pages', 0)} with this one"
            )
    return "\n".join(lines)


def policy_text(held: PolicyVersion) -> str:
    """The policy as a file that can be read again."""
    since = f"since {held.at.isoformat()}: {held.reason}" if held.version else "as the configuration says"
    return (
        f"# version {held.version}, {since}\n{yaml.safe_dump(dict(held.content), allow_unicode=True, sort_keys=False)}"
    )


def _limits(outcome: Outcome) -> dict[str, dict[str, int]]:
    return {
        f"{state.value}.{severity.value}": {"late": tally.late, "pages": tally.pages}
        for (state, severity), tally in outcome.limits.items()
    }


def _saved(pages: int) -> str:
    return f"{pages} saved" if pages > 0 else f"{-pages} more" if pages < 0 else "no difference"


def _some(numbers: Sequence[str], most: int = 20) -> str:
    if not numbers:
        return "none"
    rest = f" and {len(numbers) - most} more" if len(numbers) > most else ""
    return ", ".join(numbers[:most]) + rest
