"""``lookout-server policy``: limits of time and escalation."""

import json
from pathlib import Path
from typing import Annotated

import typer

from lookout_server import bootstrap
from lookout_server.cli import AsJson, Config, configured, do, told_plainly
from lookout_server.errors import InvalidError

policies = typer.Typer(no_args_is_help=True, help="Limits of time and escalation.")


@policies.command("try")
@told_plainly
def policy_try(
    file: Path,
    days: Annotated[int, typer.Option(help="How far back.", min=1, max=3660)] = 90,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Replay the past through policy.yaml: pages saved, cases that would have been late. Changes nothing."""
    trial = do(bootstrap.try_policy(configured(config, level="warning"), file, days=days))
    typer.echo(
        json.dumps(bootstrap.trial_values(trial), ensure_ascii=False) if as_json else bootstrap.trial_text(trial)
    )


@policies.command("show")
@told_plainly
def policy_show(as_json: AsJson = False, config: Config = None) -> None:
    """The policy in force, with everything said, as a file that can be read again."""
    held = do(bootstrap.policy_in_force(configured(config, level="warning")))
    typer.echo(json.dumps(dict(held.content), ensure_ascii=False) if as_json else bootstrap.policy_text(held).rstrip())


@policies.command("use")
@told_plainly
def policy_use(
    file: Path,
    reason: Annotated[str, typer.Option(help="Why; it stands in the history of policies and in the audit log.")],
    config: Config = None,
) -> None:
    """Put policy.yaml in force, as the console's page does; a running dispatcher takes it over within seconds."""
    if not 1 <= len(reason.strip()) <= 500:
        raise InvalidError("--reason is 1 to 500 characters: say why in a sentence")
    made = do(bootstrap.use_policy(configured(config, level="warning"), file, reason.strip()))
    typer.echo(f"version {made.version} is in force")
