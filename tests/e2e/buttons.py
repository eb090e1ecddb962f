"""Presses every button of a page, one after the other, those that a press brings up too, and says what each did."""

import re
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

from playwright.sync_api import Dialog, Page

from e2e.console_driver import Window
from e2e.screenshots import shown

#: Presses on one page: one that brings up ever more would not end.
MOST = 60
#: What a person would take for an answer, before they press again.
PATIENCE_MS = 1_500

#: Buttons that can be pressed, each with a name that tells it from others of its page.
#: One that stands for the choice in force says so, and has nothing left to do.
BUTTONS = """() => {
  const shown = (node) => node.checkVisibility() && node.getClientRects().length > 0;
  const nameOf = (node) => (node.getAttribute("aria-label") ?? node.textContent).replace(/[0-9a-f]*[0-9]+/g, "").trim();
  const inside = (node) => node.closest("form, dialog, section[aria-label], [role=group]")?.getAttribute("aria-label");
  for (const node of document.querySelectorAll("[data-pressed]")) delete node.dataset.pressed;
  return [...document.querySelectorAll("button, summary")]
    .filter((node) => shown(node) && !node.disabled && node.getAttribute("aria-pressed") !== "true")
    .map((node, index) => {
      node.dataset.pressed = index;
      return [String(index), `${nameOf(node)} (${inside(node) ?? node.className})`];
    });
}"""

#: What changed within the patience: the page, its address, a question, a request, printing; null when nothing did.
#: Clocks run by themselves.
PRESS = """([index, patience]) => new Promise((done) => {
  const button = document.querySelector(`[data-pressed="${index}"]`);
  if (button === null) return done("gone");
  const calm = ".clock, time, .feed-age";
  const finish = (effect) => {
    observer.disconnect();
    clearTimeout(timer);
    window.removeEventListener("invalid", told, true);
    done(effect);
  };
  const told = () => finish("says what is missing");
  const observer = new MutationObserver((changes) => {
    const real = changes.some(({ target }) => !(target.nodeType === 1 ? target : target.parentElement)?.closest(calm));
    if (real) finish("the page changed");
  });
  observer.observe(document.documentElement, { subtree: true, childList: true, attributes: true, characterData: true });
  window.addEventListener("invalid", told, true);
  window.print = () => finish("printed");
  const fetched = window.fetch;
  window.fetch = (...asked) => {
    window.fetch = fetched;
    finish("asked the dispatcher");
    return fetched(...asked);
  };
  const fields = () => [...document.querySelectorAll("input, select, textarea")].map((each) => each.value).join("\\n");
  const before = fields();
  const focused = document.activeElement;
  const unseen = () => {
    if (fields() !== before) return "filled in";
    return document.activeElement === focused ? null : "moved the focus";
  };
  const timer = setTimeout(() => finish(unseen()), patience);
  button.click();
})"""
LINKS = "() => [...document.querySelectorAll('a[href^=\"/\"]')].map((link) => new URL(link.href).pathname)"


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """A button, and what it did; None: nothing that anybody could notice."""

    name: str
    effect: str | None


@dataclass
class Presser:
    """Goes from page to page of one window. ``sparing``: beginnings of names that are left alone."""

    window: Window
    sparing: tuple[str, ...] = ()
    pressed: list[Pressed] = field(default_factory=list[Pressed])
    #: Paths of the console that links led to.
    links: set[str] = field(default_factory=set[str])
    _asked: bool = False

    def __post_init__(self) -> None:
        self.window.page.on("dialog", self._answer)

    def press_all(self, address: str) -> None:
        """Open the page and press what is on it until nothing new is left."""
        page = self.window.page
        known: set[str] = set()
        for _ in range(MOST):
            if not self._is_at(address):
                assert shown(self.window, address) == [], address
            self._note_links(page)
            found = cast("list[tuple[str, str]]", page.evaluate(BUTTONS))
            fresh = [(index, name) for index, name in found if name not in known and not name.startswith(self.sparing)]
            if not fresh:
                return
            index, name = fresh[0]
            known.add(name)
            self.pressed.append(Pressed(name=f"{address}: {name}", effect=self._press(index)))

    def _is_at(self, address: str) -> bool:
        return urlsplit(self.window.page.url).path == address

    def _note_links(self, page: Page) -> None:
        links = cast("list[str]", page.evaluate(LINKS))
        self.links.update(link for link in links if not re.match("/api/|/docs", link))

    def _press(self, index: str) -> str | None:
        self._asked = False
        effect = cast("str | None", self.window.page.evaluate(PRESS, [index, PATIENCE_MS]))
        return "asked first" if self._asked else effect

    def _answer(self, dialog: Dialog) -> None:
        if dialog.type == "beforeunload":
            # The next page is opened; what was changed here need not be kept.
            dialog.accept()
            return
        self._asked = True
        dialog.dismiss()
