"""When a webhook is tried again."""

from datetime import timedelta

from lookout_server.domain.webhook import HookState
from lookout_server.testing import NOON


def test_it_waits_for_its_pause_and_no_longer_than_any_pause_is() -> None:
    state = HookState(name="property", seq=1).failed("it answers 500", NOON)
    assert state.waits(NOON + timedelta(seconds=1))
    assert not state.waits(NOON + timedelta(seconds=2))
    # The clock said next year when it failed.
    ahead = HookState(name="property", seq=1).failed("it answers 500", NOON + timedelta(days=365))
    assert not ahead.waits(NOON)
