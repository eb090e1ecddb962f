"""A resident scans a code, reports in three taps, and follows what becomes of it, without an account."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Route, expect

from e2e.console_driver import PHONE, Window, dispatch, open_window
from e2e.dispatcher import OPERATOR, WORKER, Dispatcher
from e2e.estate import Caller
from e2e.scenes import picture

OUTPUT = Path(__file__).parents[1] / "output" / "console"
AXE = Path(__file__).parents[2] / "server" / "console" / "node_modules" / "axe-core" / "axe.min.js"

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def code(dispatcher: Dispatcher) -> str:
    """Of a place in the worker's grid."""
    return dispatcher.verb("places", "add", "grid-01", "3号楼北侧").split()[0]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_report_is_three_taps_and_can_be_followed(
    browser: Browser, dispatcher: Dispatcher, code: str, photo: Path, windows: list[Window], dark: bool
) -> None:
    phone = open_window(browser, dispatcher.url, PHONE, dark=dark)
    windows.append(phone)
    page = phone.page
    page.goto(f"{dispatcher.url}/r/{code}")
    expect(page.get_by_text("3号楼北侧")).to_be_visible()
    send = page.get_by_role("button", name="提交")
    expect(send).to_be_disabled()
    page.locator("button.kind", has_text="垃圾").click()
    page.locator("input[type=file]").set_input_files(photo)
    expect(page.get_by_alt_text("照片 1")).to_be_visible()
    phone.shoot(OUTPUT / f"resident-{'dark' if dark else 'light'}.png")
    barriers = phone.barriers(AXE.read_text("utf-8")) if AXE.exists() else []
    send.click()
    expect(page.get_by_text("已收到，谢谢")).to_be_visible()
    page.get_by_role("link", name="查看进度").click()
    expect(page.get_by_role("heading", level=2)).to_contain_text("已收到")
    page.reload()
    expect(page.get_by_text("3号楼北侧")).to_be_visible()
    # Signed out, in a browser that is elsewhere: still the site's clock.
    when = page.locator(".milestones time").first
    at = datetime.fromisoformat(when.get_attribute("datetime") or "").astimezone(ZoneInfo("Asia/Shanghai"))
    expect(when).to_have_text(f"{at:%m/%d %H:%M:%S}")
    phone.shoot(OUTPUT / f"tracking-{'dark' if dark else 'light'}.png")
    barriers += phone.barriers(AXE.read_text("utf-8")) if AXE.exists() else []
    assert not phone.scrolls_sideways()
    assert barriers == []


def test_what_is_open_at_the_place_is_shown_before_it_is_reported_again(
    browser: Browser, dispatcher: Dispatcher, windows: list[Window]
) -> None:
    place = dispatcher.verb("places", "add", "grid-01", "9号楼东侧").split()[0]
    neighbour = open_window(browser, dispatcher.url, PHONE)
    windows.append(neighbour)
    page = neighbour.page
    page.goto(f"{dispatcher.url}/r/{place}")
    already = page.get_by_role("region", name=neighbour.says("resident.open_here"))
    expect(page.locator("button.kind", has_text="设施损坏")).to_be_visible()
    expect(already).to_have_count(0)
    page.locator("button.kind", has_text="设施损坏").click()
    page.get_by_label(neighbour.says("resident.words")).fill("王芳家门口的路灯不亮")
    page.get_by_role("button", name="提交").click()
    expect(page.locator(".tracking code")).to_be_visible()

    phone = open_window(browser, dispatcher.url, PHONE)
    windows.append(phone)
    phone.page.goto(f"{dispatcher.url}/r/{place}")
    already = phone.page.get_by_role("region", name=phone.says("resident.open_here"))
    expect(already.get_by_role("listitem")).to_have_count(1)
    expect(already).to_contain_text("设施损坏")
    expect(already).to_contain_text("已收到，正在核实")
    expect(already).not_to_contain_text("王芳")
    phone.shoot(OUTPUT / "resident-open.png")
    assert not phone.scrolls_sideways()
    assert phone.barriers(AXE.read_text("utf-8")) == [] if AXE.exists() else True

    # One tap instead of another report; a browser counts once, and may have been mistaken.
    item, page = already.get_by_role("listitem"), phone.page
    say, back = (item.get_by_role("button", name=phone.says(f"resident.{word}")) for word in ("see_too", "seen_back"))
    counted = phone.says("resident.seen_by", n=1)
    say.click()
    expect(item).to_contain_text(counted)
    page.reload()
    expect(item).to_contain_text(counted)
    phone.shoot(OUTPUT / "resident-seen-too.png")
    assert phone.barriers(AXE.read_text("utf-8")) == [] if AXE.exists() else True
    back.click()
    expect(item).not_to_contain_text(counted)
    say.click()
    expect(item).to_contain_text(counted)
    operator = Caller.sign_in(dispatcher, OPERATOR)
    cases = operator.ask("GET", "/cases")["items"]
    operator.client.close()
    assert [case["seen_by"] for case in cases if case["seen_by"]] == [1]


def test_what_was_begun_outlives_a_reload_and_a_photo_can_be_taken_back(
    browser: Browser, dispatcher: Dispatcher, code: str, photo: Path, windows: list[Window]
) -> None:
    """Many phones close the page to make room for their camera."""
    phone = open_window(browser, dispatcher.url, PHONE)
    windows.append(phone)
    page, words = phone.page, "路灯不亮三天了"
    page.goto(f"{dispatcher.url}/r/{code}")
    page.locator("button.kind", has_text="设施损坏").click()
    page.get_by_label(phone.says("resident.words")).fill(words)
    page.reload()
    expect(page.locator("button.kind", has_text="设施损坏")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label(phone.says("resident.words"))).to_have_value(words)
    page.locator("input[type=file]").set_input_files(photo)
    page.get_by_role("button", name="去掉第 1 张照片").click()
    expect(page.get_by_alt_text("照片 1")).to_have_count(0)
    page.get_by_role("button", name="提交").click()
    told = page.locator(".tracking code")
    expect(told).to_be_visible()
    tracking = told.inner_text()
    page.reload()
    expect(told).to_have_text(tracking)
    page.get_by_role("button", name="再报一件").click()
    expect(page.get_by_label(phone.says("resident.words"))).to_have_value("")


def test_what_is_changed_after_a_lost_answer_is_heard_and_photos_too_many_are_told(
    browser: Browser, dispatcher: Dispatcher, code: str, photo: Path, windows: list[Window]
) -> None:
    phone = open_window(browser, dispatcher.url, PHONE)
    windows.append(phone)
    page, reports = phone.page, f"{dispatcher.url}/api/v1/public/places/{code}/reports"
    page.goto(f"{dispatcher.url}/r/{code}")
    page.locator("button.kind", has_text="治安隐患").click()
    page.locator("input[type=file]").set_input_files([photo] * 5)
    expect(page.get_by_text("最多 3 张照片，另外 2 张没有加入。")).to_be_visible()
    expect(page.get_by_alt_text("照片 3")).to_be_visible()
    words, send = page.get_by_label(phone.says("resident.words")), page.get_by_role("button", name="提交")
    words.fill("东门的锁坏了")

    def lose(route: Route) -> None:
        assert route.fetch().status == 201
        route.abort()

    page.route(reports, lose)
    send.click()
    expect(page.get_by_text("您填的内容还在")).to_be_visible()
    page.unroute(reports)
    words.fill("是西门的锁坏了")
    send.click()
    expect(page.get_by_text("已收到，谢谢")).to_be_visible()
    phone.complaints.clear()
    caller = Caller.sign_in(dispatcher, OPERATOR)
    cases = [each["id"] for each in caller.ask("GET", "/cases")["items"] if each["source"] == "resident"]
    said = [
        text for case in cases for text in str(caller.ask("GET", f"/cases/{case}")).split("'") if "的锁坏了" in text
    ]
    caller.client.close()
    assert set(said) == {"东门的锁坏了", "是西门的锁坏了"}


def test_the_whole_way_of_a_report_in_english_and_plain_words_and_a_rating_at_the_end(
    browser: Browser, dispatcher: Dispatcher, code: str, windows: list[Window]
) -> None:
    phone = open_window(browser, dispatcher.url, PHONE)
    windows.append(phone)
    page = phone.page
    page.goto(f"{dispatcher.url}/r/{code}")
    page.get_by_role("button", name="English").click()
    page.locator("button.kind", has_text="Something is broken").click()
    page.get_by_label("In words").fill("The lamp by the door is dark")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("link", name="See how it stands").click()
    standing = page.get_by_role("heading", level=2)
    expect(standing).to_have_text("Received; somebody is looking at it")
    caller = Caller.sign_in(dispatcher, OPERATOR)
    worker = Caller.sign_in(dispatcher, WORKER)
    photo = worker.upload(picture("mended"))
    reported = [each["id"] for each in caller.ask("GET", "/cases")["items"] if each["source"] == "resident"]
    case = next(each for each in reported if "The lamp by the door" in str(caller.ask("GET", f"/cases/{each}")))
    moves: tuple[tuple[Caller, str, dict[str, object], str], ...] = (
        (caller, "confirm", {}, "Confirmed; somebody is being sent"),
        (caller, "dispatch", {"worker": "u-wang"}, "Somebody has been sent"),
        (worker, "accept", {}, "Somebody has been sent"),
        (worker, "arrive", {}, "Somebody is there and deals with it"),
        (worker, "feedback", {"photos": [photo]}, "Dealt with; the result is being checked"),
        (caller, "close", {}, "Done"),
    )
    for who, action, fields, words in moves:
        version = caller.ask("GET", f"/cases/{case}")["version"]
        who.ask("POST", f"/cases/{case}/{action}", {"version": version, **fields})
        page.get_by_role("button", name="Refresh").click()
        expect(standing).to_have_text(words)
    expect(page.locator(".milestones li")).to_have_count(6)
    barriers = phone.barriers(AXE.read_text("utf-8")) if AXE.exists() else []
    phone.shoot(OUTPUT / "tracking-done.png")
    page.get_by_label("Anything to add").fill("Quick, thank you")
    page.get_by_role("button", name="Content", exact=True).click()
    expect(page.get_by_text("You rated it: Content. Thank you.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("You rated it: Content. Thank you.")).to_be_visible()
    expect(page.get_by_role("button", name="Content", exact=True)).to_have_count(0)
    rated = caller.ask("GET", f"/cases/{case}")
    assert (rated["state"], rated["score"], barriers) == ("evaluated", 5, [])
    for each in (caller, worker):
        each.client.close()


def test_what_a_resident_said_is_read_and_confirmed_in_the_control_room_and_seen_by_who_goes(
    dispatcher: Dispatcher, code: str, operator: Window, worker: Window
) -> None:
    stranger = Caller.stranger(dispatcher)
    fields, photo = {"kind": "blocked", "words": "消防通道被车堵住"}, ("a.jpg", picture("car"), "image/jpeg")
    answer = stranger.client.post(f"/public/places/{code}/reports", data=fields, files={"photos": photo})
    assert answer.is_success, answer.text
    stranger.client.close()
    page = operator.page
    row = page.get_by_role("option").filter(has_text="通道被占")
    expect(row).to_contain_text("待研判")
    row.click()
    pane = page.get_by_role("region", name="正在看")
    expect(pane).to_contain_text("消防通道被车堵住")
    expect(pane.locator(".evidence img")).to_be_visible()
    operator.shoot(OUTPUT / "resident-in-the-room.png")
    # Nobody can be sent to what nobody has confirmed, and the key says so.
    operator.press("d")
    expect(page.locator(".notice").filter(has_text="按 R 立案后")).to_be_visible()
    operator.press("r")
    expect(row).to_contain_text("待派遣")
    dispatch(operator, "王芳")
    task = worker.page.get_by_role("link").filter(has_text="通道被占")
    task.click()
    expect(worker.page.locator("article .quote").first).to_have_text("消防通道被车堵住")
    expect(worker.page.locator("article .evidence img")).to_be_visible()
    worker.shoot(OUTPUT / "resident-task.png")


def test_an_unknown_code_says_so(browser: Browser, dispatcher: Dispatcher) -> None:
    phone = open_window(browser, dispatcher.url, PHONE)
    phone.page.goto(f"{dispatcher.url}/r/zzzzzzzz")
    expect(phone.page.get_by_role("alert").first).to_be_visible()
    phone.page.context.close()
