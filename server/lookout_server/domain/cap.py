"""Red alarms in the Common Alerting Protocol (CAP 1.2, OASIS, 2010; ITU-T X.1303 bis), for warning systems of the city.

An alarm is an Alert; when it is over, or people have judged it false, an Update or a Cancel refers to that Alert.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from lookout_contract.events import Scenario
from lookout_server.domain.alarm import Alarm, AlarmState, Disposition
from lookout_server.domain.whereabouts import Spot
from lookout_server.domain.wording import SCENARIOS
from lookout_server.domain.xml_text import xml_text

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA_TYPE = "application/cap+xml"
#: For how long what is said holds, unless it is said again.
EXPIRES_AFTER = timedelta(hours=1)
#: How far around a camera what it sees may be, kilometres.
_SEES_KM = 0.1
_CATEGORIES = {Scenario.FIRE_SMOKE: "Fire", Scenario.KEY_AREA: "Security", Scenario.UNFAMILIAR_VEHICLE: "Security"}
_RESPONSES = {Scenario.FIRE_SMOKE: "Evacuate"}


@dataclass(frozen=True, kw_only=True)
class Where:
    """The site, and where on it: names as people know them."""

    site: str
    site_name: str
    camera: str
    #: The grid and what is above it, the nearest first.
    places: tuple[str, ...]
    grid: str | None
    #: Where the camera hangs; None while nobody has said.
    spot: Spot | None = None


def cap(alarm: Alarm, where: Where, *, sender: str) -> bytes:
    """The message as UTF-8 XML. ``sender`` names the dispatcher and holds no space, comma, ``<`` or ``&``."""
    kind = _kind(alarm)
    root = ElementTree.Element(f"{{{NAMESPACE}}}alert")
    first = _identifier(alarm, "Alert")
    _say(root, "identifier", _identifier(alarm, kind))
    _say(root, "sender", sender)
    _say(root, "sent", _time(alarm.received_at if kind == "Alert" else alarm.updated_at))
    _say(root, "status", "Test" if alarm.attributes.test else "Actual")
    _say(root, "msgType", kind)
    _say(root, "scope", "Restricted")
    _say(root, "restriction", "For the authorities of this place; not for publication as it is.")
    if kind != "Alert":
        _say(root, "references", f"{sender},{first},{_time(alarm.received_at)}")
    for language in ("zh-CN", "en-US"):
        _info(root, alarm, where, kind, language)
    ElementTree.register_namespace("", NAMESPACE)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def _info(root: ElementTree.Element, alarm: Alarm, where: Where, kind: str, language: str) -> None:
    words = SCENARIOS[alarm.scenario]
    event = words.zh if language == "zh-CN" else words.en
    info = ElementTree.SubElement(root, f"{{{NAMESPACE}}}info")
    _say(info, "language", language)
    _say(info, "category", _CATEGORIES.get(alarm.scenario, "Safety"))
    _say(info, "event", event)
    _say(info, "responseType", "AllClear" if kind != "Alert" else _RESPONSES.get(alarm.scenario, "Assess"))
    _say(info, "urgency", "Immediate" if kind == "Alert" else "Past")
    _say(info, "severity", "Severe" if kind != "Cancel" else "Unknown")
    _say(info, "certainty", _certainty(alarm))
    _say(info, "effective", _time(alarm.started_at))
    _say(info, "expires", _time(alarm.updated_at + EXPIRES_AFTER))
    _say(info, "senderName", where.site_name)
    _say(info, "headline", f"{event} · {where.camera}")
    _parameter(info, "lookout:alarm", alarm.id)
    if alarm.case_id is not None:
        _parameter(info, "lookout:case", alarm.case_id)
    area = ElementTree.SubElement(info, f"{{{NAMESPACE}}}area")
    _say(area, "areaDesc", " ".join((*reversed(where.places), where.camera)))
    if where.spot is not None:
        # Degrees WGS 84 and kilometres; warning systems draw it on a map.
        _say(area, "circle", f"{where.spot.lat:.6f},{where.spot.lon:.6f} {_SEES_KM:g}")
    if where.grid is not None:
        code = ElementTree.SubElement(area, f"{{{NAMESPACE}}}geocode")
        _say(code, "valueName", f"lookout:{where.site}:grid")
        _say(code, "value", where.grid)


def _kind(alarm: Alarm) -> str:
    if alarm.disposition is Disposition.DISMISSED:
        return "Cancel"
    return "Update" if alarm.state is AlarmState.CLEARED else "Alert"


def _certainty(alarm: Alarm) -> str:
    if alarm.disposition is Disposition.REPORTED:
        return "Observed"
    return "Unlikely" if alarm.disposition is Disposition.DISMISSED else "Likely"


def _identifier(alarm: Alarm, kind: str) -> str:
    return f"{alarm.id}.{kind.lower()}"


def _time(at: datetime) -> str:
    """CAP takes an offset, and refuses the letter Z."""
    return at.astimezone(UTC).replace(microsecond=0).isoformat()


def _say(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = xml_text(text)


def _parameter(info: ElementTree.Element, name: str, value: str) -> None:
    parameter = ElementTree.SubElement(info, f"{{{NAMESPACE}}}parameter")
    _say(parameter, "valueName", name)
    _say(parameter, "value", value)
