"""The local page over the running gateway."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lookout_contract.events import Scenario
from lookout_contract.status import GatewayStatus
from lookout_edge.adapters.memory import Memory
from lookout_edge.adapters.page import CameraPlan, Desk, LocalPage, Recalled
from lookout_edge.adapters.page.words import Language, Words
from lookout_edge.config import CameraConfig, LoadedConfig
from lookout_edge.config.http import HttpConfig
from lookout_edge.domain.frame import Image
from lookout_edge.domain.hosts import is_loopback
from lookout_edge.domain.view import CameraView
from lookout_edge.errors import ConfigError
from lookout_edge.recall import answer, read_moment, remembered_cameras
from lookout_edge.supervisor import ButtonDesk, Crew, Load, SelfTestDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningGateway:
    """See ``adapters.page.Shown``."""

    loaded: Callable[[], LoadedConfig]
    crew: Crew
    status: Callable[[], GatewayStatus]
    is_connected: Callable[[], bool]
    memory: Memory
    buttons_desk: ButtonDesk
    self_tests: SelfTestDesk
    load: Callable[[], Load]

    def cameras(self) -> Sequence[CameraView]:
        """See ``Shown``."""
        return [worker.view() for worker in self.crew.workers if worker.camera in self.loaded().config.cameras]

    def plan(self, camera: str) -> CameraPlan:
        """See ``Shown``."""
        config = self._camera(camera)
        zones = {name: zone.polygon for name, zone in config.zones.items()}
        return CameraPlan(config.name, zones, [mask.polygon for mask in config.masks])

    def image(self, camera: str) -> Image | None:
        """See ``Shown``."""
        self._camera(camera)
        worker = self.crew.find(camera)
        return worker.image() if worker is not None else None

    def why(self, camera: str, at: str, around_s: float) -> Recalled:
        """See ``Shown``."""
        known = remembered_cameras(self.loaded().config.cameras, self.memory)
        if camera not in known:
            raise ConfigError(f"There is no camera {camera!r}; known are {', '.join(known)}.")
        timezone = self.loaded().timezone
        now = datetime.now(timezone)
        moment = read_moment(at, timezone, now).timestamp()
        recalled = self.memory.recall(camera, moment - around_s, moment + around_s, lives_at=now.timestamp())
        lines = answer(recalled, timezone, Words.of(Language.ENGLISH))
        return Recalled(lines=lines, remembered=recalled, timezone=timezone)

    def buttons(self) -> Sequence[str]:
        """See ``Shown``."""
        return tuple(self.loaded().config.buttons)

    def press(self, button: str) -> str:
        """See ``Shown``."""
        return self.buttons_desk.press(button)

    def begin_self_test(self, camera: str, scenario: Scenario | None) -> Mapping[str, object]:
        """See ``Shown``."""
        return self.self_tests.begin(camera, scenario).as_json()

    def self_test(self, camera: str) -> Mapping[str, object] | None:
        """See ``Shown``."""
        self._camera(camera)
        last = self.self_tests.last(camera)
        return last.as_json() if last is not None else None

    def looks_took(self) -> tuple[Sequence[tuple[float, int]], float]:
        """See ``Shown``."""
        load = self.load()
        return load.took, load.took_s

    def _camera(self, name: str) -> CameraConfig:
        cameras = self.loaded().config.cameras
        if name not in cameras:
            raise ConfigError(f"There is no camera {name!r}; known are {', '.join(cameras)}.")
        return cameras[name]


def page_of(config: HttpConfig, shown: RunningGateway) -> LocalPage:
    """The page as configured."""
    token = config.token.get_secret_value() if config.token else None
    desk = Desk(shown, token=token, for_this_machine_only=is_loopback(config.bind))
    return LocalPage(desk, bind=config.bind, port=config.port)
