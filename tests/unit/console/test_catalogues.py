"""The console's words: both languages say everything, and no text hides in the code."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from lookout_contract.cases import CaseState
from lookout_contract.commands import COMMANDS, Outcome
from lookout_contract.events import EndReason, PlateStatus, Scenario, Severity
from lookout_contract.status import Sight
from lookout_edge.sight import Blindness
from lookout_edge.supervisor.buttons import PANIC
from lookout_server.domain.audit import Act
from lookout_server.domain.button import DangerKind
from lookout_server.domain.moves import Action
from lookout_server.domain.notice import DeliveryState, NoticeKind
from lookout_server.domain.policy import Tier
from lookout_server.domain.resident import ReportKind
from lookout_server.domain.territory import Role
from lookout_server.domain.vehicles import Holding, Period
from lookout_server.exchange.estate_files import CODES

SOURCES = Path(__file__).parents[3] / "server" / "console" / "src"
SERVER = Path(__file__).parents[3] / "server" / "lookout_server"
ROW_JUDGES = ("exchange/estate_files.py", "services/estate_import.py")
RULES = Path(__file__).parents[3] / "edge" / "lookout_edge" / "rules"
CJK = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
#: ``{{name}}``, or with what is said of one and of any other number: ``{{n|# case|# cases}}``.
BLANK = re.compile(r"\{\{(\w+)(?:\|[^|}]*\|[^|}]*)?\}\}")
#: Blanks that hold a number, and what must not follow them in English, since it may be one.
NUMBERS = r"n|all|bytes|cases|created|days|events|evidence|most|removed|steps|updated|used"
SEVERAL = re.compile(rf"\{{\{{(?:{NUMBERS})\}}\}}(?: \w+){{0,2}} (?:\w*[^\Wsui]s|are|were|have|do not|stay|lie)\b(?!/)")
#: What is only said of many.
ALWAYS_SEVERAL = {"gateway.fps", "policy.newest_alone", "estate.first_alone", "resident.told"}
COMMENT = re.compile(r"/\*.*?\*/|^\s*//[^\n]*", re.DOTALL | re.MULTILINE)

#: Groups that the code reads by a code from the wire: ``word("scenario", code)``.
CODED = {
    "scenario": {scenario.value for scenario in Scenario},
    #: What topics of cases are made of, with the scenarios.
    "report_kind": {kind.value for kind in ReportKind},
    "danger_kind": {kind.value for kind in DangerKind},
    "case_state": {state.value for state in CaseState},
    "case_action": {action.value for action in Action},
    "notice_kind": {kind.value for kind in NoticeKind},
    "delivery_state": {state.value for state in DeliveryState},
    "tier": {tier.value for tier in Tier},
    "end_reason": {reason.value for reason in EndReason},
    "plate": {status.value for status in PlateStatus},
    "grade": {severity.value for severity in Severity},
    #: How a plate stands with the list of residents, and what the rule wants of it.
    "value": {"known", "unknown", "unreadable", "resident", "stranger", "expired", "elsewhere", "not resident"}
    | {"not_yet", "too_busy", "reader_failed"},
    "sight": {sight.value for sight in Sight},
    "role": {role.value for role in Role},
    "act": {act.value for act in Act},
    "holding_state": {holding.value for holding in Holding},
    "let_in_period": {period.value for period in Period},
    #: Why a line of a table of vehicles cannot be taken.
    "vehicle_problem": {
        "empty",
        "too_long",
        "bad_id",
        "bad_number",
        "bad_time",
        "bad_span",
        "unknown_column",
        "bad_value",
    },
    "command_outcome": {outcome.value for outcome in Outcome},
    "command_state": {"waiting", "answered", "timed_out"},
    "command": {
        str(name)
        for name in COMMANDS.json_schema()["discriminator"]["mapping"]  # every command of the wire
    },
}


def refusals() -> set[str]:
    """The codes with which rows of tables are refused."""
    reading, judging = (ast.parse((SERVER / name).read_text("utf-8")) for name in ROW_JUDGES)
    found = set(CODES.values()) | {"bad_time", "bad_value"}
    for node in [*ast.walk(reading), *ast.walk(judging)]:
        if isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
            found.add(str(node.value.value))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "_unreadable":
            found.add(str(cast("ast.Constant", node.args[1]).value))
    return found


def test_every_reason_to_refuse_a_row_has_a_word() -> None:
    found = refusals()
    assert {"twice", "no_json", "own_account", "bad_id"} <= found
    assert {code for code in found if f"row_problem.{code}" not in catalogue("zh-CN")} == set()


def reasons() -> set[str]:
    """The codes with which messages come into the quarantine."""
    found: set[str] = set()
    for name in ("reading", "settling", "intake"):
        for node in ast.walk(ast.parse((SERVER / "services" / f"{name}.py").read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"why", "_RefusalError"}:
                codes = [each for each in ast.walk(node.args[0]) if isinstance(each, ast.Constant)]
                found |= {str(code.value) for code in codes if code.value not in {"type", "missing"}}
    return found


def test_every_reason_for_the_quarantine_has_a_text() -> None:
    assert {"stumbled", "future", "field_missing", "field_wrong", "conflict", "other_site"} <= reasons()
    assert {code for code in reasons() if f"quarantine_why.{code}" not in catalogue("zh-CN")} == set()


def catalogue(language: str) -> dict[str, str]:
    """Key → text, with nested keys joined by dots."""
    content = cast("dict[str, object]", json.loads((SOURCES / "locales" / f"{language}.json").read_text("utf-8")))
    return dict(_flat(content, ""))


def _flat(node: dict[str, object], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in node.items():
        if isinstance(value, dict):
            yield from _flat(cast("dict[str, object]", value), f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)


def source_files() -> list[Path]:
    return sorted([*SOURCES.rglob("*.ts"), *SOURCES.rglob("*.tsx")])


def test_both_languages_have_the_same_keys() -> None:
    assert catalogue("en").keys() == catalogue("zh-CN").keys()


def filled(text: str) -> set[str]:
    """The blanks that a text fills; what only chooses between forms of a word is none."""
    return {blank[1] for blank in BLANK.finditer(text) if "|" not in blank[0] or "#" in blank[0]}


def test_both_languages_fill_the_same_blanks() -> None:
    english = catalogue("en")
    differing = {
        key: (text, english[key]) for key, text in catalogue("zh-CN").items() if filled(text) != filled(english[key])
    }
    assert differing == {}


def test_english_counts_one_thing_as_one() -> None:
    assert SEVERAL.search("{{n}} cases go over")
    assert SEVERAL.search("{{n}} more that are not shown")
    assert not SEVERAL.search("{{n|# case goes|# cases go}} over")
    assert {key: text for key, text in catalogue("en").items() if SEVERAL.search(text)}.keys() <= ALWAYS_SEVERAL


def test_no_text_is_empty_or_in_the_wrong_language() -> None:
    english = {key: text for key, text in catalogue("en").items() if not text or CJK.search(text)}
    # The switch names each language in itself.
    assert english == {"language.other": "中文"}
    assert [key for key, text in catalogue("zh-CN").items() if not text] == []


@pytest.mark.parametrize("group", CODED)
def test_every_code_of_the_wire_has_a_word(group: str) -> None:
    words = catalogue("zh-CN")
    assert {code for code in CODED[group] if f"{group}.{code}" not in words} == set()


def test_the_acts_to_choose_from_are_those_that_are_written_down() -> None:
    assert {key.removeprefix("act.") for key in catalogue("zh-CN") if key.startswith("act.")} == CODED["act"]


def emitted_conditions() -> set[str]:
    """The names that the gateway's rules give to ``Condition``, and to functions that make one of them."""
    names: set[str] = set()
    for path in RULES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and (called := ast.unparse(node.func)).lower().endswith("condition"):
                place = 0 if called.endswith("Condition") else 2
                given = [keyword.value for keyword in node.keywords if keyword.arg == "name"] + node.args[place:][:1]
                names |= {str(value.value) for value in given if isinstance(value, ast.Constant)}
            elif isinstance(node, ast.FunctionDef) and node.name.endswith("_condition"):
                names |= {str(value.value) for value in node.args.defaults if isinstance(value, ast.Constant)}
    return names


def test_every_condition_of_the_rules_has_a_word() -> None:
    names = emitted_conditions()
    assert {"dwell", "zone", "votes", "plate_reads"} <= names
    words = catalogue("zh-CN")
    assert {name for name in names if f"condition.{name}" not in words} == set()


def emitted_stages() -> set[str]:
    """What the gateway calls the stages of its occurrences: an enumeration ``Stage`` in each rule, and blindness."""
    found = {blindness.value for blindness in Blindness}
    for path in RULES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name == "Stage":
                given = [each.value for each in node.body if isinstance(each, ast.Assign)]
                found |= {str(value.value) for value in given if isinstance(value, ast.Constant)}
    return found


def test_every_stage_of_the_rules_and_of_blindness_has_a_word() -> None:
    stages = emitted_stages() | {PANIC, "detector_failed", "detector_timeout"}
    assert {"parked", "overflow", "loitering", "frozen"} <= stages
    words = catalogue("zh-CN")
    assert {stage for stage in stages if f"stage.{stage}" not in words} == set()


def test_no_chinese_text_hides_in_the_code() -> None:
    found = {
        str(path.relative_to(SOURCES)): CJK.findall(COMMENT.sub("", path.read_text("utf-8"))) for path in source_files()
    }
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_every_text_is_used() -> None:
    code = "\n".join(path.read_text("utf-8") for path in source_files())
    built = set(re.findall(r"`([\w.]+)\.\$\{", code)) | set(re.findall(r'(?:word|filled)\("(\w+)"', code))
    unused = [
        key for key in catalogue("zh-CN") if f'"{key}"' not in code and not any(key.startswith(f"{g}.") for g in built)
    ]
    assert unused == []


def test_nothing_is_asked_of_other_hosts() -> None:
    pages = [*source_files(), *SOURCES.rglob("*.css"), SOURCES.parent / "index.html"]
    hosts = {path.name: re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]{2,}", path.read_text("utf-8")) for path in pages}
    assert {name: found for name, found in hosts.items() if found} == {}


def test_the_lock_file_names_no_registry() -> None:
    lock = cast(
        "dict[str, dict[str, dict[str, object]]]", json.loads((SOURCES.parent / "package-lock.json").read_text())
    )
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if "integrity" not in package] == []
