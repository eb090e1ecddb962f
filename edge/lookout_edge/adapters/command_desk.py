"""What a gateway does with a command before and after it is carried out."""

import json
import threading
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from typing import Any, cast

from pydantic import ValidationError

from lookout_contract.commands import COMMANDS, Command, CommandResponse, Outcome, RolloutCommand
from lookout_edge.adapters.command_memory import CommandMemory
from lookout_edge.errors import EdgeError

_NO_ID = "unknown"

Handler = Callable[[Command], CommandResponse]
Reply = Callable[[CommandResponse], None]


class CommandDesk:
    """Reads commands, answers those that are late, repeated or wrong, and has the others carried out one by one.

    Each runs on a thread of its own, in turn: a slow one never holds up receipts or heartbeats. A rollout, which takes
    minutes, does not hold up the others either.
    """

    def __init__(self, handler: Handler, memory: CommandMemory | None = None) -> None:
        self._handler = handler
        self._memory = memory or CommandMemory()
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def receive(self, name: str, payload: bytes, *, now: datetime, reply: Reply) -> None:
        """Handle the command that came in for ``name``; ``reply`` is called once, perhaps from another thread.

        It is not called for a repeated command whose first copy is still being carried out.
        """
        try:
            command = COMMANDS.validate_json(payload)
        except ValidationError as error:
            reply(_refusal(name, payload, error, now))
            return
        if command.name != name:
            reply(_answer(command, Outcome.REFUSED, now, f"the topic says {name!r}, the message {command.name!r}"))
            return
        with self._lock:
            if command.id in self._memory.interrupted and self._memory.answer(command.id) is None:
                known = _answer(command, Outcome.FAILED, now, "the gateway was restarted meanwhile: ask it anew")
                self._memory.note(command.id, known)
            elif command.id in self._memory:
                known = self._memory.answer(command.id)
            else:
                known = self._first_look(command, now)
                self._memory.note(command.id, known)
                if known is None:
                    threading.Thread(
                        target=self._carry_out, args=(command, now, reply), name=f"command-{name}", daemon=True
                    ).start()
        if known is not None:
            reply(known)

    @staticmethod
    def _first_look(command: Command, now: datetime) -> CommandResponse | None:
        if command.expires_at is not None and command.expires_at < now:
            return _answer(command, Outcome.EXPIRED, now, "it came too late: check the clocks or send it again")
        return None

    def _carry_out(self, command: Command, now: datetime, reply: Reply) -> None:
        response = _answer(command, Outcome.FAILED, now, "the gateway stumbled over it: its log says where")
        try:
            with nullcontext() if isinstance(command, RolloutCommand) else self._turn:
                response = self._handler(command)
        except EdgeError as error:
            response = _answer(command, Outcome.FAILED, now, str(error))
        finally:
            with self._lock:
                self._memory.note(command.id, response)
            reply(response)


def _answer(command: Command, outcome: Outcome, now: datetime, detail: str) -> CommandResponse:
    return CommandResponse(id=command.id, name=command.name, outcome=outcome, at=now, detail=detail)


def _refusal(name: str, payload: bytes, error: ValidationError, now: datetime) -> CommandResponse:
    problem = error.errors(include_url=False, include_context=False)[0]
    unknown = problem["type"] == "union_tag_invalid"
    where = ".".join(str(part) for part in problem["loc"])
    detail = f"{where}: {problem['msg']}" if where else problem["msg"]
    return CommandResponse(
        id=_id_in(payload),
        name=name,
        outcome=Outcome.UNSUPPORTED if unknown else Outcome.REFUSED,
        at=now,
        detail=f"{'this version has no such command' if unknown else 'the message is not a command'}: {detail}",
    )


def _id_in(payload: bytes) -> str:
    try:
        found: Any = json.loads(payload)
    except ValueError:
        return _NO_ID
    given = cast(dict[str, Any], found).get("id") if isinstance(found, dict) else None
    return given if isinstance(given, str) and 1 <= len(given) <= 64 else _NO_ID
