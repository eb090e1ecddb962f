"""A model's way from the control room to a box and back: API, broker, download, trial, answer; kept or rolled back."""

import json
import shutil
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from e2e.console_driver import Login
from e2e.dispatcher import SITE, Dispatcher
from lookout_contract.commands import Command, CommandResponse, Outcome, RolloutCommand
from lookout_contract.status import CameraState, GatewayStatus, Sight
from lookout_contract.topics import GatewayTopics
from lookout_edge.adapters.link import BrokerOptions, MqttLink
from lookout_edge.adapters.model_store import ModelStore, RolledOut
from lookout_edge.adapters.spool import SqliteSpool
from lookout_edge.adapters.testing import HandClock
from lookout_edge.adapters.zoo import Zoo
from lookout_edge.errors import EdgeError
from lookout_edge.supervisor import Rollouts
from lookout_server.domain.territory import Role

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
GATEWAY, MODEL, PATIENCE_S = "gw-01", "coco-nano", 60
LEAD = Login(username="sun", password="lead-of-the-test")


@dataclass
class Box:
    """Real spool, link, package store and rollouts; one camera, which goes blind with the packages in ``blinding``."""

    dispatcher: Dispatcher
    folder: Path
    issued: dict[str, Any]
    blinding: set[str] = field(default_factory=set[str])
    running: str = "configured"

    def __post_init__(self) -> None:
        self.packages = ModelStore(
            self.folder / "models", dispatcher_url=self.dispatcher.url, token=self.issued["upload_token"]
        )
        self.rollouts = Rollouts[RolledOut, str](self.packages, self, self._sights, configured=MODEL)
        clock = HandClock(time.time())
        self.spool = SqliteSpool(self.folder / "spool.db", site=SITE, gateway=GATEWAY, clock=clock)
        options = BrokerOptions(
            host="127.0.0.1",
            port=self.dispatcher.runtime()["mqtt_port"],
            username=self.issued["mqtt_username"],
            password=self.issued["mqtt_password"],
        )
        topics = GatewayTopics(site=SITE, gateway=GATEWAY)
        self.link = MqttLink(
            options, topics, spool=self.spool, clock=clock, status=self._status, on_command=self._carry_out
        )
        self.link.start()

    def open_models(self, package: RolledOut) -> str:
        assert Zoo(package.folder).entry(MODEL).weights()
        return package.package

    def use_models(self, models: str) -> str:
        earlier, self.running = self.running, models
        return earlier

    def close(self) -> None:
        self.rollouts.close()
        self.link.close()
        self.spool.close()

    def _sights(self) -> Mapping[str, CameraState | None]:
        blind = self.running in self.blinding
        sight, reason = (Sight.BLIND, "detector_failed") if blind else (Sight.WATCHING, None)
        return {"gate": CameraState(camera="gate", state=sight, since=datetime.now(UTC), reason=reason)}

    def _status(self) -> GatewayStatus:
        return GatewayStatus(
            gateway=GATEWAY, online=True, epoch=self.spool.epoch, at=datetime.now(UTC), version="0.1.0"
        )

    def _carry_out(self, command: Command) -> CommandResponse:
        assert isinstance(command, RolloutCommand)
        try:
            outcome, detail = Outcome.DONE, self.rollouts.carry_out(command)
        except EdgeError as error:
            outcome, detail = Outcome.FAILED, str(error)
        return CommandResponse(id=command.id, name=command.name, outcome=outcome, at=datetime.now(UTC), detail=detail)


@dataclass
class ControlRoom:
    """Asks the API as a person with a session does."""

    url: str
    token: str = ""

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {self.token}"} if self.token else {}
        )
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data=data, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return cast("dict[str, Any]", json.load(answer))

    def sign_in(self, login: Login) -> None:
        self.token = self.ask("POST", "/session", {"username": login.username, "password": login.password})["token"]

    def roll_out(self, package: str) -> dict[str, Any]:
        """The command once it is answered."""
        body = {"name": "rollout", "package": package, "watch_s": 1}
        asked = self.ask("POST", f"/gateways/{GATEWAY}/commands", body)["id"]

        def answered() -> dict[str, Any] | None:
            items = self.ask("GET", f"/commands?gateway={GATEWAY}")["items"]
            return next((each for each in items if each["id"] == asked and each["state"] == "answered"), None)

        return waited_for(answered)


def waited_for(look: Callable[[], dict[str, Any] | None]) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_S
    while (found := look()) is None:
        assert time.monotonic() < deadline, "no answer came"
        time.sleep(0.1)
    return found


@pytest.fixture
def dispatcher(tmp_path: Path) -> Iterator[Dispatcher]:
    folder = tmp_path / "dispatcher"
    folder.mkdir()
    running = Dispatcher(folder=folder)
    running.start()
    yield running
    running.stop()


def packed(dispatcher: Dispatcher, folder: Path, card: str) -> str:
    """The SHA-256 of a package of our own model with another card."""
    entry = folder / card
    shutil.copytree(Zoo.find().entry(MODEL).folder, entry)
    (entry / "CARD.md").write_text(card)
    return dispatcher.verb("model", "add", str(entry)).split()[1]


def test_a_model_is_kept_when_the_camera_goes_on_seeing_and_rolled_back_when_not(
    dispatcher: Dispatcher, tmp_path: Path
) -> None:
    good, bad = packed(dispatcher, tmp_path, "good"), packed(dispatcher, tmp_path, "bad")
    dispatcher.add_person(LEAD, Role.SUPERVISOR)
    box = Box(dispatcher, tmp_path / "box", dispatcher.add_gateway(GATEWAY), blinding={bad})
    try:
        room = ControlRoom(dispatcher.url)
        room.sign_in(LEAD)
        answer = room.roll_out(good)
        assert (answer["outcome"], box.running) == ("done", good), answer
        answer = room.roll_out(bad)
        assert (answer["outcome"], box.running) == ("failed", good), answer
        assert "gate went blind" in answer["detail"]
    finally:
        box.close()
    # What a restart would run is what was kept, and the other is not on disk any more.
    chosen = box.packages.chosen(MODEL)
    assert chosen is not None
    assert chosen.package == good
    assert not (tmp_path / "box" / "models" / bad).exists()
