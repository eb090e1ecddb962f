"""What every page of the console stands on: its bar, the search above the list, the word that what is shown is old."""

import re
import signal
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, expect

from e2e.console_driver import PHONE, Language, Login, Window, open_window
from e2e.dispatcher import OPERATOR, WORKER, Dispatcher, SpokenGateway
from e2e.estate import Caller
from e2e.scenes import parked_ebike
from lookout_contract.events import Scenario
from lookout_contract.status import CameraState, Sight
from lookout_server.domain.territory import Role

ADMIN = Login(username="root", password="administrator-of-the-test")
#: Narrower than tablets, since an estate's numbers have more digits than this one's.
TABLET = (980, 768)
WIDTHS = (1600, 1400, 1280, 1200, 1024, TABLET[0])
#: Two lines are 80 px and more.
ONE_LINE_PX = 56
#: How long the feed may be silent before the pages say so, and some time to notice.
SILENCE_MS = 12_000

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_bar_is_one_line_on_a_tablet_and_ones_own_is_behind_ones_name(
    browser: Browser, dispatcher: Dispatcher, gateway: SpokenGateway, windows: list[Window], language: Language
) -> None:
    gateway.tell(parked_ebike(gateway, f"bar-{language}".lower()))
    blind = CameraState(camera="gate", state=Sight.BLIND, reason="black", since=datetime.now(UTC))
    gateway.probe.publish(gateway.topics.camera_state("gate"), blind.to_json(), retain=True)
    window = open_window(browser, dispatcher.url, TABLET)
    windows.append(window)
    window.page.goto(f"{dispatcher.url}/login")
    if language == "en":
        window.speak_english()
    window.sign_in(OPERATOR)
    page = window.page
    expect(page.locator(".topbar")).to_contain_text(window.says("top.blind", n=1))
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": TABLET[1]})
        page.wait_for_function("most => document.querySelector('.topbar').offsetHeight < most", arg=ONE_LINE_PX)
        assert not window.scrolls_sideways(), width
    leave = page.get_by_role("button", name=window.says("action.leave"))
    expect(leave).to_be_hidden()
    page.locator(".own > .button").click()
    expect(leave).to_be_visible()
    page.keyboard.press("Escape")
    expect(leave).to_be_hidden()
    page.locator(".own > .button").click()
    page.get_by_role("heading", level=2).first.click()
    expect(leave).to_be_hidden()


def test_the_control_room_does_not_scroll_as_a_whole(operator: Window, gateway: SpokenGateway) -> None:
    """What is only heard lies beyond the end of a long list, and must not make the page longer."""
    for number in range(14):
        gateway.publish(parked_ebike(gateway, f"long-{number}"))
    gateway.settle()
    operator.page.reload()
    expect(operator.page.get_by_role("option").nth(8)).to_be_visible()
    longer = operator.page.evaluate("document.documentElement.scrollHeight - document.documentElement.clientHeight")
    assert longer == 0


def test_the_search_narrows_the_list_while_one_types(operator: Window, gateway: SpokenGateway) -> None:
    gateway.tell(parked_ebike(gateway, "search-1"))
    gateway.tell(parked_ebike(gateway, "search-2", scenario=Scenario.UNFAMILIAR_VEHICLE))
    page = operator.page
    search = page.get_by_role("searchbox", name=operator.says("filter.words"))
    car, ebike = operator.says("scenario.unfamiliar_vehicle"), operator.says("scenario.corridor_ebike")
    expect(page.locator(".row-what").filter(has_text=car).first).to_be_visible()
    operator.press("/")
    expect(search).to_be_focused()
    page.keyboard.type(car)
    expect(search).to_have_value(car)
    # The row that is looked at stays.
    others = page.get_by_role("option", selected=False)
    expect(others.filter(has_text=ebike)).to_have_count(0)
    expect(page.get_by_role("option").filter(has_text=car).first).to_be_visible()
    # Letters typed there are no keys of the page, and Escape gives those back.
    page.keyboard.press("Escape")
    expect(search).not_to_be_focused()
    expect(page.locator(".filtered")).to_contain_text(car)
    search.fill("查无此处")
    expect(others).to_have_count(0)
    page.locator(".filtered").get_by_role("button", name=operator.says("filter.clear")).click()
    expect(search).to_have_value("")
    expect(page.locator(".row-what").filter(has_text=ebike).first).to_be_visible()


@pytest.mark.parametrize("phone", [False, True], ids=["screen", "phone"])
def test_what_may_be_old_is_said_and_greyed_until_the_line_is_back(
    browser: Browser, dispatcher: Dispatcher, *, phone: bool
) -> None:
    # A page without a dispatcher has to complain.
    window = open_window(browser, dispatcher.url, PHONE if phone else (1440, 900))
    window.sign_in(WORKER if phone else OPERATOR)
    page = window.page
    bar, age = page.locator(".stale-bar"), page.locator(".feed-age")
    expect(age).not_to_have_class(re.compile(r"\bold\b"))
    expect(bar).to_have_count(0)
    assert dispatcher.process is not None
    # It hangs: the connection is there, and nothing comes.
    dispatcher.process.send_signal(signal.SIGSTOP)
    said = window.says("feed.stale_own" if phone else "feed.stale", age="\0").split("\0")
    for part in said:
        expect(bar).to_contain_text(part.strip(), timeout=SILENCE_MS)
    expect(bar).to_have_attribute("role", "alert")
    expect(page.locator(".shell")).to_have_class(re.compile(r"\bstale\b"))
    expect(age).to_have_class(re.compile(r"\bold\b"))
    dispatcher.process.send_signal(signal.SIGCONT)
    expect(bar).to_have_count(0, timeout=30_000)
    expect(page.locator(".shell")).not_to_have_class(re.compile(r"\bstale\b"))
    page.context.close()


def test_every_button_of_the_gateways_page_has_a_name_of_its_own(
    browser: Browser, dispatcher: Dispatcher, gateway: SpokenGateway, windows: list[Window]
) -> None:
    """Who hears the page instead of seeing it must not shut the wrong box out."""
    dispatcher.add_person(ADMIN, Role.ADMIN)
    other = SpokenGateway.connect(dispatcher, "gw-02")
    # One camera goes by the same name at both.
    other.announce("unit2")
    window = open_window(browser, dispatcher.url)
    windows.append(window)
    window.sign_in(ADMIN)
    page = window.page
    page.goto(f"{dispatcher.url}/admin/gateways")
    expect(page.get_by_role("region", name="gw-02").get_by_role("row")).to_have_count(2)
    for fold in page.locator("main details > summary").all():
        fold.click()
    heard = page.locator("main").aria_snapshot()
    names = re.findall(r'- (?:button|combobox|table|group) "([^"]+)"', heard)
    assert len(names) > 8
    assert sorted(name for name in names if names.count(name) > 1) == []
    for box in ("gw-01", "gw-02"):
        region = page.get_by_role("region", name=box, exact=True)
        for button in region.get_by_role("button").all():
            assert box in (button.get_attribute("aria-label") or button.inner_text())
    other.close()


def test_a_report_that_was_judged_by_a_slip_waits_again(operator: Window, dispatcher: Dispatcher) -> None:
    code = dispatcher.verb("places", "add", "grid-01", "3号楼南侧").split()[0]
    page, stranger = operator.page, Caller.stranger(dispatcher)
    for action, words in (("confirm", None), ("void", "查无此事")):
        stranger.report(code, kind="facility", words=f"路灯不亮 {action}")
        row = page.get_by_role("option").filter(has_text="3号楼南侧").filter(has_text=operator.says("need.judge")).first
        row.click(timeout=60_000)
        judge = page.locator(".judge").get_by_role("button", name=operator.says(f"case_action.{action}")).first
        judge.click()
        if words is not None:
            page.locator(".judge textarea").fill(words)
            page.locator("form.words").get_by_role("button").click()
        undo = page.locator(".notices").get_by_role("button", name=operator.says("action.undo"))
        expect(undo).to_be_visible()
        operator.press("u")
        expect(page.locator(".notices")).to_contain_text(operator.says("case_state.new"))
        expect(
            page.locator(".judge").get_by_role("button", name=re.compile("^" + operator.says("case_action.confirm")))
        ).to_be_visible()
    stranger.client.close()
    listed = operator.call("GET", "/cases?state=new")["items"]
    assert {each["scene"] for each in listed} >= {"3号楼南侧"}


def test_a_case_whose_handler_cannot_sign_in_any_more_is_marked_and_can_be_given_to_somebody_else(
    browser: Browser, dispatcher: Dispatcher, operator: Window, gateway: SpokenGateway, windows: list[Window]
) -> None:
    leaver = Login(username="leaver", password="somebody-who-leaves")
    dispatcher.add_person(leaver, Role.WORKER, "刘走")
    dispatcher.add_person(ADMIN, Role.ADMIN)
    gateway.tell(parked_ebike(gateway, "left"))
    alarm = operator.call("GET", "/alarms?disposition=open")["items"][0]
    case = operator.call("POST", f"/alarms/{alarm['id']}/report")
    people = {each["name"]: each["id"] for each in operator.call("GET", "/people")["items"]}
    operator.call("POST", f"/cases/{case['id']}/dispatch", {"version": case["version"], "worker": people["刘走"]})
    page = operator.page
    page.goto(f"{operator.base_url}/cases/{case['id']}")
    expect(page.locator(".where")).to_contain_text("刘走")
    expect(page.get_by_text(operator.says("case.handler_gone"))).to_have_count(0)

    office = open_window(browser, dispatcher.url)
    windows.append(office)
    office.sign_in(ADMIN)
    office.call("POST", f"/accounts/{people['刘走']}/bar")
    # Without a reload: who looks at the case sees it.
    expect(page.locator(".where")).to_contain_text(operator.says("case.handler_gone"))
    expect(page.get_by_role("alert").filter(has_text=operator.says("case.nobody_goes", name="刘走"))).to_be_visible()
    page.goto(f"{operator.base_url}/cases")
    expect(page.locator(".board-card").get_by_text(operator.says("case.handler_gone"))).to_be_visible()
    # It waits for the control room again.
    page.goto(operator.base_url)
    expect(page.get_by_role("option").filter(has_text=operator.says("need.dispatch")).first).to_be_visible()


def test_residents_read_their_browsers_language_until_they_choose_another(
    browser: Browser, dispatcher: Dispatcher, windows: list[Window]
) -> None:
    code = dispatcher.verb("places", "add", "grid-01", "3号楼东侧").split()[0]
    window = open_window(browser, dispatcher.url, PHONE, locale="en-GB")
    windows.append(window)
    page, html = window.page, window.page.locator("html")
    page.goto(f"{dispatcher.url}/r/{code}")
    expect(html).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", level=1)).to_have_text("Report a problem here")
    page.get_by_role("button", name="中文").click()
    expect(html).to_have_attribute("lang", "zh-CN")
    page.reload()
    expect(page.get_by_role("button", name="English")).to_be_visible()
    expect(html).to_have_attribute("lang", "zh-CN")


def test_a_code_that_nobody_has_offers_one_way_on(browser: Browser, dispatcher: Dispatcher) -> None:
    # Browsers complain of each 404.
    window = open_window(browser, dispatcher.url, PHONE)
    window.page.goto(f"{dispatcher.url}/track/AAAA-BBBB-CCCC-DDDD")
    expect(window.page.get_by_role("alert")).to_be_visible()
    expect(window.page.get_by_role("button", name=window.says("action.again"))).to_be_visible()
    expect(window.page.get_by_role("button", name=window.says("resident.refresh"))).to_have_count(0)
    window.page.context.close()
