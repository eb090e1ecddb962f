"""The control room under load: a burst of alarms, filters and views, and the feed after the dispatcher was killed."""

import json
import re
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.console_driver import Window
from e2e.dispatcher import Dispatcher, SpokenGateway
from e2e.scenes import parked_ebike
from lookout_contract.events import EventData, Scenario, Severity

OUTPUT = Path(__file__).parents[1] / "output" / "console"
BURST = 200
BURST_S = 10
#: Tasks of 50 ms and more, and of slow frames what ran in them and how long the layout took that it forced.
WATCH_TASKS = """() => {
  window.longTasks = [];
  window.slowFrames = [];
  const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type });
  watch("longtask", (entry) => window.longTasks.push(Math.round(entry.duration)));
  watch("long-animation-frame", ({ startTime, renderStart, styleAndLayoutStart, duration, scripts }) =>
    window.slowFrames.push({
      at_ms: Math.round(startTime),
      ms: Math.round(duration),
      render_ms: Math.round(startTime + duration - renderStart),
      layout_ms: Math.round(startTime + duration - styleAndLayoutStart),
      scripts: scripts.map((each) => ({
        invoker: each.invoker,
        ms: Math.round(each.duration),
        forced_ms: Math.round(each.forcedStyleAndLayoutDuration),
      })),
    }));
}"""
SEVERITIES = (Severity.BLUE, Severity.YELLOW, Severity.BLUE, Severity.RED)

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def stream(gateway: SpokenGateway, events: Sequence[EventData], span_s: float) -> None:
    """Publish them evenly over the span; returns when the dispatcher has stored the last."""
    start = time.monotonic()
    for number, data in enumerate(events):
        time.sleep(max(0.0, start + number * span_s / len(events) - time.monotonic()))
        gateway.publish(data)
    gateway.settle()


def rows(page: Page, *, selected: bool | None = None) -> Locator:
    """The rows of the list, not what else there is to choose from."""
    return page.get_by_role("listbox", name="待办").get_by_role("option", selected=selected)


def open_alarms(window: Window) -> list[str]:
    """Ids of all alarms that nobody has judged, as the API tells them."""
    found: list[str] = []
    cursor = ""
    while True:
        page = window.call("GET", f"/alarms?disposition=open&limit=200{cursor}")
        found += [alarm["id"] for alarm in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def test_an_alarm_is_silenced_and_its_case_merged_by_key(gateway: SpokenGateway, operator: Window) -> None:
    page = operator.page
    gateway.tell(parked_ebike(gateway, "near", scenario=Scenario.UNFAMILIAR_VEHICLE))
    (alarm,) = operator.call("GET", "/alarms?disposition=open&scenario=unfamiliar_vehicle")["items"]
    near = operator.call("POST", f"/alarms/{alarm['id']}/report")
    gateway.tell(parked_ebike(gateway, "loud"))
    rows(page).filter(has_text="电动车进楼").click()
    listed = page.get_by_role("listbox", name="待办")
    listed.focus()
    operator.press("s")
    expect(page.get_by_label("原因")).to_be_focused()
    # By keys alone, and then they are back where they were.
    page.keyboard.type("今天有施工")
    page.keyboard.press("Enter")
    expect(page.get_by_text("已静默到")).to_be_visible()
    expect(page.locator(".alarm-facts")).to_contain_text("静默")
    expect(listed).to_be_focused()
    operator.press("u")
    expect(page.get_by_text("已取消静默。")).to_be_visible()
    operator.press("m")
    expect(page.get_by_text("先按 R 一键预报，再并案。")).to_be_visible()
    operator.press("r")
    expect(page.get_by_role("region", name="建议派遣")).to_be_visible()
    operator.press("m")
    page.get_by_role("radio", name=re.compile(near["number"])).check()
    operator.shoot(OUTPUT / "control-room-merge.png")
    page.locator("form.words").get_by_role("button", name="并案").click()
    expect(rows(page, selected=True)).to_contain_text("已并案")
    # The tests after this count rows.
    merged = operator.call("GET", f"/cases/{near['id']}")
    operator.call("POST", f"/cases/{near['id']}/void", {"version": merged["version"], "reason": "施工"})
    # Else letting go would hold the row that waits for it.
    expect(rows(page).filter(has_text="待派遣")).to_have_count(0)
    operator.press("Escape")
    expect(rows(page)).to_have_count(0)


def test_two_hundred_alarms_in_ten_seconds_stay_usable(gateway: SpokenGateway, operator: Window) -> None:
    page = operator.page
    first = parked_ebike(gateway, "burst-first", scenario=Scenario.GARBAGE)
    gateway.tell(first)
    rows(page).first.click()
    page.evaluate(WATCH_TASKS)
    events = [
        first.model_copy(update={"occurrence": f"burst-{number}", "severity": SEVERITIES[number % len(SEVERITIES)]})
        for number in range(BURST)
    ]
    stream(gateway, events, BURST_S)
    # Nothing has moved under the pointer; all that came waits behind one button.
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_role("button", name=f"{BURST} 条新告警")).to_be_visible()
    operator.press("n")
    options = rows(page)
    expect(options.first).to_have_attribute("aria-setsize", str(BURST + 1))
    # Of all rows only those in sight are drawn.
    assert options.count() < BURST / 2
    expect(page.locator(".list-head")).to_contain_text(f"{BURST + 1} 条")
    expect(options.first).to_contain_text("红 特急")
    options.nth(2).click()
    expect(options.nth(2)).to_have_attribute("aria-selected", "true")
    expect(page.locator(".list-head")).to_contain_text(f"{BURST - 1} 条未读")
    page.get_by_role("listbox").press("End")
    expect(rows(page, selected=True)).to_have_attribute("aria-posinset", str(BURST + 1))
    expect(rows(page, selected=True)).to_contain_text("蓝 一般")
    operator.shoot(OUTPUT / "control-room-burst.png")
    # The browser tells of tasks of 50 ms and more; how long they are is this machine's, so it is kept and not judged.
    tasks = sorted(page.evaluate("() => window.longTasks"), reverse=True)
    told = {
        "alarms": BURST,
        "seconds": BURST_S,
        "long_tasks_ms": tasks,
        "frames": page.evaluate("() => window.slowFrames"),
    }
    (OUTPUT / "burst.json").write_text(json.dumps(told, indent=1), encoding="utf-8")


def test_filters_and_views_leave_what_is_asked_for(gateway: SpokenGateway, operator: Window) -> None:
    gateway.tell(parked_ebike(gateway, "sifted", Severity.BLUE, Scenario.KEY_AREA))
    page = operator.page
    expect(rows(page).first).to_be_visible()
    operator.press("/")
    page.keyboard.type("没有这个地方")
    # Red that nobody has is never hidden.
    expect(rows(page).first).to_contain_text("红 特急")
    reds = int(rows(page).first.get_attribute("aria-setsize") or 0)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="清除").click()
    page.get_by_text("筛选", exact=True).click()
    page.get_by_label("类型").select_option(label="重点区域")
    expect(rows(page).first).to_have_attribute("aria-setsize", str(reds + 1))
    page.get_by_label("视图名称").fill("重点")
    page.get_by_role("button", name="保存视图").click()
    page.reload()
    page.get_by_text("筛选", exact=True).click()
    page.get_by_role("button", name="重点", exact=True).click()
    expect(rows(page).first).to_have_attribute("aria-setsize", str(reds + 1))
    expect(page.locator(".filtered")).to_contain_text("重点区域")
    operator.shoot(OUTPUT / "control-room-filter.png")
    page.get_by_role("button", name="删除视图 重点").click()
    expect(page.get_by_text("已删除视图“重点”。")).to_be_visible()


def test_after_a_kill_nothing_is_missing_and_nothing_double(
    dispatcher: Dispatcher, gateway: SpokenGateway, operator: Window
) -> None:
    page = operator.page
    first = rows(page).first
    gateway.tell(parked_ebike(gateway, "killed", Severity.BLUE, Scenario.GARBAGE))
    before = len(open_alarms(operator))
    # More than one page of the API's, which follow each other.
    expect(first).to_have_attribute("aria-setsize", str(before), timeout=60_000)
    dispatcher.stop(signal.SIGKILL)
    expect(page.get_by_role("alert").filter(has_text="没有收到心跳")).to_be_visible(timeout=30_000)
    dispatcher.start()
    gateway.reconnect()
    last = parked_ebike(gateway, "killed-0", Severity.BLUE, Scenario.GARBAGE)
    for number in range(3):
        gateway.tell(last.model_copy(update={"occurrence": f"killed-{number}"}))
    expect(page.get_by_text("没有收到心跳")).to_have_count(0, timeout=60_000)
    expect(first).to_have_attribute("aria-setsize", str(before + 3), timeout=60_000)
    page.reload()
    expect(first).to_have_attribute("aria-setsize", str(before + 3))
    # What the browser says about the connection that broke is what this test asked for.
    operator.complaints.clear()
