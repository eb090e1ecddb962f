"""Rotations onto the roster: first looked at, then made. Made again, they replace what they made before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lookout_server.domain import rotation as rotations
from lookout_server.domain.access import Access
from lookout_server.domain.moves import OVERSIGHT
from lookout_server.domain.roster import Shift
from lookout_server.domain.rotation import Rotation, Warned
from lookout_server.domain.territory import Site
from lookout_server.errors import ForbiddenError, NotFoundError
from lookout_server.ports import Store

#: Shifts of a span that are looked at, beside those of the rotation.
_MOST = 20_000


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a rotation comes to. ``changes``: created, updated or removed."""

    shifts: Sequence[Shift]
    changes: Sequence[tuple[str, Shift]]
    warnings: Sequence[Warned]
    uncovered: Sequence[tuple[datetime, datetime]]


async def rotate(store: Store, site: Site, rotation: Rotation, by: Access, *, dry_run: bool) -> Plan:
    """Put a rotation on the roster in one transaction, or only say what it would come to; for supervisors."""
    if not by.person.roles & OVERSIGHT:
        raise ForbiddenError("the roster is for supervisors to change")
    made = rotations.shifts(rotation, site.timezone)
    # A day before and two behind: zones, and nights that end in the morning after.
    first = datetime.combine(rotation.first, datetime.min.time(), UTC) - timedelta(days=1)
    last = first + timedelta(days=rotation.days + 3)
    async with store.write() as uow:
        found = await uow.people.get([person for person, _ in rotation.people])
        unknown = [name for name, _ in rotation.people if name not in found or not by.knows(found[name])]
        if unknown:
            raise NotFoundError(f"there is nobody called {', '.join(unknown)} whom you look after")
        roster = await uow.roster.shifts(first, last, _MOST)
        own = [shift for shift in roster if shift.id.startswith(rotation.prefix) and _within(rotation, shift)]
        others = [shift for shift in roster if not shift.id.startswith(rotation.prefix)]
        changes = list(rotations.differences(made, own))
        if not dry_run:
            for change, shift in changes:
                if change == "removed":
                    await uow.roster.remove_shift(shift.id)
            await uow.roster.save_shifts([shift for change, shift in changes if change != "removed"])
            await uow.commit()
    return Plan(
        shifts=made,
        changes=changes,
        warnings=rotations.warnings(made, others),
        uncovered=rotations.uncovered(made, others),
    )


def _within(rotation: Rotation, shift: Shift) -> bool:
    """By the day in its id: what the rotation made for other days stays."""
    day = shift.id[-8:]
    last = rotation.first + timedelta(days=rotation.days - 1)
    return f"{rotation.first:%Y%m%d}" <= day <= f"{last:%Y%m%d}"
