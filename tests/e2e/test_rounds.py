"""The worker's rounds on a phone: diary, inspections, alarm button, call for help; with and without a network."""

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from e2e.console_driver import PHONE, Login, Window, dispatch, open_window, report
from e2e.dispatcher import WORKER, Dispatcher, SpokenGateway
from e2e.estate import Caller
from e2e.scenes import parked_ebike
from lookout_server.domain.territory import Role

AXE = Path(__file__).parents[2] / "server" / "console" / "node_modules" / "axe-core" / "axe.min.js"
SUPERVISOR = Login(username="zhao", password="supervisor-of-the-test")

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def supervisor(dispatcher: Dispatcher) -> Iterator[Caller]:
    """Who plans inspections and sees what comes in."""
    dispatcher.add_person(SUPERVISOR, Role.SUPERVISOR, "赵磊")
    caller = Caller.sign_in(dispatcher, SUPERVISOR)
    body = {"kind": "lift", "grid": "grid-01", "every_days": 30, "checks": ["轿厢照明", "应急电话"]}
    due = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    caller.ask("POST", "/inspections", {**body, "id": "i-lift", "title": "3号楼电梯", "due_at": due})
    yield caller
    caller.client.close()


@contextmanager
def no_network(window: Window) -> Generator[None]:
    """Nothing of the dispatcher is heard meanwhile."""
    context = window.page.context
    context.route("**/api/**", lambda route: route.abort())
    context.set_offline(True)
    yield
    context.unroute("**/api/**")
    context.set_offline(False)


def cases_from(supervisor: Caller, source: str) -> list[str]:
    """Titles of the cases that came in this way."""
    found = supervisor.ask("GET", "/cases?limit=100")["items"]
    return [case["title"] for case in found if case["source"] == source]


def test_a_diary_entry_waits_for_the_network_is_kept_once_and_becomes_a_case(
    supervisor: Caller, phone: Window, photo: Path
) -> None:
    page = phone.page
    page.get_by_role("link", name="日记").click()
    expect(page.get_by_text("还没有日记。")).to_be_visible()
    with no_network(phone):
        page.get_by_role("radio", name="入户走访").check()
        page.get_by_label("写一句").fill("张阿姨家水管漏水，已联系物业")
        page.locator("input[type=file]").set_input_files(photo)
        expect(page.get_by_label("已拍照片")).to_be_visible()
        page.get_by_role("button", name="记下").click()
        expect(page.get_by_text("已存在手机里，连上服务器后自动发出")).to_be_visible()
        expect(page.get_by_role("link", name="待发送 1")).to_be_visible()
    expect(page.get_by_role("heading", name="我写的")).to_be_visible(timeout=60_000)
    expect(page.locator(".strip img")).to_have_count(1)
    assert len(supervisor.ask("GET", "/diary")["items"]) == 1
    page.get_by_role("button", name="转为案件").click()
    page.get_by_label("按哪一类上报").select_option("facility")
    page.get_by_role("button", name="上报").click()
    expect(page.get_by_text(re.compile("^已立案"))).to_be_visible()
    assert len(cases_from(supervisor, "patrol")) == 1


def test_an_inspection_goes_through_its_list_and_what_is_wrong_becomes_a_case(
    supervisor: Caller, worker: Window
) -> None:
    page = worker.page
    page.get_by_role("link", name="巡查").click()
    page.get_by_role("link", name=re.compile("3号楼电梯")).click()
    expect(page.get_by_role("button", name="还有 2 项没有看")).to_be_disabled()
    page.get_by_role("group", name="应急电话").get_by_role("radio", name="异常").check()
    page.get_by_role("button", name="还有 1 项没有看").wait_for()
    page.get_by_role("group", name="轿厢照明").get_by_role("radio", name="正常").check()
    page.get_by_label("哪里不对").fill("无人接听")
    page.get_by_role("button", name="提交：1 项异常").click()
    expect(page.get_by_role("link", name=re.compile("3号楼电梯.*上次", re.DOTALL))).to_be_visible()
    (told,) = supervisor.ask("GET", "/inspections/i-lift/reports")["items"]
    assert (told["ok"], told["failed"], told["words"]) == (False, ["应急电话"], "无人接听")
    assert len(cases_from(supervisor, "inspection")) == 1


def test_the_alarm_button_wants_a_second_and_gives_five_back(supervisor: Caller, worker: Window) -> None:
    page = worker.page
    page.get_by_role("link", name="告警").click()
    button = page.get_by_role("button", name="告警")
    button.click()
    expect(page.get_by_text("按的时间太短")).to_be_visible()
    button.click(delay=1_500)
    page.get_by_role("button", name="取消").click()
    expect(button).to_be_visible()
    assert cases_from(supervisor, "button") == []
    page.get_by_role("radio", name="火情").check()
    # By keyboard nothing is pressed by mistake.
    button.press("Enter")
    page.get_by_role("button", name="马上发出").click()
    expect(page.get_by_text("告警已送达。")).to_be_visible()
    assert cases_from(supervisor, "button") == ["一键告警：火情 · 第一网格"]


def test_an_alarm_that_nobody_can_take_back_any_more_is_sent(supervisor: Caller, phone: Window) -> None:
    page = phone.page
    page.goto(f"{phone.base_url}/worker/alarm")
    page.get_by_role("radio", name="有人受伤").check()
    with no_network(phone):
        page.get_by_role("button", name="告警").press("Enter")
        expect(page.get_by_role("button", name="取消")).to_be_visible()
        page.get_by_role("link", name="任务", exact=True).click()
        expect(page.get_by_role("link", name="待发送 1")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("link", name="待发送 1")).to_have_count(0, timeout=60_000)
    assert cases_from(supervisor, "button")[0].startswith("一键告警：有人受伤")


def test_a_call_for_help_stands_across_the_control_room_until_it_was_read(
    gateway: SpokenGateway, operator: Window, worker: Window
) -> None:
    gateway.tell(parked_ebike(gateway, "help"))
    report(operator, camera="2单元楼道")
    dispatch(operator)
    page = worker.page
    page.get_by_role("button", name="签收", exact=True).click(timeout=60_000)
    page.get_by_role("button", name="到场", exact=True).wait_for()
    page.get_by_role("link", name="求助").click()
    page.get_by_role("button", name="请来人帮忙").click()
    page.get_by_role("button", name="求助", exact=True).click()
    expect(page.get_by_text(re.compile("已求助"))).to_be_visible()
    banner = operator.page.locator(".help-calls")
    expect(banner).to_contain_text("求助：", timeout=60_000)
    operator.page.reload()
    banner.get_by_role("button", name="知道了").click()
    expect(banner).to_have_count(0)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_page_of_the_rounds_has_barriers(
    browser: Browser, dispatcher: Dispatcher, supervisor: Caller, windows: list[Window], dark: bool
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run `npm ci` in server/console")
    window = open_window(browser, dispatcher.url, PHONE, dark=dark)
    windows.append(window)
    window.sign_in(WORKER)
    found: dict[str, list[str]] = {}
    for path in (
        "/worker",
        "/worker/diary",
        "/worker/rounds",
        "/worker/rounds/i-lift",
        "/worker/alarm",
        "/worker/help",
        "/worker/me",
    ):
        window.page.goto(f"{dispatcher.url}{path}")
        expect(window.page.locator("h1")).to_be_attached()
        expect(window.page.locator(".waiting")).to_have_count(0)
        found[path] = window.barriers(AXE.read_text("utf-8"))
        # Large type has to fit as well.
        window.page.get_by_role("button", name="大字").click()
        found[path] += ["wider than the phone in large type"] if window.scrolls_sideways() else []
        window.page.get_by_role("button", name="大字").click()
    assert {path: lines for path, lines in found.items() if lines} == {}
