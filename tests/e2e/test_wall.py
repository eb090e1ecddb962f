"""The wall of cameras and a camera's page, in Chromium, before a real dispatcher."""

import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from e2e.cameras import AXE, CAMERAS, REEL, ROOT, start_dispatcher, supervisor
from e2e.console_driver import DESKTOP, PHONE, Window
from e2e.dispatcher import Dispatcher, SpokenGateway
from e2e.scenes import parked_ebike
from lookout_contract.status import CameraState, Sight

OUTPUT = ROOT / "tests" / "output" / "wall"

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def dispatcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dispatcher]:
    running = start_dispatcher(tmp_path_factory.mktemp("dispatcher"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gateway(dispatcher: Dispatcher) -> Iterator[SpokenGateway]:
    """All cameras watch but one, which is blind, and one that is off."""
    speaking = SpokenGateway.connect(dispatcher, "gw-01")
    speaking.announce("unit2", "bins4", "yard3", "gate")
    now = datetime.now(UTC)
    for camera, sight, reason in (("unit5", Sight.BLIND, "covered"), ("bins7", Sight.OFF, "shutdown")):
        state = CameraState(camera=camera, state=sight, since=now - timedelta(minutes=7), reason=reason)
        speaking.probe.publish(speaking.topics.camera_state(camera), state.to_json(), retain=True)
    for camera, (_, _, clip) in CAMERAS.items():
        if clip is not None:
            age = timedelta(minutes=8 if camera == "unit5" else 0, seconds=20)
            put_still(speaking, camera, first_picture(REEL / f"{clip}.mp4"), now - age)
    yield speaking
    speaking.close()


def first_picture(clip: Path) -> bytes:
    """As a JPEG."""
    found, frame = cv2.VideoCapture(str(clip)).read()
    assert found
    return cv2.imencode(".jpg", frame)[1].tobytes()


def put_still(gateway: SpokenGateway, camera: str, content: bytes, at: datetime) -> None:
    """As a gateway sends it."""
    query = urllib.parse.urlencode({"at": at.isoformat()})
    request = urllib.request.Request(
        f"{gateway.dispatcher.url}/api/v1/stills/{camera}?{query}",
        data=content,
        method="PUT",
        headers={"Authorization": f"Bearer {gateway.issued['upload_token']}", "Content-Type": "image/jpeg"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 204


def test_the_wall_shows_what_each_camera_sees_and_opens_its_page(
    browser: Browser, dispatcher: Dispatcher, gateway: SpokenGateway, windows: list[Window]
) -> None:
    gateway.tell(parked_ebike(gateway, "wall"))
    window = supervisor(browser, dispatcher, windows, DESKTOP)
    page = window.page
    expect(page.get_by_role("link", name="画面墙")).to_be_visible()
    window.press("w")
    tiles = page.locator(".wall-tile")
    expect(tiles).to_have_count(6)
    expect(page.locator(".wall-tile.seen-blind")).to_contain_text("失明")
    expect(tiles.filter(has_text="2单元楼道")).to_contain_text("待处理")
    expect(tiles.filter(has_text="投放点7")).to_contain_text("还没有画面")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        window.shoot(OUTPUT / f"wall-{theme}.png")
        assert window.barriers(AXE.read_text()) == []
    page.get_by_role("button", name="失明 1").click()
    expect(tiles).to_have_count(1)
    window.press("/")
    page.keyboard.type("没有这个")
    page.get_by_role("button", name="显示全部").click()
    expect(tiles).to_have_count(6)
    tiles.first.focus()
    page.keyboard.press("ArrowRight")
    name = page.locator(".wall-tile:focus .wall-name").inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_a_cameras_page_tells_how_it_is_and_what_it_told(
    browser: Browser, dispatcher: Dispatcher, gateway: SpokenGateway, windows: list[Window]
) -> None:
    gateway.tell(parked_ebike(gateway, "page"))
    window = supervisor(browser, dispatcher, windows, PHONE)
    page = window.page
    page.goto(f"{dispatcher.url}/wall")
    expect(page.locator(".wall-tile")).to_have_count(6)
    assert not window.scrolls_sideways()
    window.shoot(OUTPUT / "wall-phone.png")
    page.locator(".wall-tile").filter(has_text="2单元楼道").click()
    expect(page.locator(".camera-frame img")).to_be_visible()
    expect(page.get_by_role("region", name="最近的告警").get_by_role("listitem").first).to_contain_text("电动车进楼")
    assert not window.scrolls_sideways()
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        window.shoot(OUTPUT / f"camera-phone-{theme}.png")
        assert window.barriers(AXE.read_text()) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("button", name="English").click()
    window.shoot(OUTPUT / "camera-english.png")
    page.goto(f"{dispatcher.url}/cameras/gw-01/attic")
    expect(page.get_by_text("There is no such camera")).to_be_visible()


def floor_plan(path: Path) -> Path:
    """A courtyard between two buildings, from above."""
    image = np.full((800, 1200, 3), 255, np.uint8)
    for corners in (((80, 80), (1120, 240)), ((80, 560), (700, 720))):
        cv2.rectangle(image, *corners, (222, 224, 226), -1)
        cv2.rectangle(image, *corners, (90, 90, 90), 3)
    cv2.circle(image, (950, 560), 70, (210, 230, 210), -1)
    cv2.imwrite(str(path), image)
    return path


def test_a_plan_is_uploaded_and_cameras_are_put_on_it_and_turned(
    browser: Browser, dispatcher: Dispatcher, gateway: SpokenGateway, windows: list[Window], tmp_path: Path
) -> None:
    gateway.tell(parked_ebike(gateway, "map"))
    window = supervisor(browser, dispatcher, windows, DESKTOP)
    page = window.page
    expect(page.get_by_role("link", name="画面墙")).to_be_visible()
    window.press("w")
    page.get_by_role("link", name="平面图").click()
    expect(page.get_by_text("还没有平面图。")).to_be_visible()
    page.get_by_role("button", name="添加平面图").click()
    page.get_by_label("图片").set_input_files(floor_plan(tmp_path / "plan.png"))
    page.get_by_label("名称").fill("院子")
    page.get_by_role("button", name="上传").click()
    expect(page.locator(".plan-map img.leaflet-image-layer")).to_be_visible()
    page.get_by_role("button", name="编辑位置").click()
    for name in ("东门", "2单元楼道"):
        page.get_by_role("button", name=f"把{name}放上").click()
        expect(page.get_by_role("region", name=name, exact=True)).to_be_visible()
        page.get_by_role("slider", name="横向位置").fill("30" if name == "东门" else "62.5")
        expect(page.locator(".aim .value").nth(3)).not_to_have_text("50 %")
    expect(page.locator(".pin")).to_have_count(2)
    # By keyboard, and by dragging.
    page.get_by_role("slider", name="朝向").focus()
    page.keyboard.press("Home")
    expect(page.locator(".aim .value").first).to_have_text("0°")
    pin = page.locator(".pin").filter(has_text="东门")
    # Its turn is saved, and then it is drawn anew: for a moment it is nowhere.
    while (place := pin.bounding_box()) is None:
        expect(pin).to_be_visible()
    page.mouse.move(place["x"] + 14, place["y"] + 14)
    page.mouse.down()
    page.mouse.move(place["x"] + 14, place["y"] + 90, steps=4)
    page.mouse.up()
    expect(page.get_by_text("东门的位置已保存。")).to_be_visible()
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        window.shoot(OUTPUT / f"map-edit-{theme}.png")
        assert window.barriers(AXE.read_text()) == []
    page.get_by_role("button", name="完成编辑").click()
    expect(page.locator("path.cone-yellow")).to_have_count(1)
    window.shoot(OUTPUT / "map-dark.png")
    page.set_viewport_size({"width": 360, "height": 740})
    assert not window.scrolls_sideways()
    page.emulate_media(color_scheme="light")
    window.shoot(OUTPUT / "map-phone.png")
    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    # The alarm's own camera, beside the alarm.
    page.get_by_role("link", name="值守").click()
    page.get_by_role("option").filter(has_text="2单元楼道").first.click()
    expect(page.locator(".on-plan polygon")).to_be_visible()
    window.shoot(OUTPUT / "control-room-plan.png")
