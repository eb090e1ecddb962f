"""First light: a real clip, the real gateway, broker and dispatcher, to a closed case; by API and in Chromium."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import cv2
import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from e2e.console_driver import PHONE, Login, drive_to_closed, launch, open_window
from lookout_demo.community import prepare
from lookout_demo.footage import bikes_clip, shipped_feeds
from lookout_demo.launch import Running, start
from lookout_demo.processes import Children, call, program

ROOT = Path(__file__).parents[2]
OUTPUT = ROOT / "tests" / "output" / "first-light"
STATIC = ROOT / "server" / "lookout_server" / "static"

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(420)]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Everything that `make demo` starts."""
    if not (STATIC / "index.html").exists():
        pytest.skip("the console is not built: run `python server/build_console.py`")
    feeds = shipped_feeds()
    with Children() as children:
        community = prepare(tmp_path_factory.mktemp("first-light"), feeds, port=0)
        yield start(children, community, feeds, lambda _: None)
        children.check()


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """What the worker photographs: a frame of the same street, bright and sharp."""
    capture = cv2.VideoCapture(str(bikes_clip()))
    found, frame = capture.read()
    assert found
    path = tmp_path / "photo.jpg"
    cv2.imwrite(str(path), frame)
    return path


def login_of(running: Running, role: str) -> Login:
    person = running.community.login(role)
    return Login(username=person.username, password=person.password)


def plays(page: Page) -> None:
    """A clip cut by the gateway is really played by the browser, not only offered."""
    video = page.locator("video").first
    expect(video).to_be_visible(timeout=60_000)
    state: dict[str, Any] = {}
    for _ in range(200):
        # It loops: at any one moment it may be at its start.
        state = cast(
            dict[str, Any],
            video.evaluate("(v) => ({time: v.currentTime, width: v.videoWidth, failed: v.error !== null})"),
        )
        if state["time"] > 0 or state["failed"]:
            break
        page.wait_for_timeout(100)
    assert not state["failed"]
    assert state["width"] > 0
    assert state["time"] > 0


def test_the_whole_loop_in_chromium_with_the_real_gateway(running: Running, browser: Browser, photo: Path) -> None:
    operator = open_window(browser, running.url)
    worker = open_window(browser, running.url, PHONE)
    operator.sign_in(login_of(running, "operator"))
    worker.sign_in(login_of(running, "worker"))
    row = operator.page.get_by_role("option").filter(has_text="东门").first
    row.click(timeout=120_000)
    plays(operator.page)
    operator.shoot(OUTPUT / "alarm.png")
    worker_name = running.community.login("worker").name
    drive_to_closed(operator, worker, photo=photo, output=OUTPUT, camera="东门", name=worker_name)
    expect(operator.page.get_by_text("摄像头复看").first).to_be_visible(timeout=60_000)
    operator.shoot(OUTPUT / "case-closed.png")
    assert operator.complaints == []
    assert worker.complaints == []


def _token(running: Running) -> str:
    """Of somebody who may ask gateways for something."""
    config = str(running.community.server_config)
    chief = [
        program("lookout-server"),
        "user",
        "add",
        "chief",
        "--role",
        "admin",
        "--password-stdin",
        "--config",
        config,
    ]
    call(chief, stdin="chief-of-the-test\n")
    answer = httpx.post(f"{running.url}/api/v1/session", json={"username": "chief", "password": "chief-of-the-test"})
    return cast(str, answer.json()["token"])


def test_a_camera_is_tested_all_the_way_and_nothing_of_it_is_taken_for_seen(running: Running, browser: Browser) -> None:
    with httpx.Client(base_url=running.url, headers={"Authorization": f"Bearer {_token(running)}"}) as web:
        asked = web.post("/api/v1/gateways/gw-demo/commands", json={"name": "self_test", "camera": "east-gate"})
        assert asked.status_code == 202, asked.text
        proof = _proof(web, "east-gate")
        conditions = {condition["name"]: condition for condition in proof["conditions"]}
        assert proof["passed"], conditions
        hops = [name for name in conditions if name.startswith("hop_")]
        assert hops == ["hop_look", "hop_rule", "hop_spool", "hop_broker", "hop_receipt"]
        alarms = web.get("/api/v1/alarms", params={"limit": 200}).json()["items"]
        assert all(alarm["started_at"] != proof["at"] for alarm in alarms)
    operator = open_window(browser, running.url)
    operator.sign_in(login_of(running, "operator"))
    operator.page.goto(f"{running.url}/cameras/gw-demo/east-gate")
    expect(operator.page.get_by_text("自检通过（陌生车辆）")).to_be_visible()


def _proof(web: httpx.Client, camera: str) -> dict[str, Any]:
    """The camera's self-test, once it is over: the clip takes as long as it takes."""
    deadline = time.monotonic() + 120
    while True:
        cameras = web.get("/api/v1/cameras").json()["items"]
        proofs = next(found for found in cameras if found["id"] == camera)["proofs"]
        over = [proof for proof in proofs if proof["kind"] == "self_test" and proof["passed"] is not None]
        if over:
            return over[0]
        assert time.monotonic() < deadline, proofs
        time.sleep(0.5)


def test_demo_check_walks_a_real_detection_to_a_closed_case() -> None:
    done = subprocess.run([program("lookout-demo"), "check"], capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    outcome = cast(dict[str, Any], json.loads(done.stdout.splitlines()[-1]))
    assert outcome["case_state"] == "closed"
    assert outcome["states"][0] == "confirmed"
    assert set(outcome["evidence"]) == {"snapshot", "clip", "photo", "recheck"}
    assert outcome["frame_to_event_s"] > 0
    assert outcome["event_to_feed_s"] > 0
