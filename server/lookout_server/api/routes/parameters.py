"""Parameters that several routes take."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import StringConstraints

Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Cursor = Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before.")]
AlarmId = Annotated[str, Path(pattern=r"^a-[0-9a-f]{20}$", examples=["a-3f6d0c1be2a94d7781c0"])]
CaseId = Annotated[str, Path(pattern=r"^c-[0-9]{8}-[0-9]{4,}$", max_length=63, examples=["c-20261122-0007"])]
PersonId = Annotated[str, StringConstraints(pattern=r"^u-[a-z0-9._-]{1,62}$")]
Hash = Annotated[
    str,
    Path(
        pattern=r"^[0-9a-f]{64}$",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
        description="SHA-256 of the content, lower-case hexadecimal.",
    ),
]


def etag_of(version: int) -> str:
    """The strong validator of a case, for ``If-Match`` of what moves it."""
    return f'"{version}"'
