"""Places: district, street, community, grid, building."""

from lookout_server.api.models.base import Model, shown
from lookout_server.domain.territory import Level, Territory

_EXAMPLE = {"id": "grid-07", "name": "第七网格", "level": "grid", "parent": "kangle-south"}


class TerritoryModel(Model):
    """A place and what it lies in."""

    model_config = shown(_EXAMPLE)

    id: str
    name: str
    level: Level
    parent: str | None

    @classmethod
    def of(cls, territory: Territory) -> "TerritoryModel":
        """From the domain's value."""
        return cls(id=territory.id, name=territory.name, level=territory.level, parent=territory.parent)


class TerritoryList(Model):
    """Places, the widest first, then by id."""

    model_config = shown({"items": [_EXAMPLE]})

    items: tuple[TerritoryModel, ...]
