"""What the tests that drive pages share: a browser, a dispatcher with a broker, and people with windows."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from e2e.console_driver import PHONE, Window, launch, open_window
from e2e.dispatcher import OPERATOR, SUPERVISOR, WORKER, Dispatcher, SpokenGateway
from e2e.scenes import picture

STATIC = Path(__file__).parents[2] / "server" / "lookout_server" / "static"
GATEWAY = "gw-01"


# Three of these tests may run at once on two cores.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def dispatcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dispatcher]:
    if not (STATIC / "index.html").exists():
        pytest.skip("the console is not built: run `python server/build_console.py`")
    running = Dispatcher(folder=tmp_path_factory.mktemp("dispatcher"))
    running.start()
    for login in (OPERATOR, WORKER, SUPERVISOR):
        running.add_person(login)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gateway(dispatcher: Dispatcher) -> Iterator[SpokenGateway]:
    speaking = SpokenGateway.connect(dispatcher, GATEWAY)
    speaking.announce("unit2", "gate")
    yield speaking
    speaking.close()


@pytest.fixture
def windows(browser: Browser) -> Iterator[list[Window]]:
    """Windows that a test opens: none of them may have complained, and all are closed at the end."""
    opened: list[Window] = []
    yield opened
    complaints = [complaint for window in opened for complaint in window.complaints]
    for window in opened:
        window.page.context.close()
    assert complaints == []


@pytest.fixture
def operator(browser: Browser, dispatcher: Dispatcher, windows: list[Window]) -> Window:
    window = open_window(browser, dispatcher.url)
    windows.append(window)
    window.sign_in(OPERATOR)
    return window


@pytest.fixture
def worker(browser: Browser, dispatcher: Dispatcher, windows: list[Window]) -> Window:
    window = open_window(browser, dispatcher.url, PHONE)
    windows.append(window)
    window.sign_in(WORKER)
    return window


@pytest.fixture
def phone(browser: Browser, dispatcher: Dispatcher) -> Iterator[Window]:
    """A phone whose page is kept for want of network. What it complains about without one is not looked at."""
    window = open_window(browser, dispatcher.url, PHONE)
    window.sign_in(WORKER)
    window.page.goto(f"{dispatcher.url}/worker")
    ready = "() => Promise.race([navigator.serviceWorker.ready, new Promise((done) => setTimeout(done, 60_000))])"
    assert window.page.evaluate(f"async () => Boolean(await ({ready})())"), "no service worker"
    window.page.reload()
    yield window
    window.page.context.close()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "scene.jpg"
    path.write_bytes(picture("cleared", size=(3000, 2000)))
    return path
