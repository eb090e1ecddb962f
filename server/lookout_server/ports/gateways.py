"""What a transaction offers about gateways: what they said last, what was asked of them, and how they were let in."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from lookout_contract.commands import CommandResponse
from lookout_server.domain.territory import Gateway
from lookout_server.ports.records import IssuedCertificate, SentCommand


class GatewayRepository(Protocol):
    """Gateways, their upload tokens and the commands sent to them."""

    async def get(self, ids: Collection[str] | None = None) -> dict[str, Gateway]:
        """These gateways, or all."""
        ...

    async def save(self, gateways: Sequence[Gateway]) -> None:
        """Insert or update."""
        ...

    async def lose_silent(self, before: datetime) -> Sequence[str]:
        """Take those that are online and were last heard before this time for lost; which ones, in order."""
        ...

    async def wrong_clocks(self) -> int:
        """How many that are online have a clock that is wrong."""
        ...

    async def set_token(self, gateway_id: str, token_hash: str) -> None:
        """Issue or replace the upload token; makes the gateway registered."""
        ...

    async def end_token(self, gateway_id: str) -> None:
        """Its upload token works no longer."""
        ...

    async def by_token(self, token_hash: str) -> str | None:
        """The id of the gateway that holds this token."""
        ...

    async def add_command(self, command: SentCommand) -> None:
        """Remember a command; the same id again does nothing."""
        ...

    async def answer(self, gateway_id: str, response: CommandResponse, at: datetime) -> SentCommand | None:
        """Keep the first answer; None when the command is unknown or was answered before."""
        ...

    async def command(self, command_id: str) -> SentCommand | None:
        """One command."""
        ...

    async def commands(self, *, gateway: str | None = None, limit: int | None = None) -> Sequence[SentCommand]:
        """All commands, or a gateway's, newest first."""
        ...

    async def silent(self, since: datetime, until: datetime) -> Sequence[SentCommand]:
        """Commands whose time ran out between the two without an answer, without what they said."""
        ...

    async def unanswered(self, gateway_id: str, name: str, at: datetime, limit: int) -> Sequence[SentCommand]:
        """The newest commands of that name that may still be answered and are not, oldest first."""
        ...

    async def last_issued(self, gateway_id: str, name: str) -> datetime | None:
        """When the newest command of that name was issued."""
        ...

    async def newest_command(self, gateway_id: str, name: str) -> SentCommand | None:
        """The newest command of that name."""
        ...

    async def newest_commands(self, name: str) -> dict[str, SentCommand]:
        """Gateway → its newest command of that name, without what it said."""
        ...

    async def drop_requests(self, gateway_id: str, name: str, but: str) -> None:
        """Forget what commands of that name said but for this one: lists are long, and the newest counts."""
        ...

    async def forget_commands(self, before: datetime) -> int:
        """Delete those answered, or expired without an answer, before this time; how many there were.

        The list of vehicles that a gateway was sent last is kept.
        """
        ...


class Enrolments(Protocol):
    """One-time codes for boxes, and the certificates that they got."""

    async def offer(self, code_hash: str, gateway: str, *, at: datetime, expires_at: datetime) -> None:
        """Keep a code by its hash; an earlier one of that gateway works no longer."""
        ...

    async def redeem(self, code_hash: str, at: datetime) -> str | None:
        """Use a code up and return its gateway; None when it is unknown, used or expired."""
        ...

    async def certified(self, gateway: str, certificate: IssuedCertificate, at: datetime) -> None:
        """Remember a certificate; those that the gateway had are revoked."""
        ...

    async def revoke(self, gateway: str, at: datetime) -> int:
        """Revoke the gateway's certificates and codes; how many certificates that were."""
        ...

    async def revoked(self) -> Collection[str]:
        """Serial numbers of all revoked certificates."""
        ...

    async def expiries(self) -> dict[str, datetime]:
        """Gateway id → when its valid certificate ends."""
        ...
