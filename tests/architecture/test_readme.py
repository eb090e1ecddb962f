"""The README's commands exist, its links lead somewhere, and its map names every folder."""

import json
import re
from collections.abc import Iterator

import pytest
import typer
from typer.core import TyperGroup

from architecture.repository import ROOT, tracked
from lookout_edge.__main__ import app as edge
from lookout_models.__main__ import app as models
from lookout_server.__main__ import app as server

README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
VERBS = set(re.findall(r"^([a-z][a-z-]*):.*##", MAKEFILE, re.MULTILINE))


def test_every_make_verb_in_the_readmes_exists() -> None:
    for page in tracked("*.md"):
        named = set(re.findall(r"(?:^|`|\$ )make ([a-z][a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
        assert named <= VERBS, f"{page.relative_to(ROOT)} names verbs that the Makefile lacks: {named - VERBS}"


def test_the_readme_names_the_commands_a_newcomer_needs() -> None:
    assert {"demo", "test", "setup", "check", "bench", "format", "demo-check"} <= VERBS
    assert "make demo" in README
    assert "make test" in README


def test_relative_links_lead_somewhere() -> None:
    for page in tracked("*.md"):
        for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"


def test_the_map_names_every_top_level_folder() -> None:
    folders = {path.relative_to(ROOT).parts[0] for path in tracked() if len(path.relative_to(ROOT).parts) > 1}
    for folder in folders:
        if not folder.startswith("."):
            assert f"{folder}/" in README, folder


def test_every_console_script_in_the_readmes_exists() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    for page in tracked("*.md"):
        for script in re.findall(r"\b(lookout-[a-z]+)\s+[a-z]", page.read_text(encoding="utf-8")):
            assert f"{script} = " in project, f"{page.relative_to(ROOT)} runs {script}, which is not a console script"


def verbs(group: TyperGroup, before: str = "") -> Iterator[str]:
    """``check``, ``gateway``, ``gateway add`` …"""
    for name, command in group.commands.items():
        yield before + name
        if isinstance(command, TyperGroup):
            yield from verbs(command, f"{before}{name} ")


SCRIPTS = {"lookout-edge": edge, "lookout-server": server, "lookout-models": models}


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_verb_in_the_readmes_exists(script: str) -> None:
    group = typer.main.get_command(SCRIPTS[script])
    assert isinstance(group, TyperGroup)
    known = set(verbs(group))
    for page in tracked("*.md"):
        for first, second in re.findall(
            rf"\b{script} ([a-z][a-z-]+)(?: ([a-z][a-z-]+))?", page.read_text(encoding="utf-8")
        ):
            verb = f"{first} {second}" if any(each.startswith(f"{first} ") for each in known) and second else first
            assert verb in known, f"{page.relative_to(ROOT)} names {script} {verb}, which there is not"


def test_every_verb_of_the_dispatcher_is_in_its_table() -> None:
    group = typer.main.get_command(server)
    assert isinstance(group, TyperGroup)
    page = (ROOT / "server" / "lookout_server" / "bootstrap" / "README.md").read_text(encoding="utf-8")
    # A row names a verb, or a group and its verbs: | `audit show`, `verify` | …
    rows = [re.findall(r"`([^`]+)`", line.split("|")[1]) for line in page.splitlines() if line.startswith("| `")]
    named = {first.split()[0] for first, *_ in rows}
    named |= {" ".join(first.split()[:2]) for first, *_ in rows}
    named |= {f"{first.split()[0]} {other.split()[0]}" for first, *others in rows for other in others}
    assert sorted(set(verbs(group)) - named - {"restore"}) == []


def test_every_address_of_the_api_in_the_readmes_exists() -> None:
    document = json.loads((ROOT / "configs" / "schemas" / "openapi.json").read_text(encoding="utf-8"))
    paths = [*document["paths"], "/api/v1/openapi.json"]
    known = [re.compile(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(path))) for path in paths]
    for page in tracked("*.md"):
        for named in re.findall(r"(?<![\w/])/api/v1/[\w/{}.-]*\w", page.read_text(encoding="utf-8")):
            # Or how several of them begin.
            found = any(path.fullmatch(named) for path in known) or any(path.startswith(f"{named}/") for path in paths)
            assert found, f"{page.relative_to(ROOT)} names {named}, which the API has not"


def anchors(page: str) -> set[str]:
    """As GitHub makes them of headings: small letters, dashes for blanks, nothing else but letters and digits."""
    prose = re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_links_into_pages_find_their_heading() -> None:
    for page in tracked("*.md"):
        text = page.read_text(encoding="utf-8")
        for target, anchor in re.findall(r"\]\((?!https?://)([^)#\s]*)#([^)\s]+)\)", text):
            there = page.parent / target if target else page
            found = anchors(there.read_text(encoding="utf-8"))
            assert anchor in found, f"{page.relative_to(ROOT)} links to {target}#{anchor}; there are {sorted(found)}"
