"""Every page in both languages: what is not data is in the language that was chosen, and no text is missing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import pytest
from playwright.sync_api import Browser, Response, expect
from playwright.sync_api import Error as PlaywrightError

from e2e.console_driver import DESKTOP, Window, catalogue
from e2e.estate import Estate
from e2e.screenshots import people, routes, shown

#: A name with its numbers is one word.
CHINESE = re.compile(r"[0-9]*[\u3400-\u9fff][0-9\u3400-\u9fff]*")
#: A word by itself: what has digits or hyphens is a name or a hash.
ENGLISH = re.compile(r"(?<![\w-])[A-Za-z]{2,}(?![\w-])")
#: More words than this in English are a sentence: no name of anything.
NAME_WORDS = 2
#: Names of things that are called so in Chinese too, units, and each language's name in the other's switch.
THINGS = {"MQTT", "ID", "IP", "AI", "CSV", "PDF", "JSON", "SHA", "kB", "MB", "GB", "ms", "English", "QR"}
KEYS = {"Esc", "Ctrl", "Shift", "Delete"}
#: Names that stand in files as they are, and of browsers and systems.
KNOWN = (
    THINGS
    | KEYS
    | {
        "server",
        "yaml",
        "webhooks",
        "shadows",
        "Chrome",
        "Edge",
        "Firefox",
        "Safari",
        "Linux",
        "Windows",
        "Android",
    }
)
SWITCH = "中文"

#: All texts on the page, and what screen readers are told.
TEXTS = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) found.push(walk.currentNode.data);
  for (const node of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]"))
    for (const name of ["aria-label", "title", "placeholder", "alt"])
      if (node.hasAttribute(name)) found.push(node.getAttribute(name));
  return found.map((text) => text.trim()).filter(Boolean);
}"""

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]


def flat(node: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Strings of a JSON value, each with the last name on its way."""
    if isinstance(node, dict):
        for name, value in cast("dict[str, object]", node).items():
            yield from flat(value, name)
    elif isinstance(node, list):
        for value in cast("list[object]", node):
            yield from flat(value, key)
    elif isinstance(node, str):
        yield key, node


CATALOGUE = catalogue("zh-CN")


@dataclass
class Heard:
    """What the dispatcher told a window: data, in whatever language somebody wrote it."""

    chinese: set[str] = field(default_factory=set[str])
    english: set[str] = field(default_factory=set[str])

    def take(self, answer: Response) -> None:
        """Remember the strings of an answer, but for those that come in both languages, and sentences in English."""
        if "/api/v1/" not in answer.url or "json" not in answer.headers.get("content-type", ""):
            return
        try:
            told = answer.json()
        except PlaywrightError:
            return  # Of a page that was left before it came.
        for key, text in flat(told):
            # A title is somebody's sentence: its parts are data even where the catalogue says the same.
            if key == "title":
                self.chinese.update(CHINESE.findall(text))
            # Of what comes in both languages only the names in it are data.
            if not key.endswith("_zh"):
                self.chinese.update(CHINESE.findall(text) if key.endswith("_en") else [text])
            if key.endswith(("_zh", "_en")):
                continue
            if len(ENGLISH.findall(text)) <= NAME_WORDS or " " not in text.strip():
                self.english.update(ENGLISH.findall(text))

    def strays(self, texts: list[str], *, chinese_page: bool) -> Iterator[str]:
        """What on a page is neither in its language nor data."""
        said = set(CATALOGUE.values())
        for text in texts:
            if text in CATALOGUE:
                yield f"no word for {text}"
            elif chinese_page:
                yield from (word for word in ENGLISH.findall(text) if word not in KNOWN | self.english)
            else:
                for run in CHINESE.findall(text):
                    is_data = any(run in told for told in self.chinese) and (run not in said or run in self.chinese)
                    if not is_data and run != SWITCH:
                        yield run


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    started = Estate.start(tmp_path_factory.mktemp("estate"), cases=20, office=False)
    yield started
    started.stop()


def strays_of(window: Window, heard: Heard, address: str, estate: Estate) -> Iterator[str]:
    """Of a page in Chinese, then in English, then in Chinese again for the next one."""
    page = window.page
    assert shown(window, address, estate.answer) == [], address
    yield from (f"zh {each}" for each in heard.strays(page.evaluate(TEXTS), chinese_page=True))
    window.speak_english()
    expect(page.locator(".waiting")).to_have_count(0)
    yield from (f"en {each}" for each in heard.strays(page.evaluate(TEXTS), chinese_page=False))
    page.get_by_role("button", name=SWITCH, exact=True).click()
    window.language = "zh-CN"


def test_pages_say_what_they_say_in_the_chosen_language(browser: Browser, estate: Estate) -> None:
    windows = people(browser, estate, DESKTOP, dark=False)
    heard: dict[object, Heard] = {}
    for login, window in windows.items():
        heard[login] = Heard()
        window.page.on("response", heard[login].take)
    found: dict[str, list[str]] = {}
    for route in routes():
        address = estate.address(route.pattern)
        if address is None or address == "/alarms":
            continue
        found[route.pattern] = sorted(set(strays_of(windows[route.login], heard[route.login], address, estate)))
    for window in windows.values():
        window.page.context.close()
    strays = [f"{pattern}: {each}" for pattern, all_of in found.items() for each in all_of]
    assert strays == [], "\n".join(strays)
