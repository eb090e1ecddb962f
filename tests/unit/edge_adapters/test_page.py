"""The gateway's own page: what it shows, to whom, and that pressing a button is never an accident."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from socket import create_connection
from threading import active_count
from typing import Any, cast
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lookout_contract.events import Attributes, EndReason, Phase, Scenario, Severity, Votes
from lookout_contract.status import CameraReport, CameraState, Coverage, GatewayStatus, Sight, SpoolDepth
from lookout_edge.adapters.page import CameraPlan, Desk, LocalPage, Recalled
from lookout_edge.adapters.page.access import is_own_name, shows_token
from lookout_edge.adapters.page.server import MOST_GUESTS
from lookout_edge.domain.condition import Condition
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.memory import Kind, Note, Recollection
from lookout_edge.domain.observation import Observation, Standing
from lookout_edge.domain.plates import Match
from lookout_edge.domain.view import CameraView, Candidate, LookCounts
from lookout_edge.errors import ConfigError
from lookout_edge.rules.registry import RULES
from lookout_edge.sight import Blindness
from lookout_edge.testing import picture, track

TOKEN = "0123456789abcdef-secret"
NOW = datetime(2026, 5, 4, 13, 4, tzinfo=UTC)
HOST = {"host": "127.0.0.1:8077"}
BEARER = {**HOST, "authorization": f"Bearer {TOKEN}"}
BASIC = {**HOST, "authorization": "Basic " + base64.b64encode(f"me:{TOKEN}".encode()).decode()}

WAITING = Observation(
    key=1,
    zone="gate",
    group="vehicle",
    box=Box(0.1, 0.2, 0.3, 0.4),
    standing=Standing.PENDING,
    since=95.0,
    severity=Severity.YELLOW,
    severity_reason="stranger",
    conditions=(Condition(name="dwell", value=5.0, limit=20.0, met=False, unit="s"),),
    objects=(),
    votes=Votes(yes=0, of=0),
    attributes=Attributes(),
)
GATE = CameraView(
    camera="gate",
    state=CameraState(camera="gate", state=Sight.WATCHING, since=NOW),
    report=CameraReport(fps=5.0, skew_s=-0.25, memory_bytes=1000, reconnects=2),
    counts=LookCounts(frames=100, looks=40, failed=3, shed=2, dropped=1),
    scenarios=(Scenario.UNFAMILIAR_VEHICLE,),
    events={("unfamiliar_vehicle", "start"): 4, ("unfamiliar_vehicle", "end"): 3},
    open_occurrences=1,
    size=(64, 36),
    picture_at=100.0,
    tracks=(track(7, label="car", box=Box(0.1, 0.2, 0.3, 0.4), at=100.0),),
    candidates=(Candidate(Scenario.UNFAMILIAR_VEHICLE, WAITING),),
)
YARD = CameraView(
    camera="yard",
    state=CameraState(camera="yard", state=Sight.BLIND, since=NOW, reason="auth"),
    report=CameraReport(),
    counts=LookCounts(),
    scenarios=(Scenario.FIRE_SMOKE,),
    events={},
    open_occurrences=0,
    size=None,
    picture_at=None,
    tracks=(),
    candidates=(),
)
TODAY = Coverage(day=date(2026, 5, 4), watching_min=700.5, blind_min={"auth": 3}, off_min={"not_running": 2})


@dataclass
class FakeGateway:
    """Two cameras, one of them blind, and a button."""

    connected: bool = True
    pressed: list[str] = field(default_factory=list[str])

    def status(self) -> GatewayStatus:
        spool = SpoolDepth(events=6, evidence=2, evidence_bytes=500, oldest_s=9.5, dropped={"garbage": 3})
        return GatewayStatus(
            gateway="gw-1",
            online=True,
            epoch="20260504t130000-aaaa",
            at=NOW,
            version="1.2.3",
            spool=spool,
            last_sequence=41,
            cameras={"yard": CameraReport(coverage=(TODAY,))},
        )

    def is_connected(self) -> bool:
        return self.connected

    def cameras(self) -> Sequence[CameraView]:
        return (GATE, YARD)

    def plan(self, camera: str) -> CameraPlan:
        if camera not in {"gate", "yard"}:
            raise ConfigError(f"There is no camera {camera!r}.")
        return CameraPlan("东门" if camera == "gate" else "", {"gate": [(0, 0), (1, 0), (1, 1)]}, [])

    def image(self, camera: str) -> Image | None:
        return picture(120) if camera == "gate" else None

    def why(self, camera: str, at: str, around_s: float) -> Recalled:
        if ":" not in at:
            raise ConfigError(f"{at!r} is no time.")
        note = Note(at=1_777_899_840.0, camera=camera, kind=Kind.SIGHT, state="watching")
        lines = [f"{camera} {at} {around_s:g}"]
        remembered = Recollection(
            start=note.at - 60, end=note.at + 60, notes=[note], forgotten_until=note.at - around_s
        )
        return Recalled(lines=lines, remembered=remembered, timezone=ZoneInfo("Asia/Shanghai"))

    def buttons(self) -> Sequence[str]:
        return ("lobby",)

    def press(self, button: str) -> str:
        if button != "lobby":
            raise ConfigError(f"There is no button {button!r}.")
        self.pressed.append(button)
        return "abc"

    def begin_self_test(self, camera: str, scenario: Scenario | None) -> Mapping[str, object]:
        self.plan(camera)
        return {"camera": camera, "scenario": scenario, "passed": None}

    def self_test(self, camera: str) -> Mapping[str, object] | None:
        self.plan(camera)
        return None

    def looks_took(self) -> tuple[Sequence[tuple[float, int]], float]:
        return ((0.1, 3), (float("inf"), 4)), 1.5


def ask(
    method: str,
    target: str,
    headers: Mapping[str, str] = HOST,
    *,
    token: str | None = None,
    gateway: FakeGateway | None = None,
) -> tuple[HTTPStatus, Any]:
    answer = Desk(gateway or FakeGateway(), token=token, for_this_machine_only=True).answer(method, target, headers)
    return answer.status, json.loads(answer.body) if "json" in answer.mime else answer.body


def test_shows_every_camera_with_what_its_rules_wait_for() -> None:
    status, value = ask("GET", "/api/status")
    assert status == 200
    gate, yard = value["cameras"]
    assert (gate["name"], gate["state"]["state"], gate["report"]["fps"]) == ("东门", "watching", 5.0)
    assert gate["tracks"] == [{"id": 7, "label": "car", "score": 0.8, "box": [0.1, 0.2, 0.3, 0.4], "held": False}]
    (candidate,) = gate["candidates"]
    assert (candidate["standing"], candidate["for_s"]) == ("pending", 5.0)
    dwell = {"name": "dwell", "value": 5.0, "limit": 20.0, "met": False, "unit": "s", "bound": None}
    assert candidate["conditions"] == [dwell]
    assert (yard["state"]["reason"], yard["size"], yard["candidates"]) == ("auth", None, [])
    assert yard["report"]["coverage"] == [TODAY.model_dump(mode="json")]
    assert value["may_press"] is False


def test_a_picture_is_a_jpeg_and_a_camera_without_one_says_so() -> None:
    status, jpeg = ask("GET", "/api/cameras/gate/picture.jpg")
    assert (status, jpeg[:3]) == (200, b"\xff\xd8\xff")
    status, problem = ask("GET", "/api/cameras/yard/picture.jpg")
    assert (status, problem["detail"]) == (503, "Camera yard has given no picture yet.")
    assert ask("GET", "/api/cameras/nowhere/picture.jpg")[0] == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [("at=21:04", 200), ("at=21:04&around=60", 200), ("", 400), ("at=noon", 400), ("at=21:04&around=x", 400)],
)
def test_answers_why_or_says_what_is_wrong_with_the_question(query: str, status: int) -> None:
    given, value = ask("GET", f"/api/cameras/gate/why?{query}")
    assert given == status
    if status == 200:
        assert value["lines"] == ["gate 21:04 " + ("60" if "around" in query else "120")]
        assert value["before"] is None
        assert [(note["kind"], note["clock"]) for note in value["notes"]] == [("sight", "05-04 21:04:00")]
        until = "05-04 21:03:00" if "around" in query else None
        assert (value["forgotten_until"], value["forgotten"]) == (until, False)
        assert value["silence"] == ("since" if "around" in query else "watched")


def test_is_ready_while_some_camera_is_watched_and_the_broker_reached() -> None:
    assert ask("GET", "/readyz") == (200, {"ready": True, "broker": True, "watching": ["gate"]})
    assert ask("GET", "/readyz", gateway=FakeGateway(connected=False))[0] == 503
    assert ask("GET", "/healthz", gateway=FakeGateway(connected=False))[0] == 200


def test_metrics_are_what_prometheus_reads() -> None:
    status, text = ask("GET", "/metrics")
    assert status == 200
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }
    assert samples["lookout_spool_events",] == 6
    assert samples["lookout_spool_dropped_total", "garbage"] == 3
    assert samples["lookout_camera_state", "", "gate", "watching"] == 1
    assert samples["lookout_camera_state", "auth", "blind", "yard"] == 1
    assert samples["lookout_events_total", "gate", "start", "unfamiliar_vehicle"] == 4
    assert samples["lookout_looks_shed_total", "gate", "unfamiliar_vehicle"] == 2
    assert samples["lookout_camera_skew_seconds", "gate"] == -0.25
    assert ("lookout_camera_skew_seconds", "yard") not in samples
    assert samples["lookout_inference_seconds_bucket", "+Inf"] == 4
    assert samples["lookout_inference_seconds_sum",] == 1.5
    minutes = {key[1:]: value for key, value in samples.items() if key[0] == "lookout_camera_coverage_minutes"}
    assert minutes == {
        ("", "watching", "yard"): 700.5,
        ("auth", "blind", "yard"): 3,
        ("not_running", "off", "yard"): 2,
    }


def test_without_a_token_only_this_machine_under_its_own_name_is_answered() -> None:
    status, problem = ask("GET", "/api/status", {"host": "rebound.example"})
    assert (status, "http.token_file" in problem["detail"]) == (421, True)
    assert ask("GET", "/api/status", {})[0] == 421
    # With a token names do not matter: whoever has it may look.
    assert ask("GET", "/api/status", {**BEARER, "host": "gw.example"}, token=TOKEN)[0] == 200


@pytest.mark.parametrize("target", ["/", "/api/status", "/metrics", "/api/cameras/gate/picture.jpg"])
def test_with_a_token_nothing_is_shown_without_it(target: str) -> None:
    assert ask("GET", target, token=TOKEN)[0] == 401
    assert ask("GET", target, {**HOST, "authorization": "Bearer wrong"}, token=TOKEN)[0] == 401
    assert ask("GET", target, BEARER, token=TOKEN)[0] == 200
    assert ask("GET", target, BASIC, token=TOKEN)[0] == 200


def test_a_self_test_is_begun_by_post_with_a_header_that_no_foreign_page_may_send() -> None:
    own = {**HOST, "x-lookout": "1"}
    assert ask("POST", "/self-tests/gate")[0] == 403
    assert ask("POST", "/self-tests/cellar", own)[0] == 404
    assert ask("POST", "/self-tests/gate?scenario=flood", own)[0] == 400
    assert ask("POST", "/self-tests/gate", {**own, "host": "evil.example"})[0] == 421
    status, begun = ask("POST", "/self-tests/gate?scenario=fire_smoke", own)
    assert (status, begun["scenario"]) == (202, "fire_smoke")
    assert ask("GET", "/self-tests/gate") == (200, None)
    assert ask("POST", "/api/status", own)[0] == 405


def test_a_button_is_pressed_by_post_with_the_token_and_not_otherwise() -> None:
    gateway = FakeGateway()
    assert ask("POST", "/buttons/lobby", gateway=gateway)[0] == 403
    assert ask("POST", "/buttons/lobby", token=TOKEN, gateway=gateway)[0] == 401
    assert ask("GET", "/buttons/lobby", BEARER, token=TOKEN, gateway=gateway)[0] == 405
    foreign = {**BASIC, "sec-fetch-site": "cross-site"}
    assert ask("POST", "/buttons/lobby", foreign, token=TOKEN, gateway=gateway)[0] == 403
    assert ask("POST", "/buttons/cellar", BEARER, token=TOKEN, gateway=gateway)[0] == 404
    assert gateway.pressed == []
    assert ask("POST", "/buttons/lobby", BEARER, token=TOKEN, gateway=gateway) == (201, {"occurrence": "abc"})
    assert (
        ask("POST", "/buttons/lobby", {**BASIC, "sec-fetch-site": "same-origin"}, token=TOKEN, gateway=gateway)[0]
        == 201
    )
    assert gateway.pressed == ["lobby", "lobby"]


def test_other_methods_and_paths_get_an_answer_too() -> None:
    assert ask("POST", "/api/status")[0] == 405
    assert ask("GET", "/nothing/here")[0] == 404


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Basic !!!", f"Digest {TOKEN}", "Basic " + base64.b64encode(b"\xff").decode()]
)
def test_no_header_that_is_not_the_token_passes(header: str | None) -> None:
    assert not shows_token(header, TOKEN)


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1:8077", True),
        ("localhost", True),
        ("[::1]:8077", True),
        ("127.9.9.9", True),
        ("lan.example", False),
        (None, False),
        ("10.0.0.3", False),
    ],
)
def test_names_of_this_machine(host: str | None, *, own: bool) -> None:
    assert is_own_name(host) is own


def keys_of(value: Mapping[str, object], prefix: str = "") -> Iterator[str]:
    for key, below in value.items():
        if isinstance(below, Mapping):
            yield from keys_of(cast(Mapping[str, object], below), f"{prefix}{key}.")
        else:
            yield prefix + key


def test_both_languages_have_the_same_words_and_every_scenario() -> None:
    folder = files("lookout_edge.adapters.page").joinpath("static")
    chinese, english = (json.loads(folder.joinpath(f"{name}.json").read_text("utf-8")) for name in ("zh-CN", "en"))
    assert sorted(keys_of(chinese)) == sorted(keys_of(english))
    assert {scenario.value for scenario in Scenario} <= set(chinese["scenarios"])
    assert {match.value for match in Match} <= set(chinese["values"])
    assert set(chinese["advice"]) == set(chinese["reasons"])
    assert {blindness.value for blindness in Blindness} <= set(chinese["advice"])
    assert {*Phase, "resumed"} == set(chinese["phases"])
    assert set(Severity) == set(chinese["severities"])
    assert set(EndReason) <= set(chinese["because"])
    assert {label for kind in RULES.values() for label in kind.labels} <= set(chinese["labels"])
    # One name for one thing: conditions are called here as in the console.
    console = Path(__file__).parents[3] / "server/console/src/locales"
    for name, words in (("zh-CN", chinese), ("en", english)):
        there = json.loads((console / f"{name}.json").read_text("utf-8"))["condition"]
        assert {key: there.get(key, word) for key, word in words["conditions"].items()} == words["conditions"]


def test_serves_over_a_socket_and_a_taken_port_costs_only_the_page() -> None:
    page = LocalPage(Desk(FakeGateway(), token=None, for_this_machine_only=True), bind="127.0.0.1", port=0)
    page.start()
    with closing(page):
        assert page.address is not None
        with urlopen(page.address + "/", timeout=10) as response:
            assert b"page.js" in response.read()
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        with pytest.raises(HTTPError) as refused:
            urlopen(Request(page.address + "/buttons/lobby", method="POST"), timeout=10)
        assert refused.value.code == 403
        refused.value.close()
        port = int(page.address.rpartition(":")[2])
        second = LocalPage(Desk(FakeGateway(), token=None, for_this_machine_only=True), bind="127.0.0.1", port=port)
        second.start()
        assert second.address is None
        second.close()
    assert page.address is None


def test_connections_that_say_nothing_take_few_threads_and_keep_nobody_out() -> None:
    page = LocalPage(Desk(FakeGateway(), token=None, for_this_machine_only=True), bind="127.0.0.1", port=0)
    page.start()
    before = active_count()
    with closing(page), ExitStack() as open_ones:
        assert page.address is not None
        port = int(page.address.rpartition(":")[2])
        silent = [open_ones.enter_context(create_connection(("127.0.0.1", port), 10)) for _ in range(3 * MOST_GUESTS)]
        silent[0].settimeout(10)
        assert silent[0].recv(1) == b""  # shown the door
        with urlopen(page.address + "/healthz", timeout=10) as response:
            assert response.status == 200
        for each in silent[:MOST_GUESTS]:
            each.settimeout(10)
            assert each.recv(1) == b""
        assert active_count() - before <= 2 * MOST_GUESTS
