"""What is kept of policies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class PolicyVersion:
    """A policy that was in force from ``at`` on. Version 0 is what the configuration said before the first change.

    ``content``: as people write it, everything said. ``by``: a person's id, None for whoever runs the machine.
    """

    version: int
    at: datetime
    by: str | None = None
    reason: str = ""
    content: Mapping[str, Any] = field(repr=False)


class PolicyRepository(Protocol):
    """Versions are only ever added."""

    async def newest(self) -> PolicyVersion | None:
        """The one in force; None while nobody has activated one."""
        ...

    async def page(self, limit: int, before: int | None = None) -> Sequence[PolicyVersion]:
        """The newest first, of those below ``before``."""
        ...

    async def add(self, version: PolicyVersion) -> bool:
        """False: there is one of this number already."""
        ...
