"""When the dispatcher fails or does not answer: every page says so, offers to try again, and recovers."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle

import pytest
from playwright.sync_api import Browser, Route, expect
from playwright.sync_api import Error as PlaywrightError

from e2e.console_driver import DESKTOP, PHONE, Login, Window, open_window
from e2e.dispatcher import WORKER, Dispatcher
from e2e.screenshots import routes
from lookout_server.domain.territory import Role

ADMIN = Login(username="root", password="administrator-of-the-test")
#: Longer than a page waits for an answer.
PATIENCE_MS = 31_000
#: What a page is made of comes before what it shows: of these there are tests of their own below.
FOUNDATION = re.compile(r"/api/v1/(session|overview|feed|setting-up)(\?|$)")
#: What a page can do without.
BESIDE = re.compile(r"/api/v1/(notices|hand_overs)(\?|$)")
API = re.compile(r"/api/v1/")

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def admin(dispatcher: Dispatcher) -> Login:
    dispatcher.add_person(ADMIN, Role.ADMIN)
    return ADMIN


@pytest.fixture(scope="module")
def troubled(browser: Browser, dispatcher: Dispatcher, admin: Login) -> Iterator[dict[bool, Window]]:
    """A phone (True) and a screen whose clocks are ours. What they complain about without answers is not looked at."""
    windows = {True: open_window(browser, dispatcher.url, PHONE), False: open_window(browser, dispatcher.url, DESKTOP)}
    for phone, window in windows.items():
        window.sign_in(WORKER if phone else admin)
        window.page.clock.install()
    yield windows
    for window in windows.values():
        window.page.context.close()


class Failing:
    """Answers in one way to what a window asks of the API, apart from what the pages stand on."""

    def __init__(self, window: Window, how: str, *, foundation: bool = False) -> None:
        self.window, self.how, self.foundation = window, how, foundation
        self.asked = 0

    def __enter__(self) -> "Failing":
        self.window.page.route(API, self.answer)
        return self

    def __exit__(self, *_: object) -> None:
        self.window.page.unroute(API, self.answer)

    def answer(self, route: Route) -> None:
        # Pictures fail in their own places.
        if bool(FOUNDATION.search(route.request.url)) is not self.foundation or route.request.resource_type == "image":
            route.continue_()
            return
        self.asked += not BESIDE.search(route.request.url)
        if self.how == "refused":
            route.fulfill(status=500, content_type="application/problem+json", body='{"detail": "the disk is full"}')
        elif self.how == "no JSON":
            route.fulfill(status=200, content_type="text/html", body="<h1>Please log in to this network</h1>")
        elif self.how == "broken":
            route.abort("connectionreset")
        # Else it is left without an answer.


HOW = ("silent", "refused", "broken", "no JSON")
FIXED = [each for each in routes() if each.login is not None and ":" not in each.pattern and each.pattern != "/alarms"]


@pytest.mark.parametrize(("path", "how"), [(each.pattern, how) for each, how in zip(FIXED, cycle(HOW), strict=False)])
def test_a_page_comes_out_of_loading_and_recovers(troubled: dict[bool, Window], path: str, how: str) -> None:
    window = troubled[path.startswith("/worker")]
    page = window.page
    trouble, again = page.locator(".failed, .trouble"), window.says("action.again")
    with Failing(window, how) as failing:
        page.goto(f"{window.base_url}{path}")
        expect(page.locator("h1, h2, .cards, .work, .failed").first).to_be_attached()
        if how == "silent":
            page.wait_for_load_state("load")
            page.clock.run_for(PATIENCE_MS)
        expect(page.locator(".waiting")).to_have_count(0)
        if failing.asked:
            expect(trouble.first).to_be_visible()
            assert all(each.get_by_role("button", name=again).count() for each in trouble.all())
    # Each part of a page has its own; one that has come may show another, and some try again by themselves.
    while trouble.count():
        with suppress(PlaywrightError):
            page.get_by_role("button", name=again).first.click(timeout=2_000)
        expect(page.locator(".waiting")).to_have_count(0)


@pytest.mark.parametrize("how", ["silent", "refused"])
def test_a_page_that_cannot_join_recovers(troubled: dict[bool, Window], how: str) -> None:
    """In the office: the phone opens with what it has kept."""
    window = troubled[False]
    page = window.page
    again = page.get_by_role("button", name=window.says("action.again"))
    with Failing(window, how, foundation=True):
        page.goto(f"{window.base_url}/admin/policy")
        page.wait_for_load_state("load")
        if how == "silent":
            page.clock.run_for(PATIENCE_MS)
        expect(again).to_be_visible()
        expect(page.locator(".waiting")).to_have_count(0)
    if how == "silent":
        again.click()
    else:
        # By itself, too.
        page.clock.run_for(6_000)
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".waiting, .trouble, .failed")).to_have_count(0)


def test_what_failed_is_there_again_without_a_hand(troubled: dict[bool, Window]) -> None:
    window = troubled[False]
    page = window.page
    with Failing(window, "broken"):
        page.goto(f"{window.base_url}/admin")
        expect(page.locator(".failed").first).to_contain_text(window.says("problem.unread"))
    page.clock.run_for(6_000)
    expect(page.locator(".failed, .waiting")).to_have_count(0)


def test_a_screen_that_can_hear_no_alarm_says_so(troubled: dict[bool, Window]) -> None:
    window = troubled[False]
    page, bar = window.page, window.page.locator(".stale-bar")
    blocked: list[str | None] = ["broker"]

    def beat(route: Route) -> None:
        told = {"at": "2026-11-29T10:00:00.000Z", "seq": 10**9, "intake_blocked_by": blocked[-1]}
        body = f"retry: 100\nevent: heartbeat\ndata: {json.dumps(told)}\n\n"
        route.fulfill(status=200, content_type="text/event-stream", body=body)

    feed = re.compile(r"/api/v1/feed")
    page.route(feed, beat)
    page.goto(window.base_url)
    for cause in ("broker", "database"):
        blocked.append(cause)
        expect(bar).to_have_text(window.says(f"feed.blocked.{cause}"))
    blocked.append(None)
    expect(bar).to_have_count(0)
    page.unroute(feed, beat)
