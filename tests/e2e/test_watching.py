"""A camera watched live and its zones drawn: a real gateway, dispatcher and broker, and Chromium."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from e2e.cameras import AXE, ROOT, RunningGateway, start_dispatcher, supervisor
from e2e.console_driver import DESKTOP, Window
from e2e.dispatcher import Dispatcher

OUTPUT = ROOT / "tests" / "output" / "wall"

#: Resolves with the picture's width once a second more has been played.
PLAYS_ON = """(video, first) => new Promise((done) => {
    const look = () => (video.currentTime > first + 1 ? done(video.videoWidth) : setTimeout(look, 50));
    look();
})"""

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def dispatcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dispatcher]:
    running = start_dispatcher(tmp_path_factory.mktemp("dispatcher"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gateway(dispatcher: Dispatcher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    running = RunningGateway(folder=tmp_path_factory.mktemp("gateway"), dispatcher=dispatcher)
    running.start()
    yield running
    running.stop()


def test_a_camera_is_watched_live_until_nobody_looks(
    browser: Browser, dispatcher: Dispatcher, gateway: RunningGateway, windows: list[Window]
) -> None:
    window = supervisor(browser, dispatcher, windows, DESKTOP)
    page = window.page
    page.goto(f"{dispatcher.url}/cameras/gw-01/unit2")
    expect(page.locator(".camera-state")).to_contain_text("在看", timeout=60_000)
    # The gateway's own picture, once it has one.
    expect(page.locator(".camera-frame img")).to_be_visible(timeout=60_000)
    window.press("l")
    expect(page.locator(".wall-sight.live")).to_be_visible(timeout=30_000)
    video = page.locator(".camera-frame video")
    first = float(video.evaluate("video => video.currentTime"))
    assert int(video.evaluate(PLAYS_ON, first)) > 0
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        window.shoot(OUTPUT / f"live-{theme}.png")
        assert window.barriers(AXE.read_text()) == []
    page.get_by_role("button", name="停止").click()
    expect(page.locator(".camera-frame img")).to_be_visible()
    window.press("l")
    expect(page.locator(".wall-sight.live")).to_be_visible(timeout=30_000)
    window.press("w")
    expect(page.locator(".wall-tile").first).to_be_visible()
    # The gateway was hung up on, twice.
    for _ in range(100):
        if gateway.log().count("a live view has ended") == 2:
            break
        page.wait_for_timeout(100)
    assert gateway.log().count("a live view has ended") == 2


def test_zones_are_drawn_refused_and_taken_back(
    browser: Browser, dispatcher: Dispatcher, gateway: RunningGateway, windows: list[Window]
) -> None:
    window = supervisor(browser, dispatcher, windows, DESKTOP)
    page = window.page
    page.goto(f"{dispatcher.url}/cameras/gw-01/unit2")
    expect(page.locator(".camera-state")).to_contain_text("在看", timeout=60_000)
    page.get_by_role("link", name="画区域").click()
    corners = page.locator(".zone-corner")
    expect(corners).to_have_count(4, timeout=30_000)
    expect(page.get_by_text("现在的区域来自网关的配置文件")).to_be_visible()
    expect(page.locator(".zone-frame img")).to_be_visible(timeout=60_000)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        window.shoot(OUTPUT / f"zones-{theme}.png")
        assert window.barriers(AXE.read_text()) == []
    other = supervisor(browser, dispatcher, windows, DESKTOP)
    late = other.page
    late.goto(page.url)
    expect(late.locator(".zone-corner")).to_have_count(4, timeout=30_000)
    first = page.get_by_role("button", name="第 1 个角")
    first.focus()
    # Across the opposite edge, which makes it no simple polygon.
    for _ in range(12):
        page.keyboard.press("Shift+ArrowRight")
    page.get_by_role("button", name="写入网关").click()
    expect(page.locator(".failed")).to_contain_text("no simple polygon", timeout=30_000)
    for _ in range(11):
        page.keyboard.press("Control+z")
    expect(first).to_have_attribute("aria-label", re.compile("横 25 %"))
    page.get_by_role("button", name="写入网关").click()
    expect(page.get_by_text("区域已写入网关并生效。")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="已生效，没有改动")).to_be_disabled()
    # Somebody had begun to draw meanwhile.
    late.locator(".zone-corner").nth(1).focus()
    late.keyboard.press("ArrowLeft")
    late.get_by_role("button", name="写入网关").click()
    expect(late.locator(".failed")).to_contain_text("刚刚改过这些区域", timeout=30_000)
    page.get_by_role("button", name="回到上一版").click()
    expect(first).to_have_attribute("aria-label", re.compile("横 20 %"), timeout=30_000)
    # On a phone the language lies behind one's name.
    page.get_by_role("button", name="English").click()
    page.set_viewport_size({"width": 360, "height": 740})
    assert not window.scrolls_sideways()
    window.shoot(OUTPUT / "zones-phone-english.png")
