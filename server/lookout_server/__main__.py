"""``lookout-server``: run the dispatcher, and look after who may use it."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from lookout_server import bootstrap
from lookout_server.account_commands import audit, devices
from lookout_server.cli import AsJson, Config, chosen, configured, do, told_plainly
from lookout_server.config import load_server_config, load_site_file
from lookout_server.domain.territory import Role
from lookout_server.errors import InvalidError, ServerError
from lookout_server.estate_commands import estate
from lookout_server.place_commands import places
from lookout_server.policy_commands import policies
from lookout_server.quarantine_commands import quarantine
from lookout_server.storage_commands import backup, restore
from lookout_server.vehicle_commands import vehicles

# A defect shows Python's own traceback, not one framed for the screen with the values of all variables in it.
app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Lookout's dispatcher (守望哨)."
)
users = typer.Typer(no_args_is_help=True, help="Accounts of people.")
gateways = typer.Typer(no_args_is_help=True, help="Credentials of gateways.")
sites = typer.Typer(no_args_is_help=True, help="Territory, cameras and people.")
models = typer.Typer(no_args_is_help=True, help="Models that gateways can be told to run.")
app.add_typer(models, name="model")
ledger = typer.Typer(no_args_is_help=True, help="How every number of every gateway's events ended.")
app.add_typer(ledger, name="ledger")
app.add_typer(audit, name="audit")
app.add_typer(estate, name="estate")
app.command()(backup)
app.command()(restore)
app.add_typer(users, name="user")
app.add_typer(gateways, name="gateway")
app.add_typer(vehicles, name="vehicles")
app.add_typer(sites, name="site")
app.add_typer(policies, name="policy")
webhooks = typer.Typer(no_args_is_help=True, help="Other systems that are told by HTTP.")
app.add_typer(webhooks, name="webhook")
web_push = typer.Typer(no_args_is_help=True, help="Notices to people's phones by Web Push.")
app.add_typer(web_push, name="web-push")
integrators = typer.Typer(no_args_is_help=True, help="Other systems that follow the cases on the broker.")
app.add_typer(integrators, name="integrator")
app.add_typer(devices, name="device")
brokers = typer.Typer(no_args_is_help=True, help="A broker that somebody else runs.")
app.add_typer(brokers, name="broker")
app.add_typer(places, name="places")
app.add_typer(quarantine, name="quarantine")


@app.command()
@told_plainly
def run(
    config: Config = None,
    port: Annotated[int | None, typer.Option(help="Instead of listen.port.", min=0, max=65535)] = None,
    mqtt_port: Annotated[int | None, typer.Option(help="Instead of broker.port.", min=0, max=65535)] = None,
) -> None:
    """Run the dispatcher, with its broker, until SIGTERM or Ctrl-C."""
    settings = configured(config)
    if port is not None:
        settings = settings.model_copy(update={"listen": settings.listen.model_copy(update={"port": port})})
    if mqtt_port is not None:
        settings = settings.model_copy(update={"broker": settings.broker.model_copy(update={"port": mqtt_port})})
    bootstrap.run_dispatcher(settings)


@app.command()
@told_plainly
def check(config: Config = None) -> None:
    """Read the configuration and the site file, and say what would run."""
    settings = load_server_config(chosen(config))
    for line in bootstrap.describe(settings):
        typer.echo(line)


@app.command()
@told_plainly
def migrate(config: Config = None) -> None:
    """Bring the database to what this version needs; the other verbs do so by themselves."""
    bootstrap.migrate_database(configured(config, level="warning"))
    typer.echo("the database is up to date")


@users.command("add")
@told_plainly
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
    settings = configured(config, level="warning")
    password, made = _password(from_stdin=password_stdin)
    wanted = bootstrap.NewPerson(
        username=username,
        name=name,
        roles=frozenset(role) if role else None,
        grids=frozenset(grid) if grid else None,
        password=password,
    )
    person = do(bootstrap.add_person(settings, wanted))
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


@users.command("reset-codes")
@told_plainly
def user_reset_codes(username: str, config: Config = None) -> None:
    """Turn off the second factor of somebody who has lost their telephone and their recovery codes."""
    do(bootstrap.reset_second_factor(configured(config, level="warning"), username))
    typer.echo(f"{username} signs in with the password alone until they turn codes on again; their sessions ended")


@gateways.command("add")
@told_plainly
def gateway_add(
    gateway: Annotated[str, typer.Argument(metavar="ID")],
    rotate: Annotated[bool, typer.Option("--rotate", help="Replace credentials that exist.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Make a gateway's broker account and upload token; shown once, as YAML for its configuration."""
    settings = configured(config, level="warning")
    access = do(bootstrap.add_gateway(settings, gateway, rotate=rotate))
    typer.echo(json.dumps(bootstrap.as_values(access)) if as_json else bootstrap.as_yaml(access, settings.site.id))


@integrators.command("add")
@told_plainly
def integrator_add(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    rotate: Annotated[bool, typer.Option("--rotate", help="Give an account that exists a new password.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Make a broker account that may read what becomes of cases and what the mirrors tell, and say nothing.

    For one program: of two with the same account each throws out the other. Its password is shown once.
    """
    access = asdict(do(bootstrap.add_integrator(configured(config, level="warning"), name, rotate=rotate)))
    typer.echo(json.dumps(access) if as_json else "\n".join(f"{key}: {value}" for key, value in access.items()))


@integrators.command("remove")
@told_plainly
def integrator_remove(name: Annotated[str, typer.Argument(metavar="NAME")], config: Config = None) -> None:
    """Take the account away."""
    bootstrap.remove_integrator(configured(config, level="warning"), name)
    typer.echo(f"integrator {name} is let in no more")


@brokers.command("rules")
@told_plainly
def print_broker_rules(
    account: Annotated[str, typer.Argument(help="A gateway's id, @dispatcher, or ~NAME of an integrator.")],
    kind: Annotated[str, typer.Option("--for", help="nats or rabbitmq")],
    config: Config = None,
) -> None:
    """Print what this account may publish and subscribe to, as that broker's configuration has it (JSON)."""
    typer.echo(json.dumps(bootstrap.broker_rules(configured(config, level="warning"), account, kind), indent=2))


@webhooks.command("secret")
@told_plainly
def webhook_secret() -> None:
    """Print a fresh secret for a webhook; whoever receives it needs the same one."""
    typer.echo(bootstrap.new_webhook_secret())


@web_push.command("key")
@told_plainly
def web_push_key() -> None:
    """Print a fresh key, for web_push.key_file. With another key everybody has to turn Web Push on again."""
    typer.echo(bootstrap.new_web_push_key().rstrip())


@models.command("add")
@told_plainly
def model_add(
    entry: Annotated[Path, typer.Argument(help="Folder of a zoo entry: model.yaml, weights, card.")],
    config: Config = None,
) -> None:
    """Pack a model for gateways to fetch; the API's askGateway then rolls it out to one gateway after the other."""
    package = bootstrap.add_model(configured(config, level="warning"), entry)
    typer.echo(f"{package.model} {package.sha256} {package.bytes} bytes")


@ledger.command("show")
@told_plainly
def ledger_show(
    gateway: Annotated[str | None, typer.Argument(metavar="GATEWAY", help="Left out: all.")] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Gaps, losses and late events of 24 h, and where each ledger's chain of hashes stands."""
    found = do(bootstrap.ledgers(configured(config, level="warning"), gateway))
    if as_json:
        typer.echo(json.dumps([bootstrap.ledger_values(each) for each in found]))
        return
    for each in found:
        for line in bootstrap.ledger_lines(each):
            typer.echo(line)
    if not found:
        typer.echo("no events yet")


@ledger.command("export")
@told_plainly
def ledger_export(
    gateway: str,
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write, JSON lines.")],
    config: Config = None,
) -> None:
    """Write a gateway's ledger, events included, to a file that 'ledger verify' checks on its own."""
    count = do(bootstrap.export_ledger(configured(config, level="warning"), gateway, out))
    typer.echo(f"{out}: {count} entries")


@ledger.command("verify")
@told_plainly
def ledger_verify(
    file: Path,
    head: Annotated[str | None, typer.Option(help="A hash noted earlier: one stream must end in it.")] = None,
) -> None:
    """Check an exported ledger: no event, number, ending or time was changed, left out or put in.

    Needs nothing but the file. The hashes of an earlier version's entries leave out their times; how many such entries
    there are is told.
    """
    for each in bootstrap.verify_ledger(file, head=head):
        typer.echo(
            f"{each.source} {each.epoch}: holds; {each.stored} stored, {each.refused} refused, {each.lost} lost, "
            f"{each.missing} missing, head {each.chain.head}"
        )
        if each.untimed:
            typer.echo(f"  entries 1 to {each.untimed} are of an earlier version: their times are not in their hashes")


@gateways.command("enrol")
@told_plainly
def gateway_enrol(
    gateway: Annotated[str, typer.Argument(metavar="ID")],
    hours: Annotated[float, typer.Option(help="How long the code works.", min=0.01, max=168)] = 24.0,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Make a one-time code with which a box fetches its certificate (or password), token and configuration."""
    settings = configured(config, level="warning")
    url, code = do(bootstrap.offer_enrolment(settings, gateway, hours=hours))
    if as_json:
        typer.echo(json.dumps({"gateway": gateway, "url": url, "code": code, "hours": hours}))
        return
    typer.echo(f"On the box, within {hours:g} h (the code is shown and works once):")
    typer.echo(f"  lookout-edge enrol {url} {code}")
    if settings.listen.url is None:
        typer.echo("From another machine, put this machine's address in the URL; listen.url in server.yaml sets it.")


@gateways.command("list")
@told_plainly
def gateway_list(as_json: AsJson = False, config: Config = None) -> None:
    """All gateways: state, version, when each was heard last, and what waits on its disk."""
    found = do(bootstrap.list_gateways(configured(config, level="warning")))
    if as_json:
        typer.echo(json.dumps([bootstrap.gateway_values(each) for each in found], ensure_ascii=False))
        return
    for each in found:
        typer.echo(bootstrap.gateway_line(each))
    if not found:
        typer.echo("no gateways yet; 'lookout-server gateway enrol ID' lets the first one in")


@gateways.command("revoke")
@told_plainly
def gateway_revoke(gateway: Annotated[str, typer.Argument(metavar="ID")], config: Config = None) -> None:
    """Shut a gateway out: its certificates, password, upload token and codes work no longer."""
    count = do(bootstrap.revoke_gateway(configured(config, level="warning"), gateway))
    typer.echo(f"{gateway} is shut out; certificates revoked: {count}")


@sites.command("import")
@told_plainly
def site_import(
    file: Path,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    config: Config = None,
) -> None:
    """Bring territory, cameras and people in line with site.yaml; nothing is deleted."""
    settings = configured(config, level="warning")
    changes = do(bootstrap.import_site(settings, load_site_file(file), dry_run=dry_run))
    for change in changes:
        typer.echo(f"{'would be ' if dry_run else ''}{change.change}: {change.kind} {change.id}")
    if not changes:
        typer.echo("nothing to change")


@app.command("seed-demo")
@told_plainly
def seed_demo(
    cases: Annotated[int, typer.Option(help="Past cases; 100000 for measuring.", min=0, max=1_000_000)] = 1000,
    days: Annotated[int, typer.Option(help="Over how many past days.", min=1, max=3660)] = 365,
    config: Config = None,
) -> None:
    """Fill an empty database with a sub-district at its real scale: 145 grids, 55 cameras, 2,126 people and a past."""
    settings = configured(config, level="warning")
    made = do(bootstrap.seed_demo(settings, cases=cases, days=days))
    typer.echo(f"5 communities, 145 grids, 55 cameras, 179 grid workers, 1933 household heads, {made} past cases")
    typer.echo("accounts have no passwords yet: lookout-server user add demo-op1")


@app.command()
@told_plainly
def schema(
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    check_only: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when a file is stale.")] = False,
) -> None:
    """Export the JSON Schemas of server.yaml, site.yaml and policy.yaml, and the OpenAPI document."""
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
