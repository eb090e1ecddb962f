"""Zones that were drawn in the console. They lie beside the configuration file, which its owner keeps to themselves.

Whoever wrote last wins: zones that were drawn count until the zones of that camera are changed in the file.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from pydantic import TypeAdapter, ValidationError

from lookout_contract.base import Identifier, Message, UtcTime
from lookout_contract.commands import Zones
from lookout_edge.config.nodes import Document, Fault
from lookout_edge.config.section import resolve

#: The file's name in the data folder.
DRAWN = "zones.json"


class DrawnZones(Message):
    """A camera's zones as somebody drew them."""

    zones: Zones
    earlier: Zones
    """Those before them."""
    instead_of: str
    """Digest of the file's zones that they replace; with other ones in the file they no longer count."""
    by: str
    at: UtcTime


Drawn = Mapping[Identifier, DrawnZones]
_DRAWN: TypeAdapter[Drawn] = TypeAdapter(Drawn)


def drawn_file(document: Document, base: Path) -> Path:
    """Where the drawn zones of this configuration are; ``base`` is the folder of its file."""
    given = section_of(document.data).get("data_dir", ".lookout/gateway")
    return Path(resolve(str(given), base)) / DRAWN


def read_drawn(path: Path) -> Drawn | Fault:
    """What was drawn, nothing without a file; a Fault when it cannot be read."""
    try:
        return _DRAWN.validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValidationError):
        return Fault(1, "cameras", f"the zones drawn in the console cannot be read: repair or delete {path}")


def written(drawn: Drawn) -> bytes:
    """The content of the file."""
    return _DRAWN.dump_json(drawn, indent=1)


def file_zones(document: Document, camera: str) -> Mapping[str, object]:
    """The zones that the configuration file itself gives the camera."""
    cameras = section_of(section_of(document.data).get("cameras"))
    return section_of(section_of(cameras.get(camera)).get("zones"))


def digest_of(zones: object) -> str:
    """Names what the zones are."""
    return hashlib.sha256(json.dumps(zones, sort_keys=True, default=str).encode()).hexdigest()[:32]


def lay_over(document: Document, drawn: Drawn) -> frozenset[str]:
    """Put drawn zones in the place of the file's; the cameras whose drawn zones count."""
    counting: set[str] = set()
    for camera, section in section_of(section_of(document.data).get("cameras")).items():
        found = drawn.get(camera)
        if (
            found is None
            or not isinstance(section, dict)
            or digest_of(file_zones(document, camera)) != found.instead_of
        ):
            continue
        zones = {name: {"polygon": [list(corner) for corner in polygon]} for name, polygon in found.zones.items()}
        cast(dict[str, object], section)["zones"] = zones
        counting.add(camera)
    return frozenset(counting)


def section_of(value: object) -> Mapping[str, object]:
    """A mapping as such, and nothing for what is none."""
    return cast(Mapping[str, object], value) if isinstance(value, dict) else {}
