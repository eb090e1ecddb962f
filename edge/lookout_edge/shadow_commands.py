"""Commands about candidates that run beside the rules."""

import json
from datetime import datetime
from typing import Annotated

import typer

from lookout_edge import bootstrap
from lookout_edge.bootstrap.shadows import comparisons, open_shadows
from lookout_edge.cli import ConfigOption, LangOption, plain_errors, words_of
from lookout_edge.recall import shadow_text

shadow_app = typer.Typer(help="Candidates beside the running rules: they judge the same pictures and publish nothing.")


@shadow_app.callback()
def shadow() -> None:
    """Candidates beside the running rules."""


@shadow_app.command("report")
def shadow_report(
    config: ConfigOption,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    lang: LangOption = None,
) -> None:
    """What each candidate would have alarmed, beside what the running rules did, camera by camera."""
    with plain_errors():
        loaded = bootstrap.load(config)
        memory = bootstrap.open_memory(loaded.config)
        now = datetime.now(loaded.timezone)
        found = comparisons(open_shadows(loaded.config), memory, now.timestamp(), loaded.config.cameras)
        memory.close()
    if as_json:
        typer.echo(json.dumps({name: told.model_dump(mode="json") for name, (told, _) in found.items()}, indent=2))
        return
    words, zone = words_of(lang), loaded.timezone
    lines = [line for name, told in found.items() for line in shadow_text(name, told, now, zone, words)]
    typer.echo("\n".join(lines) if lines else words.sentence("shadow_none"))
