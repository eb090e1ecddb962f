"""Cursors of lists: opaque to clients, a (time, id) inside."""

import base64
import binascii
from datetime import datetime

from lookout_server.errors import InvalidError
from lookout_server.ports import Page


def page_of(limit: int, cursor: str | None) -> Page:
    """The page that a request asks for. InvalidError when the cursor is not one of ours."""
    return Page(limit=limit, before=_decode(cursor) if cursor else None)


def encode(at: datetime, name: str) -> str:
    """The cursor after the row with this time and id."""
    return base64.urlsafe_b64encode(f"{at.isoformat()} {name}".encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[datetime, str]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        time, _, name = text.partition(" ")
        at = datetime.fromisoformat(time)
    except (ValueError, binascii.Error) as error:
        raise InvalidError("this cursor is not one of ours: start again without it") from error
    if at.tzinfo is None or "\x00" in name:
        raise InvalidError("this cursor is not one of ours: start again without it")
    return at, name
