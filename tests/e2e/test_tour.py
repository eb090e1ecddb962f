"""Whoever is here for the first time is shown around if they like, by keys too, and is not asked again."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from e2e.console_driver import Window
from e2e.dispatcher import OPERATOR, WORKER

ROOT = Path(__file__).parents[2]
OUTPUT = ROOT / "tests" / "output" / "console"
AXE = ROOT / "server" / "console" / "node_modules" / "axe-core" / "axe.min.js"

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_an_operator_goes_around_by_keys_and_is_not_asked_again(operator: Window) -> None:
    page = operator.page
    offer = page.get_by_role("complementary", name="使用介绍")
    expect(offer).to_be_visible()
    foot = page.locator(".notices").evaluate("(words) => words.getBoundingClientRect().bottom")
    top = offer.evaluate("(offer) => offer.getBoundingClientRect().top")
    assert foot <= top, "what was just done is told above the offer, not under it"
    page.get_by_role("button", name="看一看").click()
    heading = page.get_by_role("dialog").get_by_role("heading")
    expect(heading).to_be_focused()
    expect(page.locator(".toured")).to_have_count(1)
    barriers = operator.barriers(AXE.read_text("utf-8")) if AXE.exists() else []
    operator.shoot(OUTPUT / "tour.png")
    operator.press("ArrowRight")
    expect(heading).to_have_text("先看画面")
    operator.press("ArrowLeft")
    expect(heading).to_have_text("等着处理的事")
    with page.expect_response(re.compile("/session/tours/control$")):
        for _ in range(5):
            operator.press("ArrowRight")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".toured")).to_have_count(0)
    # At another desk neither.
    page.evaluate("() => localStorage.clear()")
    with page.expect_response(re.compile("/session/tours$")):
        page.reload()
    expect(page.get_by_role("heading", name="待办")).to_be_visible()
    expect(page.get_by_role("button", name="看一看")).to_have_count(0)
    # Whoever wants to can take it again.
    operator.press("?")
    page.get_by_role("button", name="使用介绍").click()
    operator.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert barriers == []


def test_a_worker_leaves_it_and_the_next_person_on_the_phone_is_asked(worker: Window) -> None:
    page = worker.page
    page.get_by_role("button", name="看一看").click()
    expect(page.get_by_role("dialog")).to_be_in_viewport(ratio=1)
    barriers = worker.barriers(AXE.read_text("utf-8")) if AXE.exists() else []
    worker.shoot(OUTPUT / "tour-phone.png")
    page.get_by_role("button", name="不看了").click()
    page.reload()
    expect(page.get_by_text("现在没有派给你的任务。")).to_be_visible()
    expect(page.get_by_role("button", name="看一看")).to_have_count(0)
    page.get_by_role("button", name="退出").click()
    expect(page.locator("input[name=username]")).to_be_visible()
    worker.sign_in(OPERATOR)
    page.goto(f"{worker.base_url}/worker")
    expect(page.get_by_role("button", name="看一看")).to_be_visible()
    page.get_by_role("button", name="不用了").click()
    page.get_by_role("button", name="退出").click()
    worker.sign_in(WORKER)
    expect(page.get_by_role("button", name="看一看")).to_have_count(0)
    assert barriers == []
