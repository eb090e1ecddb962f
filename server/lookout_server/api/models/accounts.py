"""Signing in, and people."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from lookout_server.api.models.base import Model, RequestModel, shown
from lookout_server.domain.territory import Person, Role

_USER_EXAMPLE: dict[str, Any] = {
    "id": "u-li",
    "username": "li",
    "name": "李",
    "roles": ["operator"],
    "grids": [],
    "language": "zh-CN",
}


class UserModel(Model):
    """An account."""

    model_config = shown(_USER_EXAMPLE)

    id: str
    username: str
    name: str
    roles: tuple[Role, ...]
    grids: tuple[str, ...]
    language: str

    @classmethod
    def of(cls, person: Person) -> "UserModel":
        """From the domain's value."""
        return cls(
            id=person.id,
            username=person.username,
            name=person.name,
            roles=tuple(sorted(person.roles)),
            grids=tuple(sorted(person.grids)),
            language=person.language,
        )


class SignInBody(RequestModel):
    """User name and password."""

    model_config = shown({"username": "li", "password": "correct horse battery staple"}, request=True)

    username: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=1024)]


class SignedInModel(Model):
    """Who is signed in; ``token`` is shown this once, for clients that send `Authorization: Bearer`."""

    model_config = shown({"user": _USER_EXAMPLE, "token": "6nJ2vX0c3wq8y4r1T5u7i9o0p2a4s6d8f0g1h3j5k7l"})

    user: UserModel
    token: str


class SessionModel(Model):
    """Who is signed in."""

    model_config = shown({"user": _USER_EXAMPLE})

    user: UserModel


class PersonModel(Model):
    """Somebody who can be sent, or who sends."""

    id: str
    name: str
    roles: tuple[Role, ...]
    grids: tuple[str, ...]

    @classmethod
    def of(cls, person: Person) -> "PersonModel":
        """From the domain's value."""
        return cls(id=person.id, name=person.name, roles=tuple(sorted(person.roles)), grids=tuple(sorted(person.grids)))


class PeopleList(Model):
    """People, by name."""

    model_config = shown({"items": [{"id": "u-wangfang", "name": "王芳", "roles": ["worker"], "grids": ["grid-07"]}]})

    items: tuple[PersonModel, ...]
