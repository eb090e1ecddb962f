"""CAP 1.2 messages hold to the structure of the OASIS standard (section 3.2), restated here as tables."""

import itertools
import re
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

import pytest

from lookout_contract.events import Attributes, Scenario
from lookout_server.domain.alarm import Alarm, AlarmState, Disposition, first_told
from lookout_server.domain.cap import NAMESPACE, Where, cap
from lookout_server.domain.territory import CameraKey
from lookout_server.domain.whereabouts import Spot
from lookout_server.testing import NOON, SmallGateway

_ANY = r"(?s).+"
_NAME = r"[^\s<&,]+"
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d"
_SOME = 999
#: Element, how often at least and at most, and what it may say; None: it has children of its own.
_Row = tuple[str, int, int, str | None]
ALERT: list[_Row] = [
    ("identifier", 1, 1, _NAME),
    ("sender", 1, 1, _NAME),
    ("sent", 1, 1, _TIME),
    ("status", 1, 1, "Actual|Exercise|System|Test|Draft"),
    ("msgType", 1, 1, "Alert|Update|Cancel|Ack|Error"),
    ("source", 0, 1, _ANY),
    ("scope", 1, 1, "Public|Restricted|Private"),
    ("restriction", 0, 1, _ANY),
    ("addresses", 0, 1, _ANY),
    ("code", 0, _SOME, _ANY),
    ("note", 0, 1, _ANY),
    ("references", 0, 1, rf"{_NAME},{_NAME},{_TIME}"),
    ("incidents", 0, 1, _ANY),
    ("info", 0, _SOME, None),
]
INFO: list[_Row] = [
    ("language", 0, 1, r"[a-z]{2}(-[A-Z]{2})?"),
    ("category", 1, _SOME, "Geo|Met|Safety|Security|Rescue|Fire|Health|Env|Transport|Infra|CBRNE|Other"),
    ("event", 1, 1, _ANY),
    ("responseType", 0, _SOME, "Shelter|Evacuate|Prepare|Execute|Avoid|Monitor|Assess|AllClear|None"),
    ("urgency", 1, 1, "Immediate|Expected|Future|Past|Unknown"),
    ("severity", 1, 1, "Extreme|Severe|Moderate|Minor|Unknown"),
    ("certainty", 1, 1, "Observed|Likely|Possible|Unlikely|Unknown"),
    ("audience", 0, 1, _ANY),
    ("eventCode", 0, _SOME, None),
    ("effective", 0, 1, _TIME),
    ("onset", 0, 1, _TIME),
    ("expires", 0, 1, _TIME),
    ("senderName", 0, 1, _ANY),
    ("headline", 0, 1, _ANY),
    ("description", 0, 1, _ANY),
    ("instruction", 0, 1, _ANY),
    ("web", 0, 1, r"https?://\S+"),
    ("contact", 0, 1, _ANY),
    ("parameter", 0, _SOME, None),
    ("resource", 0, _SOME, None),
    ("area", 0, _SOME, None),
]
AREA: list[_Row] = [
    ("areaDesc", 1, 1, _ANY),
    ("polygon", 0, _SOME, _ANY),
    ("circle", 0, _SOME, r"-?\d+(\.\d+)?,-?\d+(\.\d+)? \d+(\.\d+)?"),
    ("geocode", 0, _SOME, None),
    ("altitude", 0, 1, _ANY),
    ("ceiling", 0, 1, _ANY),
]
PAIR: list[_Row] = [("valueName", 1, 1, _ANY), ("value", 1, 1, ".*")]
TABLES = {"alert": ALERT, "info": INFO, "area": AREA, "parameter": PAIR, "geocode": PAIR, "eventCode": PAIR}


def _problems(element: ElementTree.Element) -> list[str]:
    """What the standard would not have: elements out of order, too many or few, unknown, or with wrong content."""
    name = element.tag.removeprefix(f"{{{NAMESPACE}}}")
    table = TABLES[name]
    order = {row[0]: place for place, row in enumerate(table)}
    names = [child.tag.removeprefix(f"{{{NAMESPACE}}}") for child in element]
    found = [f"{name}: unknown {each}" for each in names if each not in order]
    places = [order[each] for each in names if each in order]
    found += [f"{name}: out of order"] if places != sorted(places) else []
    for child, low, high, _ in table:
        if not low <= names.count(child) <= high:
            found.append(f"{name}: {names.count(child)} times {child}")
    for child, child_name in zip(element, names, strict=True):
        says = next((row[3] for row in table if row[0] == child_name), ".*")
        if says is None:
            found += _problems(child)
        elif re.fullmatch(says, child.text or "") is None:
            found.append(f"{name}.{child_name}: {child.text!r}")
    return found


def _alarm(scenario: Scenario, state: AlarmState, disposition: Disposition, *, case: bool, test: bool) -> Alarm:
    gateway = SmallGateway(scenario=scenario)
    told = first_told(gateway.event(gateway.data("o-1")), CameraKey(gateway="gw-1", id="gate"), NOON)
    return replace(
        told,
        state=state,
        disposition=disposition,
        case_id="c-20261122-0001" if case else None,
        attributes=Attributes(test=test),
        updated_at=NOON + timedelta(seconds=3, microseconds=5),
    )


WHERE = Where(
    site="kangle",
    site_name="康乐 & <南路>",
    camera="东门",
    places=("第七网格", "康乐南路社区"),
    grid="grid-07",
    spot=Spot(lat=31.8700004, lon=-117.3),
)


@pytest.mark.parametrize("scenario", list(Scenario))
def test_every_message_has_the_structure_of_the_standard(scenario: Scenario) -> None:
    for state, disposition, flag in itertools.product(AlarmState, Disposition, (True, False)):
        alarm = _alarm(scenario, state, disposition, case=flag, test=not flag)
        where = WHERE if flag else replace(WHERE, grid=None, places=(), spot=None)
        root = ElementTree.fromstring(cap(alarm, where, sender="lookout@kangle"))
        assert root.tag == f"{{{NAMESPACE}}}alert"
        assert _problems(root) == []
        kind = root.findtext(f"{{{NAMESPACE}}}msgType")
        # Section 3.2.1: a restricted message says to what; what is no first message refers to one.
        assert root.find(f"{{{NAMESPACE}}}restriction") is not None
        assert (root.find(f"{{{NAMESPACE}}}references") is None) == (kind == "Alert")


def test_a_circle_says_where_the_camera_hangs() -> None:
    alarm = _alarm(Scenario.FIRE_SMOKE, AlarmState.ACTIVE, Disposition.OPEN, case=False, test=False)
    circles = ElementTree.fromstring(cap(alarm, WHERE, sender="lookout@kangle")).iter(f"{{{NAMESPACE}}}circle")
    assert [circle.text for circle in circles] == ["31.870000,-117.300000 0.1"] * 2


def test_the_tables_notice_what_is_wrong() -> None:
    alarm = _alarm(Scenario.FIRE_SMOKE, AlarmState.ACTIVE, Disposition.OPEN, case=False, test=False)
    root = ElementTree.fromstring(cap(alarm, WHERE, sender="look out"))
    root.append(root[0])
    assert _problems(root)[:2] == ["alert: out of order", "alert: 2 times identifier"]
    assert "alert.sender: 'look out'" in _problems(root)
