"""The cases board, the case's page and what of it goes on paper."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from e2e.console_driver import Window, dispatch, report
from e2e.dispatcher import SpokenGateway
from e2e.scenes import parked_ebike
from lookout_contract.events import Scenario

OUTPUT = Path(__file__).parents[1] / "output" / "console"

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_the_board_shows_who_is_to_act_and_a_case_prints_with_whole_hashes(
    gateway: SpokenGateway, operator: Window
) -> None:
    event = parked_ebike(gateway, "board", scenario=Scenario.KEY_AREA)
    gateway.tell(event)
    number = report(operator)
    page = operator.page
    page.get_by_role("link", name="案件", exact=True).click()
    to_send, to_accept = (page.get_by_role("region", name=re.compile(name)) for name in ("^待派遣", "^待签收"))
    card = to_send.get_by_role("link").filter(has_text=number)
    expect(card).to_contain_text("还没有派人")
    page.get_by_role("link", name="值守").click()
    page.get_by_role("option").filter(has_text="2单元楼道").first.click()
    dispatch(operator)
    page.get_by_role("link", name="案件", exact=True).click()
    moved = to_accept.get_by_role("link").filter(has_text=number)
    expect(moved).to_be_visible()
    expect(card).to_have_count(0)
    operator.shoot(OUTPUT / "cases-board.png")
    moved.click()
    expect(page.get_by_role("button", name="打印案卷")).to_be_visible()
    fingerprint = page.locator(".exhibits").get_by_text(event.evidence[0].sha256)
    expect(fingerprint).to_be_hidden()
    page.emulate_media(media="print")
    expect(fingerprint).to_be_visible()
    expect(page.get_by_role("button", name="打印案卷")).to_be_hidden()
    operator.shoot(OUTPUT / "case-file-printed.png")
