"""What a list of cases is asked for, and lists that people saved under a name."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from lookout_contract.base import Identifier, UtcTime
from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity
from lookout_server.api.models.base import Model, RequestModel, Text, shown
from lookout_server.domain.access import Access
from lookout_server.ports import CaseFilter, SavedView
from lookout_server.services.views import Within


class CaseFilters(BaseModel):
    """Which cases; what is left out does not matter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Annotated[
        str | None, Field(max_length=300, description="States, separated by commas.", examples=["dispatched,accepted"])
    ] = None
    mine: Annotated[bool, Field(description="Only those the asking person handles.")] = False
    severity: Severity | None = None
    scenario: Scenario | None = None
    place: Annotated[
        Identifier | None, Field(description="A grid, a community, street or district, or a building.")
    ] = None
    supervised: Annotated[bool | None, Field(description="督办: under supervision, or not.")] = None
    late: Annotated[bool, Field(description="Only those whose step's limit has passed.")] = False
    q: Annotated[
        Text | None,
        Field(min_length=1, max_length=100, description="Part of the title, or how the number begins."),
    ] = None
    opened_from: UtcTime | None = None
    opened_before: UtcTime | None = None

    @field_validator("state")
    @classmethod
    def _are_states(cls, value: str | None) -> str | None:
        known = [state.value for state in CaseState]
        wrong = [name for name in (value or "").split(",") if name.strip() and name.strip() not in known]
        if wrong:
            raise ValueError(f"names no known state: known are {', '.join(known)}")
        return value

    def filter(self, access: Access, where: Within, at: datetime) -> CaseFilter:
        """As the port's value, for this person; ``where``: what ``place`` stands for."""
        names = [name.strip() for name in (self.state or "").split(",") if name.strip()]
        return CaseFilter(
            states=frozenset(CaseState(name) for name in names) if names else None,
            handler=access.person.id if self.mine else None,
            visible_to=access,
            severity=self.severity,
            scenario=self.scenario,
            grids=where.grids,
            buildings=where.buildings,
            supervised=self.supervised,
            text=self.q,
            opened_from=self.opened_from,
            opened_before=self.opened_before,
            due_before=at if self.late else None,
        )


class CaseQuery(CaseFilters):
    """Filters and the page."""

    limit: Annotated[int, Field(ge=1, le=200, description="How many at most.")] = 50
    cursor: Annotated[str | None, Field(max_length=200, description="`next_cursor` of the page before.")] = None


_VIEW_EXAMPLE: dict[str, Any] = {
    "id": "l-3f6d0c1be2a94d7781c0",
    "name": "超时的红色案件",
    "query": {"severity": "red", "late": True},
    "shared": True,
    "own": True,
}


class SavedViewBody(RequestModel):
    """A list to keep. ``shared``: others of the control room find it too."""

    model_config = shown({"name": "超时的红色案件", "query": {"severity": "red", "late": True}}, request=True)

    name: Annotated[Text, StringConstraints(min_length=1, max_length=100)]
    query: CaseFilters
    shared: bool = False


class SavedViewModel(Model):
    """A list that was kept; ``query`` goes into `GET /cases`."""

    model_config = shown(_VIEW_EXAMPLE)

    id: str
    name: str
    query: dict[str, str | bool]
    shared: bool
    own: bool

    @classmethod
    def of(cls, view: SavedView, person_id: str) -> "SavedViewModel":
        """From the port's value, for this person."""
        return cls(id=view.id, name=view.name, query=dict(view.query), shared=view.shared, own=view.person == person_id)


class SavedViewList(Model):
    """By name."""

    model_config = shown({"items": [_VIEW_EXAMPLE]})

    items: tuple[SavedViewModel, ...]
