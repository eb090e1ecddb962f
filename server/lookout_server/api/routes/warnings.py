"""Red alarms for the warning systems of a city: CAP 1.2, and a list of them in Atom."""

from xml.etree import ElementTree

from fastapi import APIRouter, Request, Response

from lookout_server.api.deps import Given
from lookout_server.api.problems import errors
from lookout_server.api.routes.parameters import AlarmId
from lookout_server.api.security import ControlRoom
from lookout_server.domain.cap import MEDIA_TYPE
from lookout_server.domain.xml_text import xml_text
from lookout_server.services import warnings

router = APIRouter(prefix="/api/v1", tags=["alarms"])

_ATOM = "http://www.w3.org/2005/Atom"
_ATOM_TYPE = "application/atom+xml"


@router.get(
    "/alarms/{alarm_id}/cap",
    operation_id="getCap",
    response_class=Response,
    responses={200: {"description": "CAP 1.2.", "content": {MEDIA_TYPE: {}}}, **errors("forbidden", "not_found")},
)
async def get_cap(deps: Given, access: ControlRoom, alarm_id: AlarmId) -> Response:
    """A red alarm in the Common Alerting Protocol; care is never told this way."""
    message = await warnings.cap_of(deps.store, deps.site, alarm_id, access)
    return Response(message, media_type=MEDIA_TYPE)


@router.get(
    "/cap",
    operation_id="listCap",
    response_class=Response,
    responses={200: {"description": "Atom.", "content": {_ATOM_TYPE: {}}}, **errors("forbidden")},
)
async def list_cap(deps: Given, access: ControlRoom, request: Request) -> Response:
    """Red alarms of the last 24 h, newest first, as an Atom feed whose entries lead to their CAP messages."""
    now = deps.clock.now()
    base = (deps.public_url or str(request.base_url)).rstrip("/")
    found = await warnings.red_alarms(deps.store, deps.site, access, at=now)
    feed = ElementTree.Element(f"{{{_ATOM}}}feed")
    _say(feed, "id", f"{base}/api/v1/cap")
    _say(feed, "title", f"{deps.site.name}: CAP")
    _say(feed, "updated", max((each.alarm.updated_at for each in found), default=now).isoformat())
    _say(ElementTree.SubElement(feed, f"{{{_ATOM}}}author"), "name", warnings.sender_of(deps.site))
    for each in found:
        entry = ElementTree.SubElement(feed, f"{{{_ATOM}}}entry")
        address = f"{base}/api/v1/alarms/{each.alarm.id}/cap"
        _say(entry, "id", address)
        _say(entry, "title", f"{each.alarm.scenario.value} · {each.where.camera}")
        _say(entry, "updated", each.alarm.updated_at.isoformat())
        ElementTree.SubElement(entry, f"{{{_ATOM}}}link", href=address, type=MEDIA_TYPE)
    # Without a prefix, as cap() writes it: some readers look for <feed>.
    ElementTree.register_namespace("", _ATOM)
    text = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return Response(text, media_type=_ATOM_TYPE)


def _say(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, f"{{{_ATOM}}}{name}").text = xml_text(text)
