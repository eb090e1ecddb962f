"""The worker's phone on a bad network: what was done is kept, sent once, and readable without a connection."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from e2e.console_driver import Window, close_case, dispatch, report
from e2e.dispatcher import SpokenGateway
from e2e.scenes import parked_ebike

OUTPUT = Path(__file__).parents[1] / "output" / "console"

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def slow_down(page: Page, *, bytes_per_s: int) -> None:
    """Throttle uploads."""
    page.context.new_cdp_session(page).send(  # pyright: ignore[reportUnknownMemberType]
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_s},
    )


def case_of(operator: Window, number: str) -> dict[str, Any]:
    """The case as the API tells it."""
    return cast(
        "dict[str, Any]",
        operator.page.evaluate("(id) => fetch(`/api/v1/cases/c-${id}`).then((answer) => answer.json())", number),
    )


def test_feedback_outlives_a_cut_upload_a_reload_and_a_killed_tab(
    gateway: SpokenGateway, operator: Window, phone: Window, photo: Path
) -> None:
    gateway.tell(parked_ebike(gateway, "cut"))
    number = report(operator, camera="2单元楼道")
    dispatch(operator)
    page, context = phone.page, phone.page.context
    for step in ("签收", "到场", "拍照反馈"):
        page.get_by_role("button", name=step, exact=True).click()
    page.locator("input[type=file]").set_input_files(photo)
    page.get_by_label("说明").fill("已清走")
    expect(page.get_by_text("草稿已存在手机里")).to_be_visible()
    # Not sent off yet, and kept all the same: phones close pages to make room for their camera.
    page.reload()
    expect(page.get_by_label("已拍照片")).to_be_visible()
    # Going back is no sending, and the list says so.
    page.get_by_role("link", name="我的任务").last.click()
    expect(page.get_by_text("有草稿还没有提交（1 张照片）。")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("说明")).to_have_value("已清走")
    slow_down(page, bytes_per_s=2_000)
    page.get_by_role("button", name=re.compile("^提交反馈")).click()
    expect(page.locator("progress")).to_have_attribute("value", re.compile(r"^0\.[1-9]"))
    # Chromium forgets what it was told of a page's network when the page is loaded again.
    context.route("**/api/**", lambda route: route.abort())
    context.set_offline(True)
    expect(page.get_by_text("待发送 1")).to_be_visible()
    page.reload()
    expect(page.get_by_text("待发送 1")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="存在手机里的任务")).to_be_visible()
    expect(page.get_by_text("关掉页面也不会丢")).to_be_visible()
    phone.shoot(OUTPUT / "phone-offline-case.png")
    page.goto(f"{phone.base_url}/worker")
    expect(page.get_by_role("link", name=re.compile("2单元楼道"))).to_be_visible()
    expect(page.locator(".card img")).to_have_js_property("complete", value=True)
    assert page.locator(".card img").evaluate("(image) => image.naturalWidth") > 0
    phone.shoot(OUTPUT / "phone-offline.png")
    page.close()
    context.unroute("**/api/**")
    context.set_offline(False)
    again = Window(page=context.new_page(), base_url=phone.base_url)
    again.page.goto(f"{phone.base_url}/worker/cases/c-{number}")
    expect(again.page.get_by_text("已反馈，等值班员核查。")).to_be_visible()
    again.page.reload()
    expect(again.page.get_by_text("已反馈，等值班员核查。")).to_be_visible()
    expect(again.page.get_by_text("待发送")).to_have_count(0)
    case = case_of(operator, number)
    assert [entry["action"] for entry in case["history"]].count("feedback") == 1
    assert len([file for file in case["evidence"] if file["stage"] == "after"]) == 1
    close_case(operator, number)


def test_a_photo_that_is_being_read_and_words_outlive_a_change_of_the_case_and_more_time_is_asked_for(
    gateway: SpokenGateway, operator: Window, phone: Window, photo: Path
) -> None:
    gateway.tell(parked_ebike(gateway, "slow"))
    number = report(operator, camera="2单元楼道")
    dispatch(operator)
    page = phone.page
    for step in ("签收", "到场", "拍照反馈"):
        page.get_by_role("button", name=step, exact=True).click()
    shutter, thumbs = page.locator("input[type=file]"), page.get_by_label("已拍照片")
    shutter.set_input_files(photo)
    page.get_by_label("说明").fill("已清走")
    # A slow phone, until `read` is called.
    page.evaluate(
        "() => { const read = createImageBitmap; const go = new Promise((done) => { window.read = done; });"
        " window.createImageBitmap = async (file) => { await go; return read(file); }; }"
    )
    shutter.set_input_files(photo)
    expect(page.get_by_text("正在处理照片…")).to_be_visible()
    # What is read would be left out.
    expect(page.get_by_role("button", name=re.compile("^提交反馈"))).to_be_disabled()
    page.get_by_role("button", name="需要更多时间…").click()
    until, at = page.get_by_label("到什么时候"), datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(hours=3)
    # The dispatcher would refuse it.
    until.fill(f"{at.year + 2}-01-02T03:04")
    assert until.evaluate("(field) => field.validity.rangeOverflow")
    until.fill(f"{at:%Y-%m-%dT%H:%M}")
    page.get_by_label("原因").fill("等物业来开门")
    page.get_by_role("button", name="申请延期", exact=True).click()
    expect(page.get_by_text(f"已申请延期（到 {at:%m/%d %H:%M}:00），等主管审批。")).to_be_visible()
    page.evaluate("() => window.read()")
    expect(thumbs).to_have_count(2)
    expect(page.get_by_label("说明")).to_have_value("已清走")
    phone.shoot(OUTPUT / "phone-more-time.png", whole=True)
    page.get_by_role("button", name="提交反馈（2 张照片）").click()
    expect(page.get_by_text("已反馈，等值班员核查。")).to_be_visible()
    asked = next(entry for entry in case_of(operator, number)["history"] if entry["action"] == "ask_extend")
    assert asked["note"] == "等物业来开门"
    # What is told next at that camera is another thing.
    close_case(operator, number)


def test_a_photo_that_the_phone_has_lost_is_taken_again_and_the_words_are_kept(
    gateway: SpokenGateway, operator: Window, phone: Window, photo: Path
) -> None:
    gateway.tell(parked_ebike(gateway, "lost"))
    number = report(operator, camera="2单元楼道")
    dispatch(operator)
    page = phone.page
    for step in ("签收", "到场", "拍照反馈"):
        page.get_by_role("button", name=step, exact=True).click()
    page.locator("input[type=file]").set_input_files(photo)
    page.get_by_label("说明").fill("已清走")
    # As Safari's files do, once.
    page.evaluate(
        "() => { const read = Blob.prototype.arrayBuffer; Blob.prototype.arrayBuffer = () => {"
        " Blob.prototype.arrayBuffer = read; return Promise.reject(new DOMException('lost', 'NotReadableError')); }; }"
    )
    page.get_by_role("button", name=re.compile("^提交反馈")).click()
    lost = page.get_by_role("alert").filter(has_text=phone.says("problem.file_lost"))
    expect(lost.get_by_role("button", name="放弃这一步")).to_be_visible()
    phone.shoot(OUTPUT / "phone-photo-lost.png")
    lost.get_by_label(phone.says("worker.photo_again")).set_input_files(photo)
    expect(page.get_by_text("已反馈，等值班员核查。")).to_be_visible()
    case = case_of(operator, number)
    assert [entry["note"] for entry in case["history"] if entry["action"] == "feedback"] == ["已清走"]
    assert len([file for file in case["evidence"] if file["stage"] == "after"]) == 1
    close_case(operator, number)


def test_two_pages_of_one_phone_send_what_it_keeps_once(
    gateway: SpokenGateway, operator: Window, phone: Window
) -> None:
    gateway.tell(parked_ebike(gateway, "twice"))
    number = report(operator, camera="2单元楼道")
    dispatch(operator)
    first, context = phone.page, phone.page.context
    accepting = re.compile(r"/api/v1/cases/[^/]+/accept$")
    context.route(accepting, lambda route: route.fulfill(status=503, json={"code": "unavailable"}))
    first.get_by_role("button", name="签收", exact=True).click()
    expect(first.get_by_text("待发送 1")).to_be_visible()
    second = context.new_page()
    second.goto(f"{phone.base_url}/worker")
    expect(second.get_by_text("待发送 1")).to_be_visible()
    heard: list[int] = []
    context.on("response", lambda answer: heard.append(answer.status) if accepting.search(answer.url) else None)
    context.unroute(accepting)
    # Both try again in the same moment.
    for page in (first, second):
        page.evaluate("() => void dispatchEvent(new Event('online'))")
    for page in (first, second):
        expect(page.get_by_role("button", name="到场", exact=True)).to_be_visible(timeout=20_000)
        expect(page.get_by_text("待发送")).to_have_count(0)
        expect(page.locator(".failed")).to_have_count(0)
    assert [status for status in heard if status != 503] == [200]
    assert [entry["action"] for entry in case_of(operator, number)["history"]].count("accept") == 1
    second.close()
    phone.complaints.clear()
