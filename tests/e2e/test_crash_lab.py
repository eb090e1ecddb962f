"""A short run of the crash lab; ``make crashlab`` runs as long as one wants."""

import shutil
from pathlib import Path

import pytest

from lookout_lab.crash import run_crash

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.mark.skipif(
    shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/bin") is None,
    reason="mosquitto is not installed",
)
def test_faults_of_every_kind_lose_and_double_nothing(tmp_path: Path) -> None:
    outcome = run_crash(1, 12, "sqlite", keep=tmp_path / "lab")
    assert outcome.verdict.broken == {name: [] for name in outcome.verdict.broken}
    assert outcome.confirmed > 0
    assert sum(outcome.faults.values()) == 12
