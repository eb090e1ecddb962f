"""Why a camera sees nothing, or not all: each code that a gateway states has words, on its page and in the console."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from lookout_edge.sight import Blindness

ROOT = Path(__file__).parents[3]
EDGE = ROOT / "edge" / "lookout_edge"
PAGE = EDGE / "adapters" / "page" / "static"
CONSOLE = ROOT / "server" / "console" / "src" / "locales"
#: What states a reason: the call, and the place of the reason among its arguments. All take ``reason=`` as well.
STATING = {"self._say": 1, "self._lose_sight": 0, "self._error": 0, "SourceError": 1, "Helper": 0}
#: Modules beside cameras whose ``_say`` and ``reason`` are about something else.
ELSEWHERE = {"service_manager.py", "link.py"}


def stated() -> set[str]:
    """The codes, as the gateway's sources state them."""
    found = {blindness.value for blindness in Blindness}
    for path in EDGE.rglob("*.py"):
        if path.name not in ELSEWHERE:
            found |= set(_stated_in(ast.parse(path.read_text("utf-8"))))
    return found


def _stated_in(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and (place := STATING.get(ast.unparse(node.func))) is not None:
            given = [keyword.value for keyword in node.keywords if keyword.arg == "reason"] + node.args[place:][:1]
            yield from (code for value in given for code in _texts(value))
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "(_LATE, _FAILED)":
            yield from (code for value in cast(ast.Tuple, node.value).elts for code in _texts(value))
        elif isinstance(node, ast.FunctionDef) and node.name in {"_impairment", "impairment"}:
            returned = [each.value for each in ast.walk(node) if isinstance(each, ast.Return)]
            yield from (code for pair in returned if isinstance(pair, ast.Tuple) for code in _texts(pair.elts[0]))


def _texts(value: ast.expr) -> list[str]:
    """The constant, or both of a choice."""
    if isinstance(value, ast.IfExp):
        return _texts(value.body) + _texts(value.orelse)
    return [value.value] if isinstance(value, ast.Constant) and isinstance(value.value, str) else []


def words(folder: Path, language: str, group: str) -> set[str]:
    catalogue = cast("dict[str, dict[str, str]]", json.loads((folder / f"{language}.json").read_text("utf-8")))
    return {code for code, text in catalogue[group].items() if text}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_reason_that_a_gateway_states_has_words(language: str) -> None:
    reasons = stated()
    assert {"main_lost", "held_up", "plates_failed", "poses_failed", "spool_refused", "spool_overflow"} <= reasons
    assert {"auth", "no_device", "detector_failed", "detector_timeout"} <= reasons
    assert {"shutdown", "ended", "fault", "frozen"} <= reasons
    for group in ("reasons", "advice"):
        assert reasons - words(PAGE, language, group) == set(), group
    assert reasons - words(CONSOLE, language, "sight_reason") == set()
    # A camera that was switched off with its gateway needs no advice.
    assert reasons - words(CONSOLE, language, "sight_advice") == {"shutdown"}
