"""Drives the console's pages as people do: an operator in the control room and a worker with a phone.

``drive_to_closed`` takes a dispatcher's address and two logins and asks nothing about what is behind them, so that
it serves events that a test publishes as well as a real gateway.
"""

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, expect

SERVER = Path(__file__).parents[2] / "server"
STATIC = SERVER / "lookout_server" / "static"
#: Scripts as small as this are not packed.
FEW_BYTES = 200
LOCALES = SERVER / "console" / "src" / "locales"
DESKTOP = (1440, 900)
PHONE = (360, 740)
#: The probe for a session, answered 401 before anybody has signed in, is the one error that browsers insist to log.
EXPECTED_ERROR = re.compile(r"status of 401")


Language = Literal["zh-CN", "en"]


@cache
def catalogue(language: Language) -> dict[str, str]:
    """The console's texts: key, its parts joined by dots → text."""
    return dict(_flat(json.loads((LOCALES / f"{language}.json").read_text("utf-8"))))


def _flat(node: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in cast("dict[str, object]", node).items():
        if isinstance(value, str):
            yield f"{prefix}{name}", value
        else:
            yield from _flat(value, f"{prefix}{name}.")


def _filled(blank: re.Match[str], values: Mapping[str, object]) -> str:
    """A blank of a text; ``{{n|# case|# cases}}`` has what is said of one and of other numbers."""
    value = str(values[blank[1]])
    form = blank[2] if value == "1" else blank[3]
    return value if form is None else form.replace("#", value)


@dataclass(frozen=True, kw_only=True)
class Login:
    """A person's name and password."""

    username: str
    password: str


@dataclass(kw_only=True)
class Window:
    """One browser window of one person, and what its console complained about."""

    page: Page
    base_url: str
    complaints: list[str] = field(default_factory=list[str])
    language: Language = "zh-CN"

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not EXPECTED_ERROR.search(message.text):
            self.complaints.append(f"{message.text} ({message.location.get('url')})")

    def says(self, key: str, **values: object) -> str:
        """A text as this window's pages show it."""
        text = catalogue(self.language)[key]
        return re.sub(r"\{\{(\w+)(?:\|([^|}]*)\|([^|}]*))?\}\}", lambda blank: _filled(blank, values), text)

    def speak_english(self) -> None:
        """From now on in English."""
        self.page.get_by_role("button", name="English", exact=True).click()
        expect(self.page.locator("html")).to_have_attribute("lang", "en")
        self.language = "en"

    def sign_in(self, login: Login) -> None:
        """From whatever page: ask for the start page, and sign in there."""
        self.page.goto(self.base_url)
        self.page.locator("input[name=username]").fill(login.username)
        self.page.locator("input[name=password]").fill(login.password)
        self.page.locator("form button.primary").click()
        # The form leaves when the session is there.
        expect(self.page.locator("input[name=password]")).to_have_count(0)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """An operation of the API as the person who is signed in here; its answer as JSON. It has to succeed."""
        script = (
            "async ([method, path, body]) => { const answer = await fetch(`/api/v1${path}`, { method, body,"
            " headers: { 'X-Lookout': '1', 'Content-Type': 'application/json' } });"
            " return [answer.status, await answer.json()]; }"
        )
        sent = None if method == "GET" else json.dumps(body or {})
        status, answer = cast("tuple[int, Any]", self.page.evaluate(script, [method, path, sent]))
        assert status < 400, answer
        return answer

    def press(self, key: str) -> None:
        """A key on the page itself."""
        self.page.locator("body").press(key)

    def shoot(self, path: Path, *, whole: bool = False) -> None:
        """A screenshot of what is to be seen, or of the whole page, once pictures are there."""
        self.page.wait_for_load_state("load")
        # `wait_for_function` would evaluate text, which the pages' policy forbids.
        # Pictures further down may be left unloaded, and one that never comes must not keep the others.
        self.page.evaluate(
            "() => { const seen = [...document.images].filter((at) => at.getBoundingClientRect().top < innerHeight);"
            " const late = new Promise((done) => setTimeout(done, 5_000));"
            " return Promise.race([late, Promise.allSettled(seen.map((each) => each.decode()))]); }"
        )
        for video in self.page.locator("video").all():
            # A film that cannot be played, or comes late, is shown by its poster.
            video.evaluate("(film) => new Promise((done) => { film.onplaying = done; setTimeout(done, 2_000); })")
        self.page.screenshot(path=path, full_page=whole)

    def barriers(self, axe: str) -> list[str]:
        """What axe-core (its script is given) finds to be in the way of people with a disability, a line each."""
        # By the debugger: the pages' own policy lets no foreign script in.
        debugger = self.page.context.new_cdp_session(self.page)
        debugger.send("Runtime.evaluate", {"expression": axe})  # pyright: ignore[reportUnknownMemberType]
        return cast(
            "list[str]",
            self.page.evaluate(
                "async () => (await axe.run()).violations.flatMap((rule) =>"
                " rule.nodes.map((node) => `${rule.id} (${rule.impact}): ${node.target.join(' ')}`))"
            ),
        )

    def scripts_of(self, address: str) -> int:
        """Opens the address anew, in nobody's cache; returns the bytes of its scripts as they travel over HTTP."""
        loaded: dict[str, str] = {}
        scripts = self.page.context.new_page()
        scripts.on("response", lambda answer: loaded.update({answer.url: answer.headers.get("content-encoding", "")}))
        scripts.goto(address)
        expect(scripts.locator("h1, form").first).to_be_attached()
        scripts.close()
        built = {
            STATIC / "assets" / url.rsplit("/", 1)[-1]: coding for url, coding in loaded.items() if url.endswith(".js")
        }
        assert built, "the page loaded no script"
        # Chromium takes Brotli over TLS and from this machine, gzip else. What is a few lines travels as it is.
        bare = [path.name for path, coding in built.items() if not coding and path.stat().st_size > FEW_BYTES]
        assert not bare, f"not packed: {bare}"
        packed = (path.with_name(f"{path.name}.gz") for path in built)
        return sum((each if each.exists() else each.with_suffix("")).stat().st_size for each in packed)

    def scrolls_sideways(self) -> bool:
        """Whether the page is wider than its window."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def launch(playwright: Playwright) -> Browser:
    """The machine's own Chromium; the test skips when there is none."""
    names = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
    executable = next((found for name in names if (found := shutil.which(name))), None)
    if executable is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    return playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])


def open_window(
    browser: Browser, base_url: str, size: tuple[int, int] = DESKTOP, *, dark: bool = False, locale: str = "zh-CN"
) -> Window:
    """A window of its own: cookies and language are shared with no other. ``locale``: the browser's."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        has_touch=size == PHONE,
        is_mobile=size == PHONE,
        locale=locale,
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    return Window(page=page, base_url=base_url)


def report(operator: Window, *, camera: str | None = None) -> str:
    """Choose an open alarm (of that camera) and report it with R; returns the case's number."""
    page = operator.page
    row = page.get_by_role("option").filter(has_text=operator.says("need.judge"))
    if camera is not None:
        row = row.filter(has_text=camera)
    row.first.click(timeout=60_000)
    expect(page.get_by_role("button", name=operator.says("action.report"))).to_be_visible()
    operator.press("r")
    before = operator.says("case.numbered", number="")
    heading = page.get_by_role("link", name=re.compile(f"^{before}"))
    expect(heading).to_be_visible()
    return heading.inner_text().removeprefix(before.strip()).strip()


def dispatch(operator: Window, worker_name: str | None = None) -> None:
    """Send the first who is suggested, by key, or the one named."""
    suggestions = operator.page.get_by_role("region", name=operator.says("dispatch.title"))
    send = operator.says("case_action.dispatch")
    if worker_name is None:
        expect(suggestions.get_by_role("button", name=re.compile(f"{send}.*D"))).to_be_visible()
        operator.press("d")
    else:
        suggestions.get_by_role("listitem").filter(has_text=worker_name).get_by_role("button", name=send).click()
    expect(operator.page.get_by_role("option", selected=True)).to_contain_text(operator.says("case_state.dispatched"))


def carry_out(
    worker: Window, photo: Path, *, words: str = "", steps: tuple[str, ...] = ("accept", "arrive", "feedback")
) -> None:
    """Accept, arrive, take a picture, send it: one big button after another."""
    page = worker.page
    for step in steps:
        page.get_by_role("button", name=worker.says(f"step.{step}"), exact=True).first.click(timeout=60_000)
    page.locator("input[type=file]").set_input_files(photo)
    if words:
        page.get_by_label(worker.says("worker.note")).fill(words)
    page.get_by_role("button", name=worker.says("worker.submit", n=1)).click()
    expect(page.get_by_text(worker.says("worker.turn.verifying"))).to_be_visible()


def close_case(operator: Window, number: str) -> None:
    """Look at what came back on the case's own page, and close it."""
    page = operator.page
    close = operator.says("case_action.close")
    page.get_by_role("link", name=operator.says("case.numbered", number=number)).click()
    expect(page.locator(".evidence img").first).to_be_visible()
    page.get_by_role("button", name=close, exact=True).click()
    page.locator("form.words").get_by_role("button", name=close, exact=True).click()
    expect(page.locator(".progress [aria-current]")).to_have_text(operator.says("case_state.closed"))


def drive_to_closed(
    operator: Window, worker: Window, *, photo: Path, output: Path, camera: str | None = None, name: str | None = None
) -> str:
    """The whole loop, both people signed in: report, dispatch, accept, arrive, photo, close.

    ``camera`` and ``name`` are the camera's name and the worker's, as pages show them; left out, the first alarm and
    the first suggestion. Screenshots go to ``output``. Returns the case's number.
    """
    output.mkdir(parents=True, exist_ok=True)
    number = report(operator, camera=camera)
    operator.shoot(output / "control-room.png")
    dispatch(operator, name)
    worker.page.get_by_role("button", name=worker.says("step.accept"), exact=True).first.wait_for(timeout=60_000)
    worker.shoot(output / "worker-task.png")
    carry_out(worker, photo)
    worker.shoot(output / "worker-done.png")
    checked = operator.page.get_by_role("option", selected=True)
    expect(checked).to_contain_text(operator.says("need.verify"), timeout=20_000)
    operator.shoot(output / "control-room-check.png")
    close_case(operator, number)
    operator.shoot(output / "case-closed.png")
    return number
