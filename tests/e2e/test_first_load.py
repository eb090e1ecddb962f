"""What the worker's and the residents' pages load first: they have to open over a bad network."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from e2e.console_driver import PHONE, Window, open_window
from e2e.dispatcher import WORKER, Dispatcher

#: Scripts of a first load as they travel, in either language.
BUDGET_BYTES = 60_000
OUTPUT = Path(__file__).parents[1] / "output" / "console"

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def sizes(window: Window, *addresses: str) -> dict[str, int]:
    """Bytes of script, by address and language."""
    found: dict[str, int] = {}
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for language in ("zh-CN", "en"):
        window.page.evaluate("(language) => localStorage.setItem('lookout.language', language)", language)
        found |= {f"{path} {language}": window.scripts_of(f"{window.base_url}{path}") for path in addresses}
    (OUTPUT / f"first-load{addresses[0][:2].replace('/', '-')}.json").write_text(json.dumps(found, indent=1))
    return found


def test_the_phone_loads_little(browser: Browser, dispatcher: Dispatcher, windows: list[Window]) -> None:
    window = open_window(browser, dispatcher.url, PHONE)
    windows.append(window)
    window.sign_in(WORKER)
    expect(window.page.locator("h1")).to_be_attached()
    found = sizes(window, "/worker")
    assert {path: size for path, size in found.items() if size > BUDGET_BYTES} == {}


def test_the_residents_pages_load_little(browser: Browser, dispatcher: Dispatcher, windows: list[Window]) -> None:
    code = dispatcher.verb("places", "add", "grid-01", "3号楼北侧").split()[0]
    window = open_window(browser, dispatcher.url, PHONE)
    windows.append(window)
    window.page.goto(f"{dispatcher.url}/r/{code}")
    found = sizes(window, f"/r/{code}", "/track/AAAA-AAAA-AAAA-AAAA")
    assert {path: size for path, size in found.items() if size > BUDGET_BYTES} == {}
    window.complaints.clear()
