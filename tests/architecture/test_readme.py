"""The README's commands exist, its links lead somewhere, and its map names every folder."""

import re

from architecture.repository import ROOT, tracked

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


def test_links_to_a_heading_find_it() -> None:
    for page in tracked("*.md"):
        for target, heading in re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", page.read_text(encoding="utf-8")):
            text = (page.parent / target if target else page).read_text(encoding="utf-8")
            headings = {_anchor(line) for line in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
            assert heading in headings, f"{page.relative_to(ROOT)}: no heading {target}#{heading}"


def _anchor(heading: str) -> str:
    """The name by which a heading is linked to, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


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
