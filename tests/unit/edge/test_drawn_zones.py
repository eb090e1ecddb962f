"""Zones drawn in the console: tried, kept beside the file, and given up when the file says something newer."""

from pathlib import Path

import pytest

from lookout_contract.commands import Zones, ZonesCommand
from lookout_contract.events import Scenario
from lookout_edge.bootstrap.drawing import ZoneDesk
from lookout_edge.config import LoadedConfig, load_config
from lookout_edge.config.drawn import DRAWN, Drawn
from lookout_edge.errors import ConfigError, EdgeError
from lookout_edge.testing import FakeClock
from unit.edge.test_commands import NOW
from unit.edge.test_config import GOOD, MODELS

LANE = ((0.1, 0.5), (0.9, 0.5), (0.5, 0.9))


class Box:
    """A gateway's configuration, as far as drawing goes; ``stuck`` is why it cannot be taken up."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "gateway.yaml"
        self.path.write_text(GOOD, encoding="utf-8")
        (folder / ".lookout" / "gateway").mkdir(parents=True)
        self.loaded = self.load(self.path)
        self.stuck: str | None = None
        self.desk = ZoneDesk(lambda: self.loaded, self.load, self._reload, FakeClock())

    @property
    def drawn(self) -> Path:
        return self.loaded.config.data_dir / DRAWN

    @property
    def polygons(self) -> Zones:
        return {name: zone.polygon for name, zone in self.loaded.config.cameras["gate"].zones.items()}

    def load(self, path: Path, drawn: Drawn | None = None) -> LoadedConfig:
        return load_config(path, models=MODELS, environ={}, drawn=drawn)

    def draw(self, zones: Zones | None, seen: str | None = None, camera: str = "gate") -> str:
        """The version afterwards."""
        command = ZonesCommand(id="1", issued_at=NOW, camera=camera, zones=zones, seen=seen, by="zhao")
        return self.desk.carry_out(command).version

    def _reload(self) -> str:
        if self.stuck is not None:
            raise EdgeError(self.stuck)
        self.loaded = self.load(self.path)
        return "runs"


def test_drawn_zones_are_in_force_and_survive_a_start(tmp_path: Path) -> None:
    box = Box(tmp_path)
    before, version = box.polygons, box.draw(None)
    box.draw({"lane": LANE}, version)
    assert box.polygons == {"lane": LANE}
    assert {name: zone.polygon for name, zone in box.load(box.path).config.cameras["gate"].zones.items()} == {
        "lane": LANE
    }
    told = box.desk.carry_out(ZonesCommand(id="2", issued_at=NOW, camera="gate"))
    assert (told.earlier, told.drawn_by, told.rules) == (before, "zhao", {"lane": (Scenario.UNFAMILIAR_VEHICLE,)})
    # One click back.
    box.draw(told.earlier, told.version)
    assert box.polygons == before


@pytest.mark.parametrize(
    ("zones", "said"),
    [
        ({"other": LANE}, "there is no zone 'lane'"),
        ({"lane": ((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0))}, "no simple polygon"),
        ({"lane": ((0.0, 0.0), (0.5, 0.5), (1.0, 1.0))}, "no area"),
    ],
)
def test_bad_zones_are_refused_and_the_old_ones_stay(tmp_path: Path, zones: Zones, said: str) -> None:
    box = Box(tmp_path)
    before, version = box.polygons, box.draw(None)
    with pytest.raises(ConfigError, match=said):
        box.draw(zones, version)
    assert box.polygons == before
    assert not box.drawn.exists()


def test_who_draws_on_something_old_is_told_so(tmp_path: Path) -> None:
    box = Box(tmp_path)
    version = box.draw(None)
    assert box.draw({"lane": LANE}, version) != version
    with pytest.raises(ConfigError, match="meanwhile"):
        box.draw({"lane": LANE[::-1]}, version)
    with pytest.raises(EdgeError, match="no camera 'attic'"):
        box.draw(None, camera="attic")


def test_zones_that_cannot_be_taken_up_leave_nothing_behind(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.stuck = "Changes of mqtt need a restart of the gateway."
    before = box.polygons
    with pytest.raises(EdgeError, match="need a restart"):
        box.draw({"lane": LANE}, box.draw(None))
    box.stuck = None
    assert box.load(box.path).config.cameras["gate"].zones["lane"].polygon == before["lane"]


def test_the_file_wins_once_its_zones_are_changed(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.draw({"lane": LANE}, box.draw(None))
    box.path.write_text(GOOD.replace("[1, 0.5]", "[1, 0.25]"), encoding="utf-8")
    assert box.load(box.path).config.cameras["gate"].zones["lane"].polygon[1] == (1, 0.25)
    assert box.load(box.path).counting == frozenset()


def test_a_spoilt_file_of_drawn_zones_is_named(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.drawn.write_text("{", encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"cannot be read: repair or delete .*{DRAWN}"):
        box.load(box.path)
