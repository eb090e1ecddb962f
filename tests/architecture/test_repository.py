"""What may and may not stand in the repository."""

import re

import pytest

from architecture.repository import ROOT, text_files, tracked

_FOLDERS = {"edge", "models", "configs", "server", "tests", "docker"}
TOP_LEVEL = _FOLDERS | {"pyproject.toml", "README.md", "Makefile", "LICENSE", "CHANGELOG.md"}

#: Absolute paths of a developer's machine, and hosts that a lock file likes to record.
UNWANTED = {
    "an absolute path of a machine": re.compile(r"(?<![\w.<])/(?:home|root|work|Users)/\w"),
    "a registry's address": re.compile(
        r"https?://[^\s\"')]*(?:pypi\.|pythonhosted|registry\.npm|npmjs|yarnpkg|npmmirror|tsinghua\.edu)", re.IGNORECASE
    ),
}


def test_the_top_level_holds_what_it_should() -> None:
    names = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL


@pytest.mark.parametrize("what", UNWANTED)
def test_the_repository_speaks_of_the_project_alone(what: str) -> None:
    this = ROOT / "tests" / "architecture" / "test_repository.py"
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in text_files()
        if path != this
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if UNWANTED[what].search(line)
    ]
    assert found == []


def test_the_npm_lock_records_no_addresses() -> None:
    for lock in tracked("*package-lock.json"):
        assert '"resolved"' not in lock.read_text()


def test_no_file_is_larger_than_16_mb() -> None:
    assert [path for path in tracked() if path.stat().st_size > 16 * 2**20] == []


def test_every_zoo_entry_has_its_card() -> None:
    entries = {path.parent for path in tracked("models/zoo/*/model.yaml")}
    assert entries
    assert [entry.name for entry in entries if not (entry / "CARD.md").is_file()] == []
