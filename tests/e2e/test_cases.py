"""The cases board, the case's page and what of it goes on paper; and the hand-over that two people sign."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from e2e.console_driver import Window, dispatch, open_window, report
from e2e.dispatcher import SUPERVISOR, Dispatcher, SpokenGateway
from e2e.scenes import parked_ebike
from lookout_contract.events import Scenario, Severity

OUTPUT = Path(__file__).parents[1] / "output" / "console"

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def pick_seldom(window: Window, name: str) -> None:
    """A move that is seldom wanted: behind one more tap, unless there is no other."""
    seldom = window.page.locator(".moves details")
    seldom.evaluate("(details) => { details.open = true; }")
    seldom.get_by_role("button", name=name).click()


def test_the_board_shows_who_is_to_act_and_a_case_prints_with_whole_hashes(
    gateway: SpokenGateway, operator: Window
) -> None:
    event = parked_ebike(gateway, "board", scenario=Scenario.KEY_AREA)
    gateway.tell(event)
    number = report(operator)
    page = operator.page
    page.get_by_role("link", name="案件", exact=True).click()
    to_send, to_accept = (page.get_by_role("region", name=re.compile(name)) for name in ("^待研判、派遣", "^待签收"))
    card = to_send.get_by_role("link").filter(has_text=number)
    expect(card).to_contain_text("还没有派人")
    page.get_by_role("link", name="值守").click()
    page.get_by_role("option").filter(has_text="2单元楼道").first.click()
    dispatch(operator)
    operator.press("d")
    expect(page.locator(".notice").filter(has_text=f"案件 {number} 已派给")).to_contain_text("没有再派")
    page.get_by_role("link", name="案件", exact=True).click()
    moved = to_accept.get_by_role("link").filter(has_text=number)
    expect(moved).to_be_visible()
    expect(card).to_have_count(0)
    operator.shoot(OUTPUT / "cases-board.png")
    moved.click()
    expect(page.get_by_role("button", name="打印案卷")).to_be_visible()
    expect(page.get_by_role("button", name="改派", exact=True)).to_be_visible()
    fingerprint = page.locator(".exhibits").get_by_text(event.evidence[0].sha256)
    expect(fingerprint).to_be_hidden()
    page.emulate_media(media="print")
    expect(fingerprint).to_be_visible()
    expect(page.get_by_role("button", name="打印案卷")).to_be_hidden()
    operator.shoot(OUTPUT / "case-file-printed.png")


def test_two_fires_of_one_case_are_both_seen_by_who_sends_and_by_who_goes(
    gateway: SpokenGateway, operator: Window, worker: Window
) -> None:
    for camera in ("unit2", "gate"):
        fire = parked_ebike(gateway, f"fire-{camera}", severity=Severity.RED, scenario=Scenario.FIRE_SMOKE)
        gateway.tell(fire.model_copy(update={"camera": camera}))
    page = operator.page
    row = page.get_by_role("option").filter(has_text="火情烟雾")
    expect(row).to_have_count(2)
    fires = operator.call("GET", "/cases?state=confirmed&scenario=fire_smoke")["items"]
    into, other = sorted(fires, key=lambda case: case["camera"]["id"] == "gate")
    operator.call("POST", f"/cases/{other['id']}/merge", {"version": other["version"], "into": into["id"]})
    expect(row).to_have_count(1)
    expect(row).to_contain_text("2单元楼道 等 2 处")
    row.click()
    seen = page.get_by_role("group", name="出现的地点和时间")
    expect(page.locator(".scene img")).to_have_attribute("alt", "2单元楼道：火情烟雾")
    seen.get_by_role("button", name="东门").click()
    expect(page.locator(".scene img")).to_have_attribute("alt", "东门：火情烟雾")
    expect(row).to_contain_text("2单元楼道 等 2 处")
    operator.shoot(OUTPUT / "two-fires.png")
    dispatch(operator, "王芳")
    task = worker.page.get_by_role("listitem").filter(has_text="火情烟雾")
    expect(task).to_contain_text("同时出现在：东门")
    task.get_by_role("link").first.click()
    expect(worker.page.get_by_text("同时出现在：东门")).to_be_visible()
    worker.page.get_by_role("button", name=re.compile("^东门")).click()
    expect(worker.page.locator(".scene img")).to_have_attribute("alt", "东门：火情烟雾")
    worker.shoot(OUTPUT / "two-fires-phone.png")
    page.get_by_role("link", name=re.compile("^案件 ")).click()
    expect(page.locator(".timeline")).to_contain_text("李敏 · 东门")
    # Which of them is to be a case of its own can be told by where it was.
    pick_seldom(operator, "拆分")
    page.get_by_role("checkbox", name=re.compile("^东门")).check()
    page.locator("form.words").get_by_role("button", name="拆分").click()
    expect(page.locator("h1")).to_have_text(re.compile("火情烟雾 · 2单元楼道$"))


def test_a_request_for_more_time_and_a_whistle_stand_beside_the_case_until_they_are_answered(
    browser: Browser,
    dispatcher: Dispatcher,
    gateway: SpokenGateway,
    operator: Window,
    worker: Window,
    windows: list[Window],
) -> None:
    gateway.tell(parked_ebike(gateway, "asked", scenario=Scenario.GARBAGE))
    number = report(operator, camera="2单元楼道")
    dispatch(operator, "王芳")
    case = f"/cases/c-{number}"
    version = operator.call("GET", case)["version"]
    version = worker.call("POST", f"{case}/accept", {"version": version})["version"]
    until = (datetime.now(UTC) + timedelta(hours=5)).isoformat()
    worker.call("POST", f"{case}/ask_extend", {"version": version, "until": until, "reason": "物业晚上才到"})
    page = operator.page
    page.goto(f"{dispatcher.url}{case}")
    expect(page.get_by_role("region", name="申请延期")).to_contain_text("等主管批准或驳回")
    pick_seldom(operator, "吹哨")
    page.get_by_label("物业公司").check()
    page.locator("form.words").get_by_role("button", name="吹哨").click()
    expect(page.get_by_role("region", name="吹哨报到")).to_contain_text(re.compile("物业公司.*未报到.*剩"))
    supervisor = open_window(browser, dispatcher.url, dark=True)
    windows.append(supervisor)
    supervisor.sign_in(SUPERVISOR)
    supervisor.page.goto(f"{dispatcher.url}/cases")
    card = supervisor.page.get_by_role("link").filter(has_text=number)
    expect(card).to_contain_text("申请延期待批 · 等 物业公司 报到")
    supervisor.press("j")
    expect(supervisor.page.locator(".board-card:focus")).to_have_count(1)
    card.click()
    supervisor.page.get_by_role("region", name="申请延期").get_by_role("button", name="批准", exact=True).click()
    expect(supervisor.page.get_by_role("region", name="申请延期")).to_have_count(0)
    expect(page.get_by_role("region", name="申请延期")).to_have_count(0)
    expect(page.locator(".clocks")).to_contain_text("剩 4:59")


def test_a_case_is_merged_into_one_nearby_without_typing_its_number(gateway: SpokenGateway, operator: Window) -> None:
    numbers: list[str] = []
    for scenario in (Scenario.UNFAMILIAR_VEHICLE, Scenario.CORRIDOR_EBIKE):
        gateway.tell(parked_ebike(gateway, f"merge-{scenario}", scenario=scenario))
        (alarm,) = operator.call("GET", f"/alarms?disposition=open&scenario={scenario}")["items"]
        numbers.append(operator.call("POST", f"/alarms/{alarm['id']}/report")["number"])
    page = operator.page
    page.goto(f"{operator.base_url}/cases/c-{numbers[1]}")
    pick_seldom(operator, "并案")
    page.get_by_role("radio", name=re.compile(numbers[0])).check()
    page.locator("form.words").get_by_role("button", name="并案").click()
    page.get_by_role("link", name=f"已并入 {numbers[0]}").click()
    expect(page.locator(".where")).to_contain_text(numbers[0])
    expect(page.locator(".remarks")).to_contain_text("2 条告警")


def test_who_goes_off_duty_and_who_comes_on_both_sign_the_hand_over(
    browser: Browser, dispatcher: Dispatcher, gateway: SpokenGateway, operator: Window, windows: list[Window]
) -> None:
    gateway.tell(parked_ebike(gateway, "handed", scenario=Scenario.UNFAMILIAR_VEHICLE))
    (alarm,) = operator.call("GET", f"/alarms?disposition=open&scenario={Scenario.UNFAMILIAR_VEHICLE}")["items"]
    number = operator.call("POST", f"/alarms/{alarm['id']}/report")["number"]
    page = operator.page
    page.get_by_role("link", name="交接班").click()
    expect(page.get_by_role("listitem").filter(has_text=number)).to_contain_text("立案")
    note = page.get_by_label("交代")
    expect(note).to_have_value(re.compile("摄像头：2/2 在看"))
    note.fill("东门摄像头已报修，明早来人。")
    page.get_by_role("radio", name=re.compile("赵立")).check()
    page.get_by_role("button", name="签字，交给 赵立").click()
    expect(page.get_by_role("region", name="等 赵立 签字")).to_contain_text(number)
    supervisor = open_window(browser, dispatcher.url)
    windows.append(supervisor)
    supervisor.sign_in(SUPERVISOR)
    supervisor.page.get_by_role("link", name="交接班：1 份等你签字").click()
    offered = supervisor.page.get_by_role("region", name="李敏 交给你")
    expect(offered).to_contain_text("东门摄像头已报修")
    expect(offered.get_by_role("listitem").filter(has_text=number)).to_be_visible()
    offered.get_by_role("button", name="签字接班").click()
    for window in (supervisor, operator):
        record = (
            window.page.get_by_role("region", name="交接记录").get_by_role("listitem").filter(has_text="李敏 → 赵立")
        )
        expect(record.first).to_contain_text("双方已签字", timeout=30_000)
    expect(page.get_by_role("region", name="我要交班")).to_be_visible()
