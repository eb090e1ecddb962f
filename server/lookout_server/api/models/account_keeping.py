"""Accounts, as an admin sees and changes them."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from lookout_server.api.models.accounts import PersonModel
from lookout_server.api.models.base import Identifier, Model, RequestModel, Text, shown
from lookout_server.domain.territory import USERNAME_PATTERN, Person, Role
from lookout_server.ports import AccountFilter, KeptAccount
from lookout_server.services.accounts import Account

_EXAMPLE: dict[str, Any] = {
    "id": "u-wangfang",
    "username": "wangfang",
    "name": "王芳",
    "roles": ["worker"],
    "grids": ["grid-07"],
    "barred": False,
    "has_password": True,
    "second_factor": False,
}
_BODY = {"name": "王芳", "roles": ["worker"], "grids": ["grid-07"], "password": "correct horse battery staple"}


class AccountModel(PersonModel):
    """An account and the ways in that it has. `barred`: it is disabled, and nobody is sent by it."""

    model_config = shown(_EXAMPLE)

    username: str
    barred: bool
    has_password: bool = Field(description="False: only another provider of sign-ins lets them in, if there is one.")
    second_factor: bool

    @classmethod
    def of_kept(cls, kept: KeptAccount) -> "AccountModel":
        """From the port's value."""
        person = kept.person
        return cls(
            **cls.parts(person),
            username=person.username,
            barred=person.barred,
            has_password=kept.has_password,
            second_factor=kept.second_factor,
        )


class BarredAccountModel(AccountModel):
    """An account that was just disabled."""

    model_config = shown(_EXAMPLE | {"barred": True, "cases_left": 1})

    cases_left: int = Field(description="Cases that it has in hand; operators are asked to send somebody else.")


class AccountPage(Model):
    """Accounts, by user name."""

    model_config = shown({"items": [_EXAMPLE], "next_cursor": None})

    items: tuple[AccountModel, ...]
    next_cursor: str | None


class AccountQuery(BaseModel):
    """Which accounts; what is left out does not matter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    q: Annotated[Text | None, Field(min_length=1, max_length=100, description="Part of the name or the user name.")] = (
        None
    )
    role: Role | None = None
    barred: bool | None = None
    limit: Annotated[int, Field(ge=1, le=200, description="How many at most.")] = 50
    cursor: Annotated[Text | None, Field(max_length=64, description="`next_cursor` of the page before.")] = None

    def filter(self) -> AccountFilter:
        """As the port's value."""
        return AccountFilter(text=self.q, role=self.role, barred=self.barred, after=self.cursor)


class ChangeAccountBody(RequestModel):
    """An account as it is to be. Without a password the present one stays; a new one ends all sessions."""

    model_config = shown(_BODY, request=True)

    name: Annotated[Text, Field(min_length=1, max_length=100)]
    roles: Annotated[frozenset[Role], Field(min_length=1)]
    grids: frozenset[Identifier] = Field(default=frozenset(), description="Places; none: the whole site.")
    password: Annotated[str | None, Field(min_length=12, max_length=1024, repr=False)] = None

    def account(self, person: Person) -> Account:
        """As the service's value, for somebody who is known."""
        return Account(
            username=person.username,
            name=self.name,
            roles=self.roles,
            grids=self.grids,
            password=self.password,
            language=person.language,
            skills=person.skills,
            willing=person.willing,
        )


class AddAccountBody(ChangeAccountBody):
    """A new account. User names never change and are never given again."""

    model_config = shown(_BODY | {"username": "wangfang"}, request=True)

    username: Annotated[str, StringConstraints(pattern=USERNAME_PATTERN)]

    def fresh(self) -> Account:
        """As the service's value."""
        return Account(
            username=self.username, name=self.name, roles=self.roles, grids=self.grids, password=self.password
        )
