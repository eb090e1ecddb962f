"""What a gateway does with a command before and after it is carried out."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from pydantic import ValidationError

from lookout_contract.base import format_utc
from lookout_contract.commands import COMMANDS, Command, CommandResponse, Outcome, RolloutCommand
from lookout_edge.adapters.command_memory import CommandMemory
from lookout_edge.adapters.command_order import CommandOrder
from lookout_edge.errors import EdgeError

_NO_ID = "unknown"
#: Longest wait for the commands of the same kind that came before, seconds.
TURN_S = 30.0

Handler = Callable[[Command], CommandResponse]
Reply = Callable[[CommandResponse], None]


class CommandDesk:
    """Reads commands, answers those that are late, repeated, overtaken or wrong, and has the others carried out.

    Each runs on a thread of its own: a slow one never holds up receipts or heartbeats, nor commands of another kind or
    for another camera. Those of one kind follow each other in the order in which they came, but for rollouts, which
    refuse each other; one whose turn does not come within ``turn_s`` is answered as failed.
    """

    def __init__(
        self,
        handler: Handler,
        memory: CommandMemory | None = None,
        order: CommandOrder | None = None,
        *,
        turn_s: float = TURN_S,
    ) -> None:
        self._handler = handler
        self._memory = memory or CommandMemory()
        self._order = order or CommandOrder()
        self._turn_s = turn_s
        self._lock = threading.Lock()
        self._ended = threading.Condition(self._lock)
        #: Kind and camera → the commands under way, in order.
        self._queues: defaultdict[tuple[str, str | None], list[Command]] = defaultdict(list)

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
                known = self._first_look(command, now) or self._overtaken(command, now)
                self._memory.note(command.id, known)
                if known is None:
                    if not isinstance(command, RolloutCommand):
                        self._queues[_queue_of(command)].append(command)
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

    def _overtaken(self, command: Command, now: datetime) -> CommandResponse | None:
        newer = self._order.overtaken(command, now)
        if newer is None:
            return None
        why = f"a newer {command.name} command, of {format_utc(newer)}, came before it: nothing is done"
        return _answer(command, Outcome.REFUSED, now, why)

    def _carry_out(self, command: Command, now: datetime, reply: Reply) -> None:
        response = _answer(command, Outcome.FAILED, now, "the gateway stumbled over it: its log says where")
        try:
            response = self._await_turn(command, now) or self._handler(command)
        except EdgeError as error:
            response = _answer(command, Outcome.FAILED, now, str(error))
        finally:
            with self._ended:
                self._memory.note(command.id, response)
                self._leave(command)
            reply(response)

    def _await_turn(self, command: Command, came: datetime) -> CommandResponse | None:
        """Wait for those before it; the answer, when it is not to be carried out after all."""
        begun = time.monotonic()
        with self._ended:
            queue = self._queues.get(_queue_of(command), [])
            is_next = self._ended.wait_for(lambda: command not in queue or queue[0] is command, self._turn_s)
            before = queue[0].id if not is_next else None
        now = came + timedelta(seconds=time.monotonic() - begun)
        if before is not None:
            why = f"the {command.name} command before it ({before}) hangs: restart the gateway if this does not pass"
            return _answer(command, Outcome.FAILED, now, why)
        return self._first_look(command, now)

    def _leave(self, command: Command) -> None:
        queue = self._queues.get(_queue_of(command), [])
        if command in queue:
            queue.remove(command)
        if not queue:
            self._queues.pop(_queue_of(command), None)
        self._ended.notify_all()


def _queue_of(command: Command) -> tuple[str, str | None]:
    return command.name, getattr(command, "camera", None)


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
