"""Registered vehicles in Chromium: the page 登记车辆, and letting in the vehicle of an alarm."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from e2e.console_driver import PHONE, Login, Window, open_window, report
from e2e.dispatcher import Dispatcher, SpokenGateway
from e2e.scenes import parked_ebike
from lookout_contract.commands import ResidentsCommand
from lookout_contract.events import Attributes, EventData, Plate, PlateStatus, Scenario
from lookout_server.domain.territory import Role

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

TABLE = "车牌号,有效期止,次数,备注\n皖A12345,,,3号楼503\n沪C99999,2099-12-31,3,保洁公司\n"


@pytest.fixture(scope="module")
def lead(dispatcher: Dispatcher) -> Login:
    login = Login(username="zhao", password="supervisor-of-the-vehicles")
    dispatcher.add_person(login, Role.SUPERVISOR)
    return login


@pytest.fixture
def office(browser: Browser, dispatcher: Dispatcher, windows: list[Window], lead: Login) -> Window:
    window = open_window(browser, dispatcher.url)
    windows.append(window)
    window.sign_in(lead)
    return window


@pytest.fixture
def output() -> Path:
    folder = Path(__file__).parents[1] / "output" / "console"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _row(window: Window, plate: str) -> Locator:
    return window.page.get_by_role("row").filter(has_text=plate)


def _stranger(gateway: SpokenGateway, occurrence: str, plate: str) -> EventData:
    seen = parked_ebike(gateway, occurrence, scenario=Scenario.UNFAMILIAR_VEHICLE)
    read = Plate(text=plate, confidence=0.93, status=PlateStatus.UNKNOWN)
    return seen.model_copy(update={"attributes": Attributes(plate=read)})


def _plates(command: object) -> list[str]:
    assert isinstance(command, ResidentsCommand)
    return sorted(resident.plate for resident in command.residents)


def test_a_vehicle_is_registered_found_changed_and_removed_and_that_undone(
    gateway: SpokenGateway, office: Window, output: Path
) -> None:
    gateway.hear_commands()
    page = office.page
    page.goto(f"{office.base_url}/admin/vehicles")
    expect(page.get_by_text("还没有登记车辆。")).to_be_visible()
    page.get_by_role("button", name="登记车辆").click()
    form = page.get_by_role("form", name="登记车辆")
    form.get_by_label("车牌", exact=False).first.fill("皖a 12345")
    form.get_by_label("备注").fill("3号楼502")
    form.get_by_role("button", name="登记", exact=True).click()
    expect(page.get_by_text("皖A·12345 已登记（长期），正在下发到网关")).to_be_visible()
    expect(_row(office, "皖A·12345")).to_contain_text("3号楼502")
    form.get_by_label("车牌", exact=False).first.fill("皖B7777")
    expect(form.get_by_text("不像常见的国内车牌")).to_be_visible()
    form.get_by_label("车牌", exact=False).first.fill("皖B77777")
    form.get_by_label("有效期至（含当天）").fill("2099-12-31")
    form.get_by_role("button", name="登记", exact=True).click()
    expect(_row(office, "皖B·77777")).to_contain_text("至 2099-12-31 24:00")
    expect(page.get_by_text("共 2 辆")).to_be_visible()
    assert _plates(gateway.answer("residents")) == ["皖A12345", "皖B77777"]
    expect(page.get_by_text("1 台网关都已是最新名单")).to_be_visible(timeout=30_000)
    page.get_by_label("查找").fill("a·123")
    expect(page.get_by_text("找到 1 辆")).to_be_visible()
    expect(_row(office, "皖B·77777")).to_have_count(0)
    page.get_by_label("查找").fill("没有这辆")
    expect(page.get_by_text("没有符合的车辆。")).to_be_visible()
    page.get_by_label("查找").fill("")
    page.get_by_role("button", name="修改 皖A·12345").click()
    changing = page.get_by_role("form", name="修改 皖A·12345")
    changing.get_by_label("备注").fill("3号楼602")
    changing.get_by_role("button", name="保存").click()
    expect(_row(office, "皖A·12345")).to_contain_text("3号楼602")
    page.get_by_role("button", name="移除 皖B·77777").click()
    expect(_row(office, "皖B·77777")).to_have_count(0)
    office.press("u")
    expect(_row(office, "皖B·77777")).to_contain_text("至 2099-12-31 24:00")
    office.shoot(output / "vehicles.png")


def test_a_table_is_looked_at_and_taken_wholly(office: Window, tmp_path: Path, output: Path) -> None:
    page = office.page
    office.call("PUT", "/vehicles/v-00000000000000000001", {"plate": "皖A12345", "note": "3号楼502"})
    page.goto(f"{office.base_url}/admin/vehicles")
    page.get_by_role("button", name="导入 CSV").click()
    table = tmp_path / "list.csv"
    table.write_bytes((TABLE + "皖,明天,,\n皖D44444,明天,,\n").encode("gb18030"))
    page.locator("input[type=file]").set_input_files(table)
    expect(page.get_by_role("alert").get_by_text("有 2 行不能导入").first).to_be_visible()
    expect(_row(office, "第 5 行")).to_contain_text("日期写成 2026-12-31")
    expect(page.get_by_role("button", name=re.compile("确认导入"))).to_be_disabled()
    office.shoot(output / "vehicles-refused.png")
    table.write_bytes(TABLE.encode())
    page.locator("input[type=file]").set_input_files(table)
    expect(page.get_by_role("button", name="确认导入 2 处变更")).to_be_enabled()
    page.get_by_role("button", name="替换整个名单").click()
    expect(page.get_by_text("包括值班员给的临时通行")).to_be_visible()
    page.get_by_role("button", name="新增和修改").click()
    office.shoot(output / "vehicles-import.png")
    page.get_by_role("button", name="确认导入 2 处变更").click()
    expect(page.get_by_text("已导入。", exact=True)).to_be_visible()
    expect(_row(office, "沪C·99999").last).to_contain_text("已用 0 / 3 次")
    with page.expect_download() as told:
        page.get_by_role("link", name="导出 CSV").click()
    assert "沪C99999,,2099-12-31,,3,保洁公司" in Path(told.value.path()).read_text("utf-8-sig")


def test_an_operator_lets_the_vehicle_of_an_alarm_in(
    browser: Browser, dispatcher: Dispatcher, gateway: SpokenGateway, operator: Window, output: Path
) -> None:
    gateway.hear_commands()
    gateway.tell(_stranger(gateway, "guest", "粤B9D666"))
    page = operator.page
    page.get_by_role("option").filter(has_text="陌生车辆").first.click()
    page.get_by_role("button", name="登记此车").click()
    expect(page.get_by_text("不在登记名单上。")).to_be_visible()
    expect(page.get_by_role("button", name="登记为住户车辆")).to_have_count(0)
    page.get_by_label("备注").fill("3号楼的访客")
    operator.shoot(output / "let-in.png")
    page.get_by_role("button", name="通行到今晚 24:00").click()
    expect(page.get_by_text(re.compile("粤B·9D666 已登记（至 .* 24:00），正在下发到网关"))).to_be_visible()
    expect(page.get_by_text(re.compile("临时通行 · 至 .* 24:00 · 3号楼的访客"))).to_be_visible()
    operator.press("u")
    expect(page.get_by_text("不在登记名单上。")).to_be_visible()
    operator.press("p")
    operator.press("p")
    operator.press("2")
    expect(page.get_by_text(re.compile("临时通行 · 至 .* 24:00"))).to_be_visible()
    assert "粤B9D666" in _plates(gateway.answer("residents"))
    report(operator)
    page.goto(f"{operator.base_url}/cases")
    page.get_by_role("link").filter(has_text="陌生车辆").first.click()
    page.get_by_role("button", name="登记此车").click()
    expect(page.get_by_text(re.compile("临时通行 · 至 .* 24:00"))).to_be_visible()
    operator.shoot(output / "let-in-case.png")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_fits_a_phone(
    browser: Browser, dispatcher: Dispatcher, windows: list[Window], lead: Login, output: Path, *, dark: bool
) -> None:
    window = open_window(browser, dispatcher.url, PHONE, dark=dark)
    windows.append(window)
    window.sign_in(lead)
    window.call("PUT", "/vehicles/v-00000000000000000001", {"plate": "皖A12345", "note": "3号楼502"})
    window.page.goto(f"{window.base_url}/admin/vehicles")
    expect(_row(window, "皖A·12345").first).to_be_visible()
    window.page.get_by_role("button", name="登记车辆").click()
    assert not window.scrolls_sideways()
    window.shoot(output / f"vehicles-phone-{'dark' if dark else 'light'}.png", whole=True)
