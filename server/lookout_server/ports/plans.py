"""What is kept of plans."""

from collections.abc import Sequence
from typing import Protocol

from lookout_server.domain.plans import Plan, Standing
from lookout_server.domain.territory import CameraKey


class PlanRepository(Protocol):
    """Plans, and the cameras on them."""

    async def plans(self) -> Sequence[Plan]:
        """All, by place and name."""
        ...

    async def plan(self, plan_id: str) -> Plan | None:
        """By id."""
        ...

    async def add(self, plan: Plan) -> None:
        """A new one."""
        ...

    async def remove(self, plan_id: str) -> None:
        """With where cameras stand on it."""
        ...

    async def standings(self) -> Sequence[Standing]:
        """Where cameras stand, by gateway and camera."""
        ...

    async def place(self, standing: Standing) -> None:
        """Insert or update."""
        ...

    async def take_off(self, camera: CameraKey) -> None:
        """The camera stands on no plan any more."""
        ...
