"""A bench in which nothing moves any more ends, and says how far everybody was."""

import asyncio
import json

import pytest

from lookout_lab import senders
from lookout_lab.errors import LabError
from lookout_lab.senders import Sender, settled

pytestmark = pytest.mark.anyio


def _sender(sent: int) -> Sender:
    sender = Sender("gateway-1", 0, "load-001")
    sender.sent += [0.0] * sent
    return sender


async def _nothing() -> None:
    """Everything has been sent before."""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(senders, "STALLED_AFTER_S", 0.05)
    monkeypatch.setattr(senders, "_LOOK_EVERY_S", 0.01)


@pytest.mark.usefixtures("impatient")
async def test_what_stands_still_ends_with_how_far_each_was() -> None:
    with pytest.raises(LabError) as caught:
        await settled("burst", [_sender(3)], _nothing(), lambda: "the broker is full")
    assert "burst: nothing has moved" in str(caught.value)
    assert "gateway-1: 3 sent, 0 acknowledged by the broker, 0 receipted" in str(caught.value)
    assert str(caught.value).endswith("the broker is full")


async def test_it_ends_with_the_last_receipt() -> None:
    sender = _sender(20)

    async def receipts() -> None:
        for upto in range(1, 21):
            await asyncio.sleep(0)
            sender.hear("receipt", json.dumps({"epoch": "load-001", "upto": upto}).encode())

    await settled("steady", [sender], receipts(), lambda: "")
    assert len(sender.settled) == 20


async def test_what_goes_wrong_while_sending_is_told_at_once() -> None:
    async def broken() -> None:
        raise LabError("the broker refuses gateway-1")

    with pytest.raises(LabError, match="refuses gateway-1"):
        await settled("steady", [_sender(1)], broken(), lambda: "")
