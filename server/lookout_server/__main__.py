"""``lookout-server``: run the dispatcher, and look after who may use it."""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer

from lookout_contract.base import ContractError
from lookout_server import bootstrap
from lookout_server.adapters.logs import configure_logging
from lookout_server.config import ServerConfig, load_server_config, load_site_file
from lookout_server.domain.territory import Role
from lookout_server.errors import ConfigError, InvalidError, ServerError

# A defect shows Python's own traceback, not one framed for the screen with the values of all variables in it.
app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Lookout's dispatcher (守望哨)."
)
policies = typer.Typer(no_args_is_help=True, help="Limits of time and escalation.")
users = typer.Typer(no_args_is_help=True, help="Accounts of people.")
gateways = typer.Typer(no_args_is_help=True, help="Credentials of gateways.")
sites = typer.Typer(no_args_is_help=True, help="Territory, cameras and people.")
models = typer.Typer(no_args_is_help=True, help="Models that gateways can be told to run.")
app.add_typer(models, name="model")
ledger = typer.Typer(no_args_is_help=True, help="How every number of every gateway's events ended.")
app.add_typer(ledger, name="ledger")
app.add_typer(users, name="user")
app.add_typer(gateways, name="gateway")
app.add_typer(sites, name="site")
app.add_typer(policies, name="policy")
webhooks = typer.Typer(no_args_is_help=True, help="Other systems that are told by HTTP.")
app.add_typer(webhooks, name="webhook")
integrators = typer.Typer(no_args_is_help=True, help="Other systems that follow the cases on the broker.")
app.add_typer(integrators, name="integrator")

Params = ParamSpec("Params")
Result = TypeVar("Result")

Config = Annotated[
    Path | None, typer.Option("--config", help="server.yaml; left out: the defaults, everything in ./.lookout.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]


def _told_plainly(command: Callable[Params, Result]) -> Callable[Params, Result]:
    """Our errors, and what the system refuses (a full disk, a folder that is not ours), end the program with a
    sentence: exit code 2 for wrong configuration or usage, 1 for the rest."""

    @wraps(command)
    def run(*args: Params.args, **kwargs: Params.kwargs) -> Result:
        try:
            return command(*args, **kwargs)
        except (ConfigError, InvalidError, ContractError) as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(2) from error
        except (ServerError, OSError) as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from error

    return run


def _do(verb: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(verb)


def _configured(path: Path | None, *, level: str | None = None) -> ServerConfig:
    config = load_server_config(path)
    configure_logging(style=config.log.format, level=level or config.log.level)
    return config


@app.command()
@_told_plainly
def run(
    config: Config = None,
    port: Annotated[int | None, typer.Option(help="Instead of listen.port.", min=0, max=65535)] = None,
    mqtt_port: Annotated[int | None, typer.Option(help="Instead of broker.port.", min=0, max=65535)] = None,
) -> None:
    """Run the dispatcher, with its broker, until SIGTERM or Ctrl-C."""
    settings = _configured(config)
    if port is not None:
        settings = settings.model_copy(update={"listen": settings.listen.model_copy(update={"port": port})})
    if mqtt_port is not None:
        settings = settings.model_copy(update={"broker": settings.broker.model_copy(update={"port": mqtt_port})})
    bootstrap.run_dispatcher(settings)


@app.command()
@_told_plainly
def check(config: Config = None) -> None:
    """Read the configuration and the site file, and say what would run."""
    settings = load_server_config(config)
    for line in bootstrap.describe(settings):
        typer.echo(line)


@app.command()
@_told_plainly
def migrate(config: Config = None) -> None:
    """Bring the database to what this version needs; the other verbs do so by themselves."""
    bootstrap.migrate_database(_configured(config, level="warning"))
    typer.echo("the database is up to date")


@users.command("add")
@_told_plainly
def user_add(
    username: str,
    role: Annotated[list[Role] | None, typer.Option(help="May be repeated; for a new account: operator.")] = None,
    name: Annotated[str | None, typer.Option(help="What people call them.")] = None,
    grid: Annotated[list[str] | None, typer.Option(help="May be repeated: the grids a worker looks after.")] = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="First line of standard input.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Make an account, or change the password of one."""
    settings = _configured(config, level="warning")
    password, made = _password(from_stdin=password_stdin)
    wanted = bootstrap.NewPerson(
        username=username,
        name=name,
        roles=frozenset(role) if role else None,
        grids=frozenset(grid) if grid else None,
        password=password,
    )
    person = _do(bootstrap.add_person(settings, wanted))
    shown = {
        "username": person.username,
        "name": person.name,
        "roles": sorted(person.roles),
        "grids": sorted(person.grids),
        "password": password if made else None,
    }
    if as_json:
        typer.echo(json.dumps(shown, ensure_ascii=False))
        return
    typer.echo(f"{person.username} ({person.name}): {', '.join(sorted(person.roles))}")
    if made:
        typer.echo(f"password: {password}   (shown once)")


def _password(*, from_stdin: bool) -> tuple[str, bool]:
    """The password and whether it was made here."""
    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        given = typer.prompt("Password (empty: make one)", default="", hide_input=True, confirmation_prompt=True)
    else:
        return bootstrap.new_password(), True
    if from_stdin and not given:
        raise InvalidError("standard input held no password; pipe one in, or leave out --password-stdin")
    return (given, False) if given else (bootstrap.new_password(), True)


@gateways.command("add")
@_told_plainly
def gateway_add(
    gateway: Annotated[str, typer.Argument(metavar="ID")],
    rotate: Annotated[bool, typer.Option("--rotate", help="Replace credentials that exist.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Make a gateway's broker account and upload token; shown once, as YAML for its configuration."""
    settings = _configured(config, level="warning")
    access = _do(bootstrap.add_gateway(settings, gateway, rotate=rotate))
    typer.echo(json.dumps(bootstrap.as_values(access)) if as_json else bootstrap.as_yaml(access, settings.site.id))


@integrators.command("add")
@_told_plainly
def integrator_add(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    rotate: Annotated[bool, typer.Option("--rotate", help="Give an account that exists a new password.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Make a broker account that may read what becomes of cases, and nothing else; its password is shown once."""
    access = asdict(_do(bootstrap.add_integrator(_configured(config, level="warning"), name, rotate=rotate)))
    typer.echo(json.dumps(access) if as_json else "\n".join(f"{key}: {value}" for key, value in access.items()))


@integrators.command("remove")
@_told_plainly
def integrator_remove(name: Annotated[str, typer.Argument(metavar="NAME")], config: Config = None) -> None:
    """Take the account away."""
    bootstrap.remove_integrator(_configured(config, level="warning"), name)
    typer.echo(f"integrator {name} is let in no more")


@webhooks.command("secret")
@_told_plainly
def webhook_secret() -> None:
    """Print a fresh secret for a webhook; whoever receives it needs the same one."""
    typer.echo(bootstrap.new_webhook_secret())


@models.command("add")
@_told_plainly
def model_add(
    entry: Annotated[Path, typer.Argument(help="Folder of a zoo entry: model.yaml, weights, card.")],
    config: Config = None,
) -> None:
    """Pack a model for gateways to fetch; the API's askGateway then rolls it out to one gateway after the other."""
    package = bootstrap.add_model(_configured(config, level="warning"), entry)
    typer.echo(f"{package.model} {package.sha256} {package.bytes} bytes")


@ledger.command("show")
@_told_plainly
def ledger_show(
    gateway: Annotated[str | None, typer.Argument(metavar="GATEWAY", help="Left out: all.")] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Gaps, losses and late events of 24 h, and where each ledger's chain of hashes stands."""
    found = _do(bootstrap.ledgers(_configured(config, level="warning"), gateway))
    if as_json:
        typer.echo(json.dumps([bootstrap.ledger_values(each) for each in found]))
        return
    for each in found:
        for line in bootstrap.ledger_lines(each):
            typer.echo(line)
    if not found:
        typer.echo("no events yet")


@ledger.command("export")
@_told_plainly
def ledger_export(
    gateway: str,
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write, JSON lines.")],
    config: Config = None,
) -> None:
    """Write a gateway's ledger, events included, to a file that 'ledger verify' checks on its own."""
    count = _do(bootstrap.export_ledger(_configured(config, level="warning"), gateway, out))
    typer.echo(f"{out}: {count} entries")


@ledger.command("verify")
@_told_plainly
def ledger_verify(
    file: Path,
    head: Annotated[str | None, typer.Option(help="A hash noted earlier: one stream must end in it.")] = None,
) -> None:
    """Check an exported ledger: nothing in it was changed, left out or put in. Needs nothing but the file."""
    for each in bootstrap.verify_ledger(file, head=head):
        typer.echo(
            f"{each.source} {each.epoch}: holds; {each.stored} stored, {each.refused} refused, {each.lost} lost, "
            f"{each.missing} missing, head {each.chain.head}"
        )


@gateways.command("enrol")
@_told_plainly
def gateway_enrol(
    gateway: Annotated[str, typer.Argument(metavar="ID")],
    hours: Annotated[float, typer.Option(help="How long the code works.", min=0.01, max=168)] = 24.0,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Make a one-time code with which a box fetches its certificate (or password), token and configuration."""
    settings = _configured(config, level="warning")
    url, code = _do(bootstrap.offer_enrolment(settings, gateway, hours=hours))
    if as_json:
        typer.echo(json.dumps({"gateway": gateway, "url": url, "code": code, "hours": hours}))
        return
    typer.echo(f"On the box, within {hours:g} h (the code is shown and works once):")
    typer.echo(f"  lookout-edge enrol {url} {code}")
    if settings.listen.url is None:
        typer.echo("From another machine, put this machine's address in the URL; listen.url in server.yaml sets it.")


@gateways.command("revoke")
@_told_plainly
def gateway_revoke(gateway: Annotated[str, typer.Argument(metavar="ID")], config: Config = None) -> None:
    """Shut a gateway out: its certificates, password, upload token and codes work no longer."""
    count = _do(bootstrap.revoke_gateway(_configured(config, level="warning"), gateway))
    typer.echo(f"{gateway} is shut out; {count} certificates were revoked")


@sites.command("import")
@_told_plainly
def site_import(
    file: Path,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    config: Config = None,
) -> None:
    """Bring territory, cameras and people in line with site.yaml; nothing is deleted."""
    settings = _configured(config, level="warning")
    changes = _do(bootstrap.import_site(settings, load_site_file(file), dry_run=dry_run))
    for change in changes:
        typer.echo(f"{'would be ' if dry_run else ''}{change.change}: {change.kind} {change.id}")
    if not changes:
        typer.echo("nothing to change")


@app.command("seed-demo")
@_told_plainly
def seed_demo(
    cases: Annotated[int, typer.Option(help="Past cases; 100000 for measuring.", min=0, max=1_000_000)] = 1000,
    days: Annotated[int, typer.Option(help="Over how many past days.", min=1, max=3660)] = 365,
    config: Config = None,
) -> None:
    """Fill an empty database with a sub-district at its real scale: 145 grids, 55 cameras, 2,126 people and a past."""
    settings = _configured(config, level="warning")
    made = _do(bootstrap.seed_demo(settings, cases=cases, days=days))
    typer.echo(f"5 communities, 145 grids, 55 cameras, 179 grid workers, 1933 household heads, {made} past cases")
    typer.echo("accounts have no passwords yet: lookout-server user add demo-op1")


@policies.command("try")
@_told_plainly
def policy_try(
    file: Path,
    days: Annotated[int, typer.Option(help="How far back.", min=1, max=3660)] = 90,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Replay the past through policy.yaml: pages saved, cases that would have been late. Changes nothing."""
    settings = _configured(config, level="warning")
    trial = _do(bootstrap.try_policy(settings, file, days=days))
    typer.echo(json.dumps(trial.as_values(), ensure_ascii=False) if as_json else trial.as_text())


@app.command()
@_told_plainly
def schema(
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    check_only: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when a file is stale.")] = False,
) -> None:
    """Export the JSON Schemas of server.yaml and site.yaml, and the OpenAPI document."""
    documents = bootstrap.exported_documents()
    if not check_only:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in documents.items():
            (out / name).write_text(text, encoding="utf-8")
        return
    stale = [name for name, text in documents.items() if not _holds(out / name, text)]
    if stale:
        raise ServerError(f"{', '.join(stale)} in {out} do not fit the code; run: lookout-server schema --out {out}")


def _holds(file: Path, text: str) -> bool:
    return file.exists() and file.read_text(encoding="utf-8") == text


@app.command()
def version() -> None:
    """Say which version this is."""
    typer.echo(bootstrap.version())


def main() -> None:
    """Entry point of ``lookout-server``."""
    app()


if __name__ == "__main__":
    main()
