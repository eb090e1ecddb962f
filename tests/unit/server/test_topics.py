"""Titles of cases in both languages."""

from dataclasses import replace

import pytest

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario
from lookout_server.domain.case import Source
from lookout_server.domain.resident import ReportKind
from lookout_server.domain.topics import TOPICS, meant_by, of_report, of_scenario, title_of, titled
from lookout_server.domain.wording import Words
from lookout_server.testing import a_case


def test_a_title_says_what_and_where_in_both_languages() -> None:
    assert titled(of_scenario(Scenario.FIRE_SMOKE), "东门") == Words("火情烟雾 · 东门", "Fire or smoke · 东门")
    blocked = titled(of_report(ReportKind.BLOCKED), "3号楼", Source.HOTLINE)
    assert blocked == Words("12345 · 通道被占、消防通道堵塞 · 3号楼", "12345 · Passage or fire lane blocked · 3号楼")


def test_what_was_opened_before_there_were_topics_keeps_its_title() -> None:
    old = a_case(CaseState.NEW)
    assert title_of(old) == Words.same("陌生车辆 · 东门")
    # So does a case from a newer version, whose topic nobody here knows.
    assert title_of(replace(old, topic="weather.hail", scene="东门")) == Words.same("陌生车辆 · 东门")


def test_notices_have_the_title_in_english() -> None:
    case = replace(a_case(CaseState.NEW), topic="report.garbage", scene="3号楼北侧", title="垃圾乱堆乱放 · 3号楼北侧")
    assert title_of(case) == Words("垃圾乱堆乱放 · 3号楼北侧", "Garbage in the wrong place · 3号楼北侧")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("lane", ("通道被占、消防通道堵塞",)),
        ("FIRE or", ("火情烟雾", "火情、冒烟")),
        ("fire", ("火情烟雾", "火情、冒烟", "通道被占、消防通道堵塞", "一键告警：火情")),
        ("or", ()),
        ("东门", ()),
    ],
)
def test_english_words_are_looked_for_in_chinese_titles(text: str, meant: tuple[str, ...]) -> None:
    assert tuple(meant_by(text)) == meant


def test_every_topic_fits_its_column() -> None:
    assert max(map(len, TOPICS)) <= 40
