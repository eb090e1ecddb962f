"""The console's styles: pages come and go without a reload, and the styles of each stay behind when it goes.

So what one page's styles say about a class holds on every page that is opened after it.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[3] / "server" / "console" / "src"
STYLES = SOURCES / "styles"
IMPORT = re.compile(r'(?:from|import) "(\.[^"]+)"')
CLASS = re.compile(r'class=(?:"([^"]*)"|\{([^}]*)\})')
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
#: A rule's selectors; what is within @media changes a rule that stands elsewhere.
RULE = re.compile(r"([^{}]+)\{[^{}]*\}")
MEDIA = re.compile(r"@media[^{]*\{(?:[^{}]|\{[^{}]*\})*\}")
#: A class by itself, whatever it stands in and whatever its state.
ALONE = re.compile(r"\.([a-z][\w-]*)(?:\[[^\]]*\]|::?[a-z-]+)*")


def pages() -> list[str]:
    return sorted(path.stem for path in (SOURCES / "pages").glob("*.tsx"))


@cache
def reached(file: Path) -> frozenset[Path]:
    """A source, what it imports, what that imports, and so on; not what is imported when it is needed."""
    found: set[Path] = set()
    waiting = [file]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        if path.suffix != ".css":
            waiting += imported(path)
    return frozenset(found)


def imported(path: Path) -> Iterator[Path]:
    for name in IMPORT.findall(path.read_text("utf-8")):
        endings = (path.parent / f"{name}{ending}" for ending in ("", ".ts", ".tsx"))
        found = next((each.resolve() for each in endings if each.is_file()), None)
        if found is not None:
            yield found


@cache
def styled() -> dict[str, set[str]]:
    """Class → the style files that say how it looks wherever it stands."""
    found: dict[str, set[str]] = {}
    for file in STYLES.glob("*.css"):
        text = MEDIA.sub("", COMMENT.sub("", file.read_text("utf-8")))
        for selectors in RULE.findall(text):
            for selector in selectors.split(","):
                if alone := ALONE.fullmatch(selector.strip()):
                    found.setdefault(alone[1], set()).add(file.name)
    return found


def used(file: Path) -> set[str]:
    """Classes that a component gives to what it draws."""
    names: set[str] = set()
    for plain, computed in CLASS.findall(file.read_text("utf-8")):
        for text in [plain, *re.findall(r'["`]([^"`]*)["`]', computed)]:
            names.update(re.findall(r"(?<![\w$-])[a-z][\w-]*(?![\w-]*\$)", text))
    return names


def always() -> set[str]:
    """What every page has."""
    return {path.name for path in reached(SOURCES / "main.tsx") if path.suffix == ".css"}


def test_a_class_looks_the_same_whatever_page_was_open_before() -> None:
    everywhere = always()
    several = {
        name: files for name, files in styled().items() if len({"" if f in everywhere else f for f in files}) > 1
    }
    assert several == {}


@pytest.mark.parametrize("page", pages())
def test_a_page_brings_the_styles_of_what_is_on_it(page: str) -> None:
    files = reached(SOURCES / "pages" / f"{page}.tsx")
    here = always() | {path.name for path in files if path.suffix == ".css"}
    names = {name for path in files if path.suffix == ".tsx" for name in used(path)}
    elsewhere = {name: styled()[name] for name in names if name in styled() and not styled()[name] & here}
    assert elsewhere == {}
