"""Pictures of every page, light and dark, in three widths: ``make screenshots``, or with the beginnings of addresses.

The pages are those of the console's router, before a dispatcher with an estate at its real scale. Pictures are named
after the page, the width, the theme and English; a page that is wider than its window, or that shows an error, is named
at the end.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from e2e.console_driver import Language, Login, Window, launch, open_window
from e2e.estate import ADMIN, WORKER, Estate

ROOT = Path(__file__).parents[2]
APP = ROOT / "server" / "console" / "src" / "app.tsx"
OUTPUT = ROOT / "tests" / "output" / "screenshots"
ROUTE = re.compile(r'pattern: "([^"]*)".*?access: "([^"]*)"')
SIZES = ((360, 740), (768, 1024), (1280, 800))
#: How long a page may take to have nothing left to load, beside other work; longer than it waits for an answer.
PATIENCE_MS = 40_000


@dataclass(frozen=True, kw_only=True)
class Route:
    """A line of the console's router."""

    pattern: str
    access: str

    @property
    def login(self) -> Login | None:
        """Who opens it."""
        if self.access in {"anybody", "open"}:
            return None
        return WORKER if self.pattern.startswith("/worker") else ADMIN


def routes() -> list[Route]:
    """Of the console, as its sources name them."""
    found = [Route(pattern=pattern, access=access) for pattern, access in ROUTE.findall(APP.read_text("utf-8"))]
    assert found, f"no routes in {APP}"
    return found


def people(
    browser: Browser, estate: Estate, size: tuple[int, int], *, dark: bool, language: Language = "zh-CN"
) -> dict[Login | None, Window]:
    """A window for each of those who open pages, signed in."""
    windows: dict[Login | None, Window] = {}
    for login in (None, WORKER, ADMIN):
        window = open_window(browser, estate.dispatcher.url, size, dark=dark)
        window.page.goto(f"{window.base_url}/login")
        if language == "en":
            window.speak_english()
        if login is not None:
            window.sign_in(login)
        windows[login] = window
    return windows


def shown(window: Window, address: str, answer: Callable[[str], None] | None = None) -> list[str]:
    """Open a page and wait until it has come to rest; what is wrong with it. ``answer``: as a gateway."""
    window.page.goto(f"{window.base_url}{address}")
    if answer is not None:
        answer(address)
    try:
        # One part that has come may bring another that has to be fetched.
        expect(window.page.locator(".waiting")).to_have_count(0, timeout=PATIENCE_MS)
    except AssertionError:
        return ["is still loading"]
    live = window.page.locator(".feed-age:not(.old)")
    if window.page.locator(".feed-age").count():
        live.first.wait_for(timeout=PATIENCE_MS)
    wrong = ["is wider than its window"] if window.scrolls_sideways() else []
    if window.page.locator(".trouble, .failed").count():
        wrong.append("shows an error")
    return wrong


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Which pages, how, and where the pictures go."""

    #: Beginnings of patterns; none: all.
    pages: Sequence[str]
    widths: Sequence[int]
    language: Language
    output: Path
    #: All of a page, not what fits the window.
    whole: bool = False

    def routes(self) -> list[Route]:
        """Those that are wanted."""
        return [route for route in routes() if not self.pages or route.pattern.startswith(tuple(self.pages))]


def shoot(browser: Browser, estate: Estate, wish: Wish) -> Iterator[str]:
    """Take the pictures; yields what is wrong."""
    for size in (size for size in SIZES if size[0] in wish.widths):
        for dark in (False, True):
            windows = people(browser, estate, size, dark=dark, language=wish.language)
            for route in wish.routes():
                address = estate.address(route.pattern)
                name = f"{route.pattern.strip('/').replace('/', '-').replace(':', '') or 'room'}"
                look = f"{size[0]}-{'dark' if dark else 'light'}{'-en' if wish.language == 'en' else ''}"
                if address is None:
                    yield f"{route.pattern}: say in e2e/estate.py where it has something to show"
                    continue
                window = windows[route.login]
                yield from (f"{route.pattern} {look} {wrong}" for wrong in shown(window, address, estate.answer))
                window.shoot(wish.output / f"{name}-{look}.png", whole=wish.whole)
            for window in windows.values():
                window.page.context.close()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; 1 when something is wrong with a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="*", help="beginnings of patterns, e.g. /worker; left out: all")
    widths = [width for width, _ in SIZES]
    parser.add_argument("--width", type=int, nargs="*", choices=widths, default=widths)
    parser.add_argument("--english", action="store_true")
    parser.add_argument("--whole", action="store_true", help="all of a page, not what fits the window")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(argv)
    options.output.mkdir(parents=True, exist_ok=True)
    language: Language = "en" if options.english else "zh-CN"
    wish = Wish(
        pages=options.pages,
        widths=options.width,
        language=language,
        output=options.output,
        whole=options.whole,
    )
    with tempfile.TemporaryDirectory(prefix="lookout-") as folder, sync_playwright() as playwright:
        estate = Estate.start(Path(folder))
        try:
            browser = launch(playwright)
            wrong = sorted(set(shoot(browser, estate, wish)))
            browser.close()
        finally:
            estate.stop()
    sys.stdout.write("".join(f"{line}\n" for line in [*wrong, f"pictures are in {options.output}"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
