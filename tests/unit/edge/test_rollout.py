"""A model on trial: kept when the cameras go on seeing, taken back when they do not."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from lookout_contract.commands import RolloutCommand
from lookout_contract.status import CameraState, Sight
from lookout_edge.errors import ConfigError, EdgeError, ModelError
from lookout_edge.supervisor import Rollouts

NOW = datetime(2026, 5, 4, tzinfo=UTC)
COMMAND = RolloutCommand(id="r", issued_at=NOW, model="better", package="a" * 64, bytes=1, watch_s=1)


def state(camera: str, sight: Sight = Sight.WATCHING, reason: str | None = None) -> CameraState:
    return CameraState(camera=camera, state=sight, since=NOW, reason=reason)


@dataclass
class Box:
    """A gateway whose models and packages are their names."""

    refused: EdgeError | None = None
    running: str = "coco-nano"
    said: list[str] = field(default_factory=list[str])
    begun: threading.Event = field(default_factory=threading.Event)
    #: How the cameras fare with each model.
    sights: dict[str, Mapping[str, CameraState | None]] = field(
        default_factory=dict[str, Mapping[str, "CameraState | None"]]
    )

    def __post_init__(self) -> None:
        self.sights.setdefault("coco-nano", {"gate": state("gate"), "hall": state("hall", Sight.BLIND, "stalled")})
        self.sights.setdefault("better", {"gate": state("gate"), "hall": state("hall", Sight.BLIND, "connecting")})
        self.rollouts = Rollouts[str, str](self, self, lambda: self.sights[self.running], configured="coco-nano")

    def fetch(self, name: str, package: str, size: int) -> str:
        if isinstance(self.refused, EdgeError) and not isinstance(self.refused, ConfigError | ModelError):
            raise self.refused
        return name

    def begin_trial(self, model: str, configured: str) -> None:
        self.begun.set()
        self.said.append(f"trial of {model} instead of {configured}")

    def keep(self) -> None:
        self.said.append("kept")

    def give_up(self) -> None:
        self.said.append("given up")

    def open_models(self, package: str) -> str:
        if isinstance(self.refused, ModelError):
            raise self.refused
        return package

    def use_models(self, models: str) -> str:
        if isinstance(self.refused, ConfigError) and models == "better":
            raise self.refused
        earlier, self.running = self.running, models
        return earlier


def test_a_model_with_which_the_cameras_see_is_kept() -> None:
    box = Box()
    assert box.rollouts.carry_out(COMMAND) == "better runs; 1 cameras were watched for 1 s."
    assert (box.running, box.said) == ("better", ["trial of better instead of coco-nano", "kept"])


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        (state("gate", Sight.BLIND, "detector_failed"), r"gate went blind \(detector_failed\)"),
        (state("gate", Sight.BLIND, "detector_timeout"), r"gate went blind \(detector_timeout\)"),
        (state("gate", Sight.BLIND, "connecting"), "gate saw nothing with it in 1 s"),
        (None, "gate saw nothing"),
    ],
)
def test_a_model_that_blinds_a_camera_is_rolled_back(gate: CameraState | None, said: str) -> None:
    box = Box(sights={"better": {"gate": gate}})
    with pytest.raises(EdgeError, match=f"Rolled back: .*{said}"):
        box.rollouts.carry_out(COMMAND)
    assert (box.running, box.said[-1]) == ("coco-nano", "given up")


def test_a_camera_that_goes_blind_during_the_trial_ends_it() -> None:
    box = Box()
    threading.Timer(0.4, lambda: box.sights.update({"better": {"gate": state("gate", Sight.BLIND, "covered")}})).start()
    with pytest.raises(EdgeError, match=r"gate went blind \(covered\)"):
        box.rollouts.carry_out(COMMAND.model_copy(update={"watch_s": 30.0}))
    assert box.running == "coco-nano"


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (EdgeError("no such package"), []),
        (ModelError("no such layer"), []),
        (ConfigError("needs a person"), ["trial of better instead of coco-nano", "given up"]),
    ],
)
def test_what_cannot_run_here_changes_nothing(refused: EdgeError, said: list[str]) -> None:
    box = Box(refused=refused)
    with pytest.raises(type(refused), match=str(refused)):
        box.rollouts.carry_out(COMMAND)
    assert (box.running, box.said) == ("coco-nano", said)


def test_a_defect_during_the_trial_ends_with_the_old_model_too() -> None:
    box = Box()
    del box.sights["better"]
    with pytest.raises(KeyError):
        box.rollouts.carry_out(COMMAND)
    assert (box.running, box.said[-1]) == ("coco-nano", "given up")


def test_stopping_the_gateway_ends_the_trial_and_a_second_rollout_waits_its_turn() -> None:
    box = Box()
    failed: list[str] = []

    def roll() -> None:
        try:
            box.rollouts.carry_out(COMMAND.model_copy(update={"watch_s": 60.0}))
        except EdgeError as error:
            failed.append(str(error))

    thread = threading.Thread(target=roll)
    thread.start()
    assert box.begun.wait(10)
    with pytest.raises(EdgeError, match="under way"):
        box.rollouts.carry_out(COMMAND)
    box.rollouts.close()
    thread.join(10)
    assert failed == ["Rolled back: the gateway was stopped during the trial."]
    assert box.running == "coco-nano"
