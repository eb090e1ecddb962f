"""The pages of supervisors and admins in Chromium, before a real dispatcher and broker."""

import csv
import io
import json
import re
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from pyotp.totp import TOTP

from e2e.console_driver import PHONE, Login, Window, open_window, report
from e2e.dispatcher import Dispatcher, SpokenGateway
from e2e.scenes import parked_ebike
from lookout_contract.events import Scenario
from lookout_server.domain.territory import Role

ROOT = Path(__file__).parents[2]
AXE = ROOT / "server" / "console" / "node_modules" / "axe-core" / "axe.min.js"

ADMIN_PAGES = (
    "gateways",
    "quarantine",
    "silences",
    "vehicles",
    "advice",
    "webhooks",
    "roster",
    "policy",
    "accounts",
    "estate",
    "audit",
)
#: What is behind the control room, and the statistics.
PAGES = (
    "/statistics",
    "/account",
    "/admin",
    *(f"/admin/{name}" for name in ADMIN_PAGES),
)

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def _rows(window: Window, caption: str) -> list[list[str]]:
    """The cells of a table by its caption; the first row names them."""
    table = window.page.locator("table.sheet").filter(has=window.page.locator("caption", has_text=caption)).first
    return [row.locator("th, td").all_inner_texts() for row in table.locator("tr").all()]


def test_statistics_show_what_was_decided(gateway: SpokenGateway, operator: Window) -> None:
    for number in range(2):
        gateway.tell(parked_ebike(gateway, f"figures-{number}", scenario=Scenario.UNFAMILIAR_VEHICLE))
    # What comes once the case is open joins it.
    expect(operator.page.get_by_role("option").filter(has_text="陌生车辆").nth(1)).to_be_visible()
    report(operator, camera="2单元楼道")
    operator.press("Escape")
    operator.page.get_by_role("option").filter(has_text="待研判").first.click()
    operator.press("f")
    operator.press("1")
    expect(operator.page.get_by_role("option", selected=True)).to_contain_text("已排除")
    operator.page.get_by_role("link", name="统计").click()
    expect(operator.page.locator(".plot canvas")).to_have_count(2)
    names, row = _rows(operator, "摄像头与规则")
    assert dict(zip(names, row, strict=True)) | {"分布": ""} == {
        "摄像头": "2单元楼道",
        "规则": "陌生车辆",
        "分布": "",
        "告警": "2",
        "属实": "1",
        "误报": "1",
        "未研判": "0",
        "误报率": "50 %",
        "每天": "0.07",
    }
    with operator.page.expect_download() as told:
        operator.page.get_by_role("link", name="摄像头与规则，CSV 表格").click()
    table = list(csv.DictReader(io.StringIO(Path(told.value.path()).read_text("utf-8-sig"))))
    assert [(line["名称"], line["告警"], line["误报"]) for line in table] == [("2单元楼道", "2", "1")]
    operator.page.get_by_role("combobox", name="地点").select_option("grid-02")
    expect(operator.page.get_by_text("这段时间没有案件，也没有告警。")).to_be_visible()


@pytest.fixture(scope="module")
def admin(dispatcher: Dispatcher) -> Login:
    login = Login(username="root", password="administrator-of-the-test")
    dispatcher.add_person(login, Role.ADMIN)
    return login


@pytest.fixture
def office(browser: Browser, dispatcher: Dispatcher, windows: list[Window], admin: Login) -> Window:
    """An admin's window."""
    window = open_window(browser, dispatcher.url)
    windows.append(window)
    window.sign_in(admin)
    return window


def test_a_gateway_is_enrolled_asked_and_read_about(gateway: SpokenGateway, office: Window) -> None:
    page = office.page
    page.get_by_role("link", name="系统").click()
    page.get_by_role("link", name="网关").click()
    box = page.get_by_role("region", name="gw-01")
    expect(box.get_by_text("编号连续，没有缺口")).to_be_visible()
    box.get_by_role("button", name="自检 2单元楼道").click()
    expect(page.get_by_role("row").filter(has_text="gw-01")).to_contain_text(["自检"])
    page.get_by_role("button", name="登记网关").click()
    page.get_by_label("网关名").fill("gw-east")
    page.get_by_role("button", name="生成登记码").click()
    line = page.locator("pre.secret")
    expect(line).to_contain_text(f"lookout-edge enrol {office.base_url} ")
    code = line.inner_text().split()[-1]
    request = urllib.request.Request(
        f"{office.base_url}/api/v1/enrol",
        data=json.dumps({"code": code}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert json.load(answer)["gateway"] == "gw-east"
    page.get_by_role("link", name="审计").click()
    page.get_by_role("combobox", name="做了什么").select_option("gateway.invited")
    expect(page.locator("table.sheet tbody tr")).to_have_count(1)
    expect(page.locator("table.sheet tbody tr")).to_contain_text("gw-east")


def test_an_account_is_made_used_and_disabled(
    browser: Browser, dispatcher: Dispatcher, office: Window, windows: list[Window]
) -> None:
    page = office.page
    page.goto(f"{office.base_url}/admin/accounts")
    page.get_by_role("button", name="新增账号").click()
    form = page.get_by_role("form", name="新增账号")
    form.get_by_label("用户名").fill("chen")
    form.get_by_label("姓名").fill("陈静")
    form.get_by_role("button", name="随机生成").click()
    login = Login(username="chen", password=form.get_by_label("初始密码").input_value())
    form.get_by_label("主管").check()
    form.get_by_label("第一网格").check()
    form.get_by_role("button", name="保存").click()
    row = page.get_by_role("row").filter(has_text="陈静")
    expect(row).to_contain_text("第一网格")
    hers = open_window(browser, dispatcher.url)
    windows.append(hers)
    hers.sign_in(login)
    hers.page.goto(f"{hers.base_url}/account")
    hers.page.get_by_role("button", name="开始设置").click()
    expect(hers.page.get_by_role("img", name="验证器密钥的二维码")).to_be_visible()
    secret = hers.page.locator("code.secret").inner_text().replace(" ", "")
    hers.page.get_by_label("验证码").fill(TOTP(secret).now())
    hers.page.get_by_role("button", name="开启").click()
    expect(hers.page.locator(".recovery li")).to_have_count(10)
    page.reload()
    expect(row).to_contain_text("动态验证码")
    row.get_by_role("button", name="停用").click()
    expect(row).to_have_count(0)
    office.press("u")
    expect(row).to_have_count(1)
    row.get_by_role("button", name="停用").click()
    expect(row).to_have_count(0)
    hers.page.reload()
    expect(hers.page.get_by_label("用户名")).to_be_visible()
    # She has not forgotten her password.
    hers.page.get_by_label("用户名").fill(login.username)
    hers.page.get_by_label("密码").fill(login.password)
    hers.page.get_by_role("button", name="登录").click()
    expect(hers.page.get_by_role("alert")).to_contain_text("这个账号已停用")
    # That her session had ended is what was asked for.
    hers.complaints.clear()


def test_quarantine_and_silences_are_decided_about(gateway: SpokenGateway, office: Window) -> None:
    page = office.page
    gateway.probe.publish(gateway.topics.event("unit2", Scenario.GARBAGE), b'{"specversion": "1.0"}')
    page.goto(f"{office.base_url}/admin/quarantine")
    message = page.get_by_role("listitem").filter(has_text="event/unit2/garbage")
    expect(message).to_be_visible()
    message.get_by_role("button", name="查看内容").click()
    expect(message.locator("pre")).to_contain_text('"specversion": "1.0"')
    message.get_by_role("button", name="重新收取").click()
    expect(page.get_by_text("还是收不进来，消息仍在隔离区")).to_be_visible()
    message.get_by_label("作废原因").fill("测试台上的设备")
    message.get_by_role("button", name="作废").click()
    expect(message).to_have_count(0)
    page.get_by_role("button", name="已作废").click()
    expect(message).to_contain_text("测试台上的设备")
    page.get_by_role("link", name="静默与检修").click()
    page.get_by_role("button", name="静默或检修").click()
    form = page.get_by_role("form", name="静默或检修")
    form.get_by_label("哪里").select_option(label="2单元楼道")
    form.get_by_label("原因").fill("换镜头")
    form.get_by_role("button", name="开始").click()
    row = page.get_by_role("row").filter(has_text="换镜头")
    expect(row).to_contain_text("2单元楼道 · 所有告警")
    row.get_by_role("button", name="结束").click()
    expect(page.get_by_text("现在没有静默，也没有检修。")).to_be_visible()
    # A message that still cannot be taken is answered 409, which browsers log.
    office.complaints.clear()


def test_a_rotation_is_tried_before_it_is_made(dispatcher: Dispatcher, office: Window) -> None:
    page = office.page
    page.goto(f"{office.base_url}/admin/roster")
    expect(page.get_by_text("这一周还没有排班。")).to_be_visible()
    page.get_by_role("button", name="轮班").click()
    form = page.get_by_role("form", name="轮班")
    form.get_by_label("方式").select_option("two")
    form.get_by_label("多少天").fill("7")
    for name in ("李敏", "王芳"):
        form.get_by_label(name).check()
    form.get_by_role("button", name="先试算").click()
    expect(form.get_by_text("会新增 14 班，改动 0 班，去掉 0 班。还没有保存。")).to_be_visible()
    form.get_by_role("button", name="排上去").click()
    expect(form).to_have_count(0)
    page.get_by_role("button", name="下一周").click()
    shifts = page.locator(".shift")
    expect(shifts).to_have_count(14)
    # Two days at work, two of rest, and somebody else two days behind.
    watches = [text for text in shifts.all_inner_texts() if "–" in text]
    assert len(watches) == 7
    assert {"08:00–20:00", "20:00–08:00"} == {text.split("\n")[0] for text in watches}
    page.get_by_role("button", name=re.compile("^去掉 李敏")).first.click()
    expect(shifts).to_have_count(13)
    office.press("u")
    expect(shifts).to_have_count(14)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_page_has_barriers_or_is_too_wide(
    browser: Browser,
    dispatcher: Dispatcher,
    gateway: SpokenGateway,
    windows: list[Window],
    admin: Login,
    dark: bool,
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run `npm ci` in server/console")
    window = open_window(browser, dispatcher.url, dark=dark)
    windows.append(window)
    window.sign_in(admin)
    axe = AXE.read_text("utf-8")
    for path in PAGES:
        window.page.set_viewport_size({"width": 1440, "height": 900})
        window.page.goto(f"{dispatcher.url}{path}")
        expect(window.page.locator("h1")).to_be_attached()
        expect(window.page.locator(".waiting")).to_have_count(0)
        assert (path, window.barriers(axe)) == (path, [])
        for size in (PHONE, (768, 1024)):
            window.page.set_viewport_size({"width": size[0], "height": size[1]})
            assert not window.scrolls_sideways(), (path, size)
