"""An admin's day: what gateways are asked and answer, letters that were refused, and every button of every page."""

import asyncio
import http.server
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from e2e.buttons import Presser
from e2e.console_driver import DESKTOP, PHONE, Login, Window, open_window
from e2e.dispatcher import CONFIG, SITE_FILE, WORKER, Dispatcher, SpokenGateway
from e2e.scenes import parked_ebike
from e2e.screenshots import routes, shown
from lookout_contract.commands import Outcome, ProposalCommand, RolloutCommand
from lookout_contract.events import Scenario
from lookout_contract.status import ProposalReport
from lookout_edge.adapters.zoo import Zoo
from lookout_server.bootstrap.access import open_database
from lookout_server.config import load_server_config
from lookout_server.domain.territory import Role
from lookout_server.domain.webhook import SetAside, written_secret

ADMIN = Login(username="root", password="administrator-of-the-test")
HOOKS = "webhooks: [{{name: property, url: 'http://127.0.0.1:{port}/', secret_file: hook.secret}}]\n"
PROPOSAL = "0123456789ab"

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]


@dataclass
class Property:
    """Another system that is told by HTTP, and takes everything."""

    letters: list[bytes] = field(default_factory=list[bytes])
    port: int = 0


@pytest.fixture(scope="module")
def property_firm() -> Iterator[Property]:
    firm = Property()

    class Taker(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            firm.letters.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Tells nobody."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taker) as server:
        firm.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield firm
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def dispatcher(tmp_path_factory: pytest.TempPathFactory, property_firm: Property) -> Iterator[Dispatcher]:
    folder = tmp_path_factory.mktemp("dispatcher")
    (folder / "hook.secret").write_text(written_secret(b"s" * 32))
    running = Dispatcher(folder=folder, config=CONFIG + HOOKS.format(port=property_firm.port))
    (folder / "site.yaml").write_text(SITE_FILE, encoding="utf-8")
    running.start()
    running.add_person(WORKER)
    running.add_person(ADMIN, Role.ADMIN)
    yield running
    running.stop()


@pytest.fixture
def output() -> Path:
    folder = Path(__file__).parents[1] / "output" / "console"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def office(browser: Browser, dispatcher: Dispatcher, windows: list[Window]) -> Window:
    window = open_window(browser, dispatcher.url)
    windows.append(window)
    window.sign_in(ADMIN)
    return window


def test_a_model_is_rolled_out_and_what_became_of_it_is_read(
    dispatcher: Dispatcher, gateway: SpokenGateway, office: Window
) -> None:
    gateway.hear_commands()
    dispatcher.verb("model", "add", str(Zoo.find().entry("coco-nano").folder))
    page = office.page
    page.goto(f"{office.base_url}/admin/gateways")
    box = page.get_by_role("region", name="gw-01")
    chosen = box.get_by_label("换用模型")
    expect(chosen.get_by_role("option")).to_contain_text("coco-nano")
    box.get_by_role("button", name="更换模型").click()
    expect(page.get_by_text(re.compile("已下发 更换模型"))).to_be_visible()
    row = page.get_by_role("row").filter(has_text="更换模型")
    expect(row).to_contain_text("等待回应")
    command = gateway.answer("rollout", Outcome.FAILED, "gate went blind: went back to the old one")
    assert isinstance(command, RolloutCommand)
    assert (command.model, command.package) == ("coco-nano", chosen.input_value())
    expect(row).to_contain_text("失败", timeout=30_000)
    expect(row).to_contain_text("gate went blind")


@pytest.mark.parametrize("accept", [True, False], ids=["accepted", "declined"])
def test_a_proposal_is_decided_about(gateway: SpokenGateway, office: Window, *, accept: bool) -> None:
    gateway.hear_commands()
    proposal = ProposalReport(
        camera="unit2",
        scenario=Scenario.CORRIDOR_EBIKE,
        group="two_wheeler",
        box=(0.1, 0.2, 0.4, 0.6),
        spared=12,
        missed=0,
        unjudged=1,
        decision="open",
    )
    gateway.propose({PROPOSAL: proposal})
    page = office.page
    page.goto(f"{office.base_url}/admin/advice")
    entry = page.get_by_role("listitem").filter(has_text="框内不再理会")
    expect(entry).to_contain_text("2单元楼道 · 电动车进楼")
    expect(entry).to_contain_text("过去一周会少 12 条误报；不会漏掉属实的")
    entry.get_by_role("button", name="采纳" if accept else "不采纳", exact=True).click()
    expect(page.get_by_text("已采纳，下发到" if accept else "不采纳", exact=False).last).to_be_visible()
    command = gateway.answer("proposal")
    assert isinstance(command, ProposalCommand)
    assert (command.proposal, command.accept, command.by) == (PROPOSAL, accept, "root")
    decision = "accepted" if accept else "declined"
    gateway.propose({PROPOSAL: proposal.model_copy(update={"decision": decision, "decided_by": "root"})})
    expect(entry.locator(".pill")).to_have_text("已采纳" if accept else "未采纳", timeout=30_000)
    expect(entry.get_by_role("button")).to_have_count(0)


async def refuse(file: Path, seq: int) -> None:
    """As if the property firm had refused that line of the feed eight times, which takes it an hour."""
    async with open_database(load_server_config(file)) as database, database.write() as work:
        letter = SetAside(hook="property", seq=seq, at=datetime.now(UTC), error="it answers 422")
        await work.webhooks.keep(letter)
        await work.commit()


def test_a_letter_that_was_refused_is_sent_again(
    dispatcher: Dispatcher, gateway: SpokenGateway, office: Window, property_firm: Property
) -> None:
    gateway.tell(parked_ebike(gateway, "letter", scenario=Scenario.KEY_AREA))
    page = office.page
    page.goto(f"{office.base_url}/admin/webhooks")
    box = page.get_by_role("region", name="property")
    expect(box.locator("dd").first).to_be_visible()
    # The page shows how far the feed was told when it was opened.
    deadline = time.monotonic() + 60
    while box.locator("dd").first.inner_text() == "0":
        assert time.monotonic() < deadline, "the letter was not taken"
        page.wait_for_timeout(500)
        page.reload()
        expect(box.locator("dd").first).to_be_visible()
    seq = int(office.call("GET", "/overview")["feed_seq"])
    # Whoever drives a browser has a loop of their own.
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(lambda: asyncio.run(refuse(dispatcher.folder / "server.yaml", seq))).result()
    page.reload()
    expect(box.get_by_role("row").filter(has_text="对方返回 422")).to_be_visible()
    before = len(property_firm.letters)
    box.get_by_role("button", name="重送").click()
    expect(page.get_by_text("重送成功 1 条")).to_be_visible()
    expect(box.get_by_role("button")).to_have_count(0)
    assert len(property_firm.letters) == before + 1


#: Pages of a dispatcher that was just set up, on which there is nothing yet.
EMPTY = ("/", "/cases", "/wall", "/map", "/statistics", "/hand-over", "/admin", "/admin/gateways", "/admin/quarantine")
EMPTY_TOO = ("/admin/silences", "/admin/vehicles", "/admin/advice", "/admin/webhooks", "/admin/roster")


def test_a_page_with_nothing_to_show_says_what_to_do(
    browser: Browser, tmp_path: Path, windows: list[Window], output: Path
) -> None:
    fresh = Dispatcher(folder=tmp_path, config=CONFIG.replace("site_file: site.yaml\n", ""))
    fresh.start()
    try:
        fresh.add_person(ADMIN, Role.ADMIN)
        window = open_window(browser, fresh.url, PHONE)
        windows.append(window)
        window.sign_in(ADMIN)
        silent: list[str] = []
        for path in EMPTY + EMPTY_TOO:
            assert shown(window, path) == [], path
            window.shoot(output / f"empty-{path.strip('/').replace('/', '-') or 'room'}.png")
            told = [each.locator("p").all_inner_texts() for each in window.page.locator(".empty").all()]
            if not told or any(len(paragraphs) < 2 or not paragraphs[1] for paragraphs in told):
                silent.append(path)
        assert silent == []
    finally:
        fresh.stop()


#: What other tests press: it ends the session that this one needs, or makes every name another.
PRESSED_ELSEWHERE = ("退出", "English")


def test_no_button_is_dead_and_no_link_leads_nowhere(
    browser: Browser, dispatcher: Dispatcher, gateway: SpokenGateway, windows: list[Window]
) -> None:
    for name, scenario in (("dead-1", Scenario.GARBAGE), ("dead-2", Scenario.CORRIDOR_EBIKE)):
        gateway.tell(parked_ebike(gateway, name, scenario=scenario))
    room, phone = (open_window(browser, dispatcher.url, size) for size in (DESKTOP, PHONE))
    windows += [room, phone]
    room.sign_in(ADMIN)
    (alarm,) = room.call("GET", "/alarms?disposition=open&scenario=garbage")["items"]
    case = room.call("POST", f"/alarms/{alarm['id']}/report")["id"]
    phone.sign_in(WORKER)
    known = {":id": case, ":gateway": "gw-01", ":camera": "unit2"}
    pressers = {True: Presser(phone, PRESSED_ELSEWHERE), False: Presser(room, PRESSED_ELSEWHERE)}
    # The phone first: in the office accounts are disabled and gateways shut out.
    for route in sorted(routes(), key=lambda each: not each.pattern.startswith("/worker")):
        address = "/".join(known.get(part, part) for part in route.pattern.split("/"))
        # Of zones only a gateway can tell, and the spoken one does not; inspections and residents' codes are not there.
        if route.login is not None and ":" not in address and not address.endswith(("/zones", "/alarms")):
            pressers[route.pattern.startswith("/worker")].press_all(address)
    patterns = [re.compile(re.sub(r":\w+", "[^/]+", route.pattern)) for route in routes()]
    links = {link for presser in pressers.values() for link in presser.links}
    assert [link for link in sorted(links) if not any(pattern.fullmatch(link) for pattern in patterns)] == []
    pressed = [each for presser in pressers.values() for each in presser.pressed]
    dead = [each.name for each in pressed if each.effect is None]
    assert dead == [], "\n".join(dead)
    assert len(pressed) > 80, len(pressed)
    # What presses without reason are refused is what browsers log.
    for window in (room, phone):
        window.complaints[:] = [each for each in window.complaints if "Failed to load resource" not in each]
