"""Sessions that end at the wrong moment: nothing typed is lost, and whoever was on the way somewhere gets there."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from e2e.console_driver import Login, Window, open_window
from e2e.dispatcher import OPERATOR, WORKER, Dispatcher, SpokenGateway
from e2e.scenes import parked_ebike

OUTPUT = Path(__file__).parents[1] / "output" / "console"
WORDS = "现场只有一辆婴儿车，已与住户核实"

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(300)]


def sign_in_again(window: Window, login: Login) -> None:
    """In the dialog that lies over the page."""
    asked = window.page.get_by_role("dialog", name=window.says("login.again"))
    expect(asked.locator("input[name=username]")).to_have_value(login.username)
    asked.locator("input[name=password]").fill(login.password)
    asked.get_by_role("button", name=window.says("login.enter"), exact=True).click()
    expect(asked).to_have_count(0)


def reported(operator: Window, gateway: SpokenGateway, occurrence: str) -> str:
    """A new case; its id."""
    gateway.tell(parked_ebike(gateway, occurrence))
    (alarm,) = operator.call("GET", "/alarms?disposition=open")["items"]
    return str(operator.call("POST", f"/alarms/{alarm['id']}/report")["id"])


def test_what_was_typed_is_there_after_signing_in_again(operator: Window, gateway: SpokenGateway) -> None:
    page = operator.page
    case = reported(operator, gateway, "typed")
    page.goto(f"{operator.base_url}/cases/{case}")
    void = operator.says("case_action.void")
    page.get_by_role("button", name=void, exact=True).click()
    form = page.locator("form.words")
    form.locator("textarea").fill(WORDS)
    page.context.clear_cookies()
    form.get_by_role("button", name=void, exact=True).click()
    page.keyboard.press("Escape")
    sign_in_again(operator, OPERATOR)
    expect(form.locator("textarea")).to_have_value(WORDS)
    form.get_by_role("button", name=void, exact=True).click()
    expect(page.locator(".progress, .standing").first).to_be_visible()
    expect(page.get_by_text(WORDS).first).to_be_visible()
    assert operator.call("GET", f"/cases/{case}")["state"] == "void"


def test_a_diary_entry_of_an_ended_session_is_sent_when_its_writer_has_signed_in_again(worker: Window) -> None:
    page = worker.page
    page.goto(f"{worker.base_url}/worker/diary")
    page.get_by_role("radio", name="入户走访").check()
    page.get_by_label("写一句").fill(WORDS)
    page.context.clear_cookies()
    page.get_by_role("button", name="记下").click()
    sign_in_again(worker, WORKER)
    expect(page.get_by_role("heading", name="我写的")).to_be_visible(timeout=60_000)
    assert [each["words"] for each in worker.call("GET", "/diary")["items"]] == [WORDS]


def test_who_follows_a_link_comes_to_it_once_signed_in(
    browser: Browser, dispatcher: Dispatcher, operator: Window, gateway: SpokenGateway, windows: list[Window]
) -> None:
    case = reported(operator, gateway, "linked")
    fresh = open_window(browser, dispatcher.url)
    windows.append(fresh)
    fresh.page.goto(f"{dispatcher.url}/cases/{case}")
    fresh.page.locator("input[name=username]").fill(OPERATOR.username)
    fresh.page.locator("input[name=password]").fill(OPERATOR.password)
    fresh.page.locator("form button.primary").click()
    expect(fresh.page).to_have_url(f"{dispatcher.url}/cases/{case}")
    expect(fresh.page.locator(".case-head h1")).to_be_visible()


@pytest.mark.parametrize("keeps", [True, False], ids=["kept", "not-kept"])
def test_whoever_signs_out_is_told_what_is_not_sent_and_leaves_when_it_is(worker: Window, keeps: bool) -> None:
    page, diary, words = worker.page, "**/api/v1/diary", f"{WORDS} {keeps}"
    if not keeps:
        # Some browsers' private windows keep nothing.
        page.add_init_script("Object.defineProperty(window, 'indexedDB', { get() { throw new Error('denied'); } })")
    page.goto(f"{worker.base_url}/worker/diary")
    page.route(diary, lambda route: route.fulfill(status=503, json={"code": "unavailable"}))
    page.get_by_role("radio", name="入户走访").check()
    page.get_by_label("写一句").fill(words)
    page.get_by_role("button", name="记下").click()
    expect(page.get_by_text(worker.says("worker.waiting", n=1))).to_be_visible()
    leave = page.get_by_role("button", name=worker.says("action.leave"), exact=True)
    leave.click()
    told = page.get_by_role("alert").filter(has_text=worker.says("worker.leave_waiting", n=1))
    what = worker.says("worker.leave_kept") if keeps else worker.says("worker.leave_lost", n=1)
    expect(told).to_contain_text(what)
    worker.shoot(OUTPUT / f"leaving-{'kept' if keeps else 'lost'}.png")
    told.get_by_role("button", name=worker.says("worker.leave_not")).click()
    expect(told).to_have_count(0)
    leave.click()
    page.unroute(diary)
    expect(page).to_have_url(f"{worker.base_url}/login", timeout=30_000)
    worker.sign_in(WORKER)
    assert [each["words"] for each in worker.call("GET", "/diary")["items"]].count(words) == 1
    # The browser names each answer of 503.
    worker.complaints[:] = [each for each in worker.complaints if "503" not in each]
