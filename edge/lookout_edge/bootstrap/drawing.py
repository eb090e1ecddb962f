"""Zones drawn from afar: tried on the whole configuration, kept, and taken up by the camera."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from lookout_contract.commands import Zones, ZonesCommand, ZonesReport
from lookout_contract.events import Scenario
from lookout_edge.adapters.atomic_file import write_whole
from lookout_edge.config import LoadedConfig
from lookout_edge.config.drawn import DRAWN, Drawn, DrawnZones, digest_of, written
from lookout_edge.errors import ConfigError, EdgeError
from lookout_edge.ports import Clock


class ZoneDesk:
    """Answers ``ZonesCommand``. ``load`` reads the configuration with other drawn zones, ``reload`` takes it up."""

    def __init__(
        self,
        loaded: Callable[[], LoadedConfig],
        load: Callable[[Path, Drawn], LoadedConfig],
        reload: Callable[[], str],
        clock: Clock,
    ) -> None:
        self._loaded = loaded
        self._load = load
        self._reload = reload
        self._clock = clock
        self._turn = Lock()

    def carry_out(self, command: ZonesCommand) -> ZonesReport:
        """Draw, or only tell. ConfigError says what is wrong with the zones; those before them stay in force."""
        with self._turn:
            before = report_of(self._loaded(), command.camera)
            if command.zones is None:
                return before
            if command.seen != before.version:
                raise ConfigError("Somebody has drawn these zones meanwhile: load them again, then draw.")
            self._draw(command, before.zones)
            return report_of(self._loaded(), command.camera)

    def _draw(self, command: ZonesCommand, earlier: Zones) -> None:
        loaded = self._loaded()
        fresh = DrawnZones(
            zones=command.zones or {},
            earlier=earlier,
            instead_of=loaded.file_zones[command.camera],
            by=command.by,
            at=datetime.fromtimestamp(self._clock.now(), UTC),
        )
        drawn = {**loaded.drawn, command.camera: fresh}
        # Tried before it is written: a gateway that is killed in between must start again.
        self._load(loaded.path, drawn)
        path = loaded.config.data_dir / DRAWN
        try:
            write_whole(path, written(drawn))
            try:
                self._reload()
            except EdgeError:
                write_whole(path, written(loaded.drawn))
                raise
        except OSError as error:
            raise EdgeError(f"The zones cannot be kept in {path} ({error.strerror}): make room.") from error


def report_of(loaded: LoadedConfig, camera: str) -> ZonesReport:
    """A camera's zones as they are in force. EdgeError names the cameras that there are."""
    config = loaded.config.cameras.get(camera)
    if config is None:
        known = ", ".join(loaded.config.cameras)
        raise EdgeError(f"There is no camera {camera!r} at this gateway; there are: {known}.")
    zones = {name: zone.polygon for name, zone in config.zones.items()}
    rules: dict[str, tuple[Scenario, ...]] = {
        name: tuple(Scenario(rule.scenario) for rule in config.rules if name in rule.zones) for name in zones
    }
    drawn = loaded.drawn.get(camera) if camera in loaded.counting else None
    return ZonesReport(
        camera=camera,
        version=digest_of(zones),
        zones=zones,
        rules=rules,
        earlier=drawn.earlier if drawn else None,
        drawn_by=drawn.by if drawn else None,
        drawn_at=drawn.at if drawn else None,
    )
