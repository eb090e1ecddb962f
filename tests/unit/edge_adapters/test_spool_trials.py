"""Trials in the spool."""

from pathlib import Path

from lookout_contract.events import Attributes, Scenario
from lookout_edge.adapters.spool import SqliteSpool
from lookout_edge.adapters.testing import HandClock, some_event


def test_a_trial_waits_apart_and_is_given_up_first(tmp_path: Path) -> None:
    spool = SqliteSpool(tmp_path / "spool.db", site="s", gateway="g", clock=HandClock())
    fire = some_event(scenario=Scenario.FIRE_SMOKE)
    spool.put(fire.model_copy(update={"attributes": Attributes(test=True)}))
    spool.put(fire)
    assert [(row.sequence, row.test) for row in spool.pending(10)] == [(2, False), (1, True)]
    assert [event.attributes.test for event in spool.unfinished(fire.camera)] == [False]
