"""policy.yaml: what it says, and what it says when it is wrong."""

from datetime import date
from pathlib import Path

import pytest

from lookout_contract.cases import CaseState
from lookout_contract.events import Severity
from lookout_server.config import PolicyFile, load_policy
from lookout_server.domain.policy import DEFAULT, Limit
from lookout_server.errors import ConfigError


def _file(folder: Path, text: str) -> Path:
    path = folder / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_file_is_the_usual_policy(tmp_path: Path) -> None:
    assert load_policy(_file(tmp_path, ""), "Asia/Shanghai") == DEFAULT


def test_what_is_given_replaces_what_is_usual(tmp_path: Path) -> None:
    text = """
limits:
  on_scene: {blue: 8h working, red: 20min}
calendar: {hours: ["08:30-12:00"], holidays: [2026-10-01], makeup_days: [2026-10-10]}
escalation: {rungs: 2}
"""
    policy = load_policy(_file(tmp_path, text), "Asia/Shanghai")
    on_scene = policy.limits[CaseState.ON_SCENE]
    assert on_scene[Severity.BLUE] == Limit(seconds=28800, working=True)
    assert on_scene[Severity.RED] == Limit(seconds=1200)
    assert on_scene[Severity.YELLOW] == DEFAULT.limits[CaseState.ON_SCENE][Severity.YELLOW]
    assert policy.calendar.makeup_days == {date(2026, 10, 10)}
    assert policy.escalations == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("limits: {new: {red: soon}}", "write 90s, 5min"),
        ("limits: {new: {red: 0s}}", "write 90s, 5min"),
        ('calendar: {hours: ["9-12"]}', "09:00-12:00"),
        ('calendar: {hours: ["14:00-18:00", "09:00-12:00"]}', "ascend"),
        ("calendar: {weekdays: []}", "weekdays"),
        ("limits: {closed: {red: 1h}}", "unknown key"),
        ("report_in: {red: 2h working}", "runs by the clock, day and night, and knows no working time; write 2h"),
        ("acknowledged_for: {blue: 60 min working}", "write 1h"),
        ("reopen_within: 8h working", "write 8h"),
        ("grouping: {wait: 5min working}", "write 5min"),
        ("same_thing: {ways: [{between: [a/b, c/d], within: 3min working}]}", "write 3min"),
        (
            'limits: {confirmed: {blue: 366d working}}\ncalendar: {hours: ["09:00-10:00"]}',
            "limits: confirmed: blue: '366d working' would last for more than ten years",
        ),
        (
            "follow_up: {low: 40d working}\ncalendar: {weekdays: [mon], hours: ['09:00-10:00']}",
            "follow_up: low: '40d working' would last",
        ),
    ],
)
def test_mistakes_name_line_and_fix(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        load_policy(_file(tmp_path, text), "Asia/Shanghai")
    assert "policy.yaml:1" in str(caught.value)


def test_what_an_earlier_version_took_goes_on_to_mean_what_it_did() -> None:
    content = {"report_in": {"red": "2h working"}, "limits": {"confirmed": {"blue": "366d working"}}}
    kept = PolicyFile.of_kept({**content, "calendar": {"hours": ["09:00-10:00"]}})
    assert kept.report_in.red == "2h"
    assert kept.policy("Asia/Shanghai").report_in[Severity.RED] == 7200
