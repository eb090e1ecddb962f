"""The console in Chromium, before a real dispatcher and broker; the gateway is spoken for by the test."""

import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from e2e.console_driver import (
    PHONE,
    Language,
    Window,
    carry_out,
    close_case,
    dispatch,
    drive_to_closed,
    open_window,
    report,
)
from e2e.dispatcher import OPERATOR, WORKER, Dispatcher, SpokenGateway
from e2e.scenes import parked_ebike
from lookout_contract.events import Scenario, Severity

ROOT = Path(__file__).parents[2]
OUTPUT = ROOT / "tests" / "output" / "console"
AXE = ROOT / "server" / "console" / "node_modules" / "axe-core" / "axe.min.js"

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


WORDS = {
    "zh-CN": ("电动车进楼", "停留：4 分 12 秒（界限 3 分钟）"),
    "en": ("E-bike in corridor", "There for: 4 min 12 s (limit 3 min)"),
}
STEPS = ("report", "dispatch", "accept", "arrive", "feedback", "verify", "close")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_an_alarm_becomes_a_closed_case(
    gateway: SpokenGateway, operator: Window, worker: Window, photo: Path, language: Language
) -> None:
    for window in (operator, worker):
        if language == "en":
            window.speak_english()
    gateway.tell(parked_ebike(gateway, f"loop-{language.lower()}"))
    page = operator.page
    row = page.get_by_role("option").filter(has_text="2单元楼道").first
    kind, dwell = WORDS[language]
    expect(row).to_contain_text(kind)
    row.click()
    expect(page.locator(".scene img")).to_be_visible()
    expect(page.locator(".boxes rect")).to_have_count(1)
    expect(page.locator(".boxes polygon")).to_have_count(1)
    expect(page.locator(".pane").first).to_contain_text(dwell)
    assert not worker.scrolls_sideways()
    output = OUTPUT if language == "zh-CN" else OUTPUT / language
    number = drive_to_closed(operator, worker, photo=photo, output=output, camera="2单元楼道")
    assert not worker.scrolls_sideways()
    steps = page.locator(".timeline strong").all_inner_texts()
    expect(page.get_by_role("button", name=operator.says("case_action.evaluate"))).to_be_visible()
    assert list(reversed(steps))[:7] == [operator.says(f"case_action.{step}") for step in STEPS]
    page.get_by_role("link", name=operator.says("nav.cases"), exact=True).click()
    page.get_by_role("button", name=operator.says("cases.settled")).click()
    expect(page.get_by_role("row").filter(has_text=number)).to_contain_text(operator.says("case_state.closed"))
    expect(worker.page.get_by_text(worker.says("worker.title", n=0))).to_be_visible()


def test_undo_takes_back_a_report_and_a_dismissal(gateway: SpokenGateway, operator: Window) -> None:
    gateway.tell(parked_ebike(gateway, "undo"))
    selected = operator.page.get_by_role("option", selected=True)
    report(operator, camera="2单元楼道")
    operator.press("u")
    expect(selected).to_contain_text("待研判")
    operator.press("f")
    operator.press("1")
    expect(selected).to_contain_text("已排除")
    operator.press("u")
    expect(selected).to_contain_text("待研判")
    operator.press("f")
    operator.press("3")
    expect(operator.page.get_by_text("已排除：测试")).to_be_visible()


def test_new_alarms_wait_while_the_operator_is_at_work(gateway: SpokenGateway, operator: Window) -> None:
    gateway.tell(parked_ebike(gateway, "held-1"))
    rows = operator.page.get_by_role("option")
    rows.first.click()
    before = rows.count()
    gateway.tell(parked_ebike(gateway, "held-2", Severity.RED))
    gateway.tell(parked_ebike(gateway, "held-3", Severity.BLUE))
    expect(operator.page.get_by_role("button", name="2 条新告警")).to_be_visible()
    assert rows.count() == before
    operator.shoot(OUTPUT / "control-room-new.png")
    operator.press("n")
    expect(rows).to_have_count(before + 2)
    operator.press("Escape")
    expect(rows.first).to_contain_text("红 特急")
    for _ in range(3):
        operator.press("f")
        expect(operator.page.get_by_role("group", name="为什么不是事件")).to_be_visible()
        operator.press("3")
        expect(operator.page.get_by_role("option", selected=True)).to_contain_text("已排除")
        operator.press("Escape")


def test_red_is_heard_until_it_is_quieted(
    browser: Browser, dispatcher: Dispatcher, gateway: SpokenGateway, windows: list[Window]
) -> None:
    window = open_window(browser, dispatcher.url)
    windows.append(window)
    window.page.add_init_script(
        "const start = OscillatorNode.prototype.start; const tones = [];"
        "OscillatorNode.prototype.start = function (at) { tones.push(Math.round(this.frequency.value));"
        " document.documentElement.dataset.tones = tones.join(' '); start.call(this, at); };"
    )
    window.sign_in(OPERATOR)
    window.page.get_by_role("heading", name="待办").click()
    gateway.tell(parked_ebike(gateway, "loud-1", Severity.RED))
    # Twice: it repeats.
    expect(window.page.locator("html")).to_have_attribute("data-tones", re.compile("^659 880 659 880"), timeout=30_000)
    window.shoot(OUTPUT / "control-room-sound.png")
    quiet = window.page.get_by_role("button", name="停止响铃")
    expect(quiet).to_be_visible()
    window.press("q")
    expect(quiet).to_have_count(0)
    window.page.get_by_label("红色告警声").fill("0")
    window.page.reload()
    expect(window.page.get_by_label("红色告警声已关")).to_have_value("0")
    expect(window.page.get_by_role("option", selected=True)).to_contain_text("红 特急")
    # Nothing sounds, so there is nothing to quiet.
    expect(quiet).to_have_count(0)
    window.press("f")
    expect(window.page.get_by_role("group", name="为什么不是事件")).to_be_visible()
    window.press("3")
    expect(window.page.get_by_role("option", selected=True)).to_contain_text("已排除")


def test_the_feed_resumes_after_the_dispatcher_was_killed(
    dispatcher: Dispatcher, gateway: SpokenGateway, operator: Window
) -> None:
    expect(operator.page.locator(".feed-age")).to_contain_text("实时")
    dispatcher.stop(signal.SIGKILL)
    expect(operator.page.get_by_role("alert").filter(has_text="没有收到心跳")).to_be_visible(timeout=30_000)
    operator.shoot(OUTPUT / "control-room-stale.png")
    dispatcher.start()
    gateway.reconnect()
    gateway.tell(parked_ebike(gateway, "after-restart"))
    expect(operator.page.get_by_text("没有收到心跳")).to_have_count(0, timeout=30_000)
    row = operator.page.get_by_role("option").filter(has_text="2单元楼道")
    expect(row.first).to_be_visible(timeout=30_000)
    # What the browser says about the connection that broke is what this test asked for.
    operator.complaints.clear()


def test_a_step_without_network_waits_and_goes_out_by_itself(
    gateway: SpokenGateway, operator: Window, worker: Window, photo: Path
) -> None:
    gateway.tell(parked_ebike(gateway, "offline"))
    number = report(operator, camera="2单元楼道")
    dispatch(operator)
    button = worker.page.get_by_role("button", name="签收", exact=True)
    button.wait_for()
    worker.page.context.set_offline(True)
    button.click()
    expect(worker.page.get_by_text("待发送 1")).to_be_visible()
    worker.shoot(OUTPUT / "worker-offline.png")
    worker.page.context.set_offline(False)
    expect(worker.page.get_by_role("button", name="到场", exact=True)).to_be_visible(timeout=30_000)
    carry_out(worker, photo, words="已经劝离，楼道清空。", steps=("arrive", "feedback"))
    expect(operator.page.get_by_role("option", selected=True)).to_contain_text("待核查")
    close_case(operator, number)
    worker.complaints.clear()


def test_english_on_request(gateway: SpokenGateway, operator: Window) -> None:
    page = operator.page
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("link", name="Control room")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.reload()
    expect(page.get_by_role("link", name="Cases")).to_be_visible()
    page.get_by_role("link", name="System").click()
    expect(page.get_by_role("heading", name="Cameras")).to_be_visible()
    expect(page.locator(".tile").filter(has_text="2单元楼道")).to_contain_text("Watching")
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", name="摄像头")).to_be_visible()


def test_a_wrong_password_says_so(browser: Browser, dispatcher: Dispatcher, windows: list[Window]) -> None:
    window = open_window(browser, dispatcher.url)
    windows.append(window)
    window.page.goto(dispatcher.url)
    window.page.get_by_label("用户名").fill(OPERATOR.username)
    window.page.get_by_label("密码").fill("wrong")
    window.page.get_by_role("button", name="登录").click()
    expect(window.page.get_by_role("alert")).to_have_text("用户名或密码不对，请检查后再试。")


def test_workers_stay_out_of_the_control_room(worker: Window) -> None:
    worker.page.goto(f"{worker.base_url}/cases")
    expect(worker.page).to_have_url(f"{worker.base_url}/worker")


def test_an_unknown_address_offers_a_way_home(worker: Window) -> None:
    worker.page.goto(f"{worker.base_url}/nowhere")
    expect(worker.page.get_by_role("alert")).to_have_text("没有这个页面。")
    worker.page.get_by_role("link", name="回到首页").click()
    expect(worker.page).to_have_url(f"{worker.base_url}/worker")


@pytest.mark.parametrize("path", ["/", "/cases", "/admin"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_fits_a_phone(
    browser: Browser, dispatcher: Dispatcher, windows: list[Window], path: str, dark: bool
) -> None:
    window = open_window(browser, dispatcher.url, PHONE, dark=dark)
    windows.append(window)
    window.sign_in(OPERATOR)
    window.page.goto(f"{dispatcher.url}{path}")
    expect(window.page.locator(".waiting")).to_have_count(0)
    window.shoot(OUTPUT / f"phone{path.replace('/', '-')}-{'dark' if dark else 'light'}.png")
    assert not window.scrolls_sideways()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_page_has_barriers(
    browser: Browser, dispatcher: Dispatcher, gateway: SpokenGateway, windows: list[Window], dark: bool
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run `npm ci` in server/console")
    axe = AXE.read_text("utf-8")
    # A vehicle without a plate joins no other's case.
    name = "barriers-dark" if dark else "barriers-light"
    gateway.tell(parked_ebike(gateway, name, scenario=Scenario.UNFAMILIAR_VEHICLE))
    operator = open_window(browser, dispatcher.url, dark=dark)
    worker = open_window(browser, dispatcher.url, PHONE, dark=dark)
    windows += [operator, worker]
    operator.page.goto(dispatcher.url)
    expect(operator.page.get_by_label("用户名")).to_be_visible()
    found = {"/login": operator.barriers(axe)}
    operator.sign_in(OPERATOR)
    number = report(operator)
    dispatch(operator)
    found["/"] = operator.barriers(axe)
    operator.page.get_by_role("link", name=f"案件 {number}").click()
    expect(operator.page.locator(".timeline")).to_be_visible()
    found["/cases/ID"] = operator.barriers(axe)
    for path in ("/cases", "/hand-over", "/admin"):
        operator.page.goto(f"{dispatcher.url}{path}")
        expect(operator.page.locator("h1")).to_be_attached()
        expect(operator.page.locator(".waiting")).to_have_count(0)
        found[path] = operator.barriers(axe)
    worker.sign_in(WORKER)
    expect(worker.page.locator(".card").first).to_be_visible()
    found["/worker"] = worker.barriers(axe)
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_a_tablet_shows_what_to_do(
    browser: Browser, dispatcher: Dispatcher, gateway: SpokenGateway, windows: list[Window]
) -> None:
    gateway.tell(parked_ebike(gateway, "tablet", scenario=Scenario.GARBAGE))
    window = open_window(browser, dispatcher.url, (1024, 768))
    windows.append(window)
    window.sign_in(OPERATOR)
    window.page.get_by_role("option").filter(has_text="待研判").first.click()
    expect(window.page.get_by_role("button", name="一键预报")).to_be_in_viewport(ratio=1)
    window.press("f")
    window.press("3")
    expect(window.page.get_by_text("已排除：测试")).to_be_visible()


def test_two_operators_who_report_the_same_alarm_see_the_same_case(
    browser: Browser, dispatcher: Dispatcher, gateway: SpokenGateway, operator: Window, windows: list[Window]
) -> None:
    gateway.tell(parked_ebike(gateway, "race", scenario=Scenario.KEY_AREA))
    other = open_window(browser, dispatcher.url)
    windows.append(other)
    other.sign_in(OPERATOR)
    both = (operator, other)
    for window in both:
        window.page.get_by_role("option").filter(has_text="待研判").first.click()
        expect(window.page.get_by_role("button", name="一键预报")).to_be_visible()
    for window in both:
        window.press("r")
    case = [window.page.get_by_role("link", name=re.compile("^案件 ")) for window in both]
    expect(case[0]).to_be_visible()
    expect(case[1]).to_have_text(case[0].inner_text())
