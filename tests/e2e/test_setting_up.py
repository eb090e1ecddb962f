"""What supervisors and admins set up in Chromium: the policy, people and places from files, their own passwords."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from e2e.console_driver import PHONE, Login, Window, open_window, report
from e2e.dispatcher import SUPERVISOR, WORKER, Dispatcher, SpokenGateway
from e2e.scenes import parked_ebike
from lookout_server.domain.territory import Role

ADMIN = Login(username="root", password="administrator-of-the-test")
OUTPUT = Path(__file__).parents[1] / "output" / "console"
PEOPLE = "username,name,roles,grids,skills,willing,language\n"

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]


def _window(browser: Browser, dispatcher: Dispatcher, windows: list[Window], login: Login) -> Window:
    window = open_window(browser, dispatcher.url)
    windows.append(window)
    window.sign_in(login)
    return window


def test_a_policy_is_changed_tried_activated_and_gone_back_from(
    browser: Browser, dispatcher: Dispatcher, gateway: SpokenGateway, operator: Window, windows: list[Window]
) -> None:
    gateway.tell(parked_ebike(gateway, "past"))
    report(operator, camera="2单元楼道")
    office = _window(browser, dispatcher, windows, SUPERVISOR)
    page = office.page
    page.goto(f"{office.base_url}/admin/policy")
    expect(page.get_by_text("还没有人在这里改过")).to_be_visible()
    changes = page.get_by_role("complementary")
    expect(changes.get_by_text("还没有改动")).to_be_visible()
    limit = page.get_by_role("spinbutton", name="已签收 · 黄 紧急")
    limit.fill("")
    limit.fill("20")
    page.get_by_role("combobox", name="已到场 · 蓝 一般：单位").select_option("h_working")
    page.get_by_role("button", name="添加规则").click()
    expect(changes).to_contain_text("将会改变 3 处")
    expect(changes).to_contain_text("15 分钟 → 20 分钟")
    expect(changes).to_contain_text("4 小时 → 4 小时工作时间")
    changes.get_by_role("button", name="用过去 90 天试跑").click()
    expect(changes).to_contain_text("过去 90 天的 1 个案件")
    office.shoot(OUTPUT / "policy-tried.png")
    changes.get_by_label("为什么改").fill("夜间签收太紧")
    # What was tried is what is put in force: another change asks for another trial.
    limit.fill("25")
    expect(changes.get_by_role("button", name="启用")).to_have_count(0)
    changes.get_by_role("button", name="用过去 90 天试跑").click()
    changes.get_by_label("为什么改").fill("夜间签收太紧")
    changes.get_by_role("button", name="启用").click()
    expect(page.get_by_text(re.compile("现在用的是第 1 版：.*原因：夜间签收太紧"))).to_be_visible()
    held = office.call("GET", "/policy")
    assert (held["version"], held["content"]["limits"]["accepted"]["yellow"]) == (1, "25min")
    assert held["content"]["limits"]["on_scene"]["blue"] == "4h working"
    assert held["content"]["grades"][0]["at_least"] == "red"
    page.get_by_role("button", name="恢复配置文件").click()
    expect(changes).to_contain_text("25 分钟 → 15 分钟")
    changes.get_by_role("button", name="用过去 90 天试跑").click()
    expect(changes.get_by_label("为什么改")).to_have_value("恢复到配置文件")
    changes.get_by_role("button", name="启用").click()
    # The newest offer is the last.
    page.get_by_role("button", name=re.compile("^撤销")).last.click()
    expect(page.get_by_text("第 2 版已撤销，恢复为之前的规则（第 3 版）")).to_be_visible()
    expect(page.get_by_text(re.compile("现在用的是第 3 版.*撤销第 2 版"))).to_be_visible()
    page.get_by_text("以文本查看").click()
    text = page.get_by_role("textbox", name="以文本查看")
    text.fill(text.input_value().replace('"25min"', '"soon"'))
    page.get_by_role("button", name="读入表单").click()
    expect(page.get_by_text(re.compile("limits.accepted.yellow: .*5min"))).to_be_visible()
    # A draft that cannot be read is answered 422, which browsers log.
    office.complaints.clear()


def test_who_is_overtaken_keeps_their_draft_and_sees_what_is_in_force_now(
    browser: Browser, dispatcher: Dispatcher, windows: list[Window]
) -> None:
    slow, fast = (_window(browser, dispatcher, windows, SUPERVISOR) for _ in range(2))
    draw = {"已签收 · 黄 紧急": slow, "待研判 · 蓝 一般": fast}
    for field, window in draw.items():
        window.page.goto(f"{window.base_url}/admin/policy")
        window.page.get_by_role("spinbutton", name=field).fill("40")
        window.page.get_by_role("button", name="用过去 90 天试跑").click()
        window.page.get_by_label("为什么改").fill(field)
    before = slow.call("GET", "/policy")
    fast.page.get_by_role("button", name="启用", exact=True).click()
    newest = f"现在用的是第 {before['version'] + 1} 版：.*原因：待研判"
    expect(fast.page.get_by_text(re.compile(newest))).to_be_visible()
    slow.page.get_by_role("button", name="启用", exact=True).click()
    expect(slow.page.locator(".notices")).to_contain_text("你的改动都还在")
    expect(slow.page.get_by_text(re.compile(newest))).to_be_visible()
    changes = slow.page.get_by_role("complementary")
    expect(changes).to_contain_text(re.compile("[^4]. 分钟 → 40 分钟"))
    # What the other changed would be changed back: that is told as well.
    expect(changes).to_contain_text(re.compile("40 分钟 → 30 分钟"))
    slow.shoot(OUTPUT / "policy-overtaken.png")
    fast.page.get_by_role("button", name=re.compile("^撤销")).last.click()
    expect(fast.page.get_by_text(f"（第 {before['version'] + 2} 版）")).to_be_visible()
    assert slow.call("GET", "/policy")["content"] == before["content"]
    # A draft that was overtaken is answered 409, which browsers log.
    slow.complaints.clear()


def test_people_are_imported_once_every_row_is_right(
    browser: Browser, dispatcher: Dispatcher, windows: list[Window], tmp_path: Path
) -> None:
    dispatcher.add_person(ADMIN, Role.ADMIN)
    office = _window(browser, dispatcher, windows, ADMIN)
    page = office.page
    page.goto(f"{office.base_url}/admin/estate")
    file = tmp_path / "网格员.csv"
    sun = "sun,孙丽,worker,grid-01,fire,true,zh-CN\n"
    file.write_text(PEOPLE + sun + "qian,钱,worker,grid-99,,true,zh-CN\n", encoding="gb18030")
    page.locator("input[type=file]").set_input_files(file)
    row = page.get_by_role("row").filter(has_text="网格员.csv 第 3 行")
    expect(row).to_contain_text("grid-99")
    expect(row).to_contain_text("没有这个地点")
    office.shoot(OUTPUT / "estate-refused.png")
    expect(page.get_by_role("button", name=re.compile("^导入这"))).to_be_disabled()
    file.write_text(PEOPLE + sun, encoding="utf-8")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_role("row").filter(has_text="sun")).to_contain_text("孙丽")
    page.get_by_role("button", name="导入这 1 处改动").click()
    expect(page.get_by_text("已全部导入。下面是改过的内容。")).to_be_visible()
    page.get_by_role("button", name="换文件").click()
    file.write_text(PEOPLE + sun.replace("孙丽", "孙莉").replace("worker", "worker;operator"), encoding="utf-8")
    page.locator("input[type=file]").set_input_files(file)
    changed = page.get_by_role("row").filter(has_text="sun")
    expect(changed).to_contain_text("孙丽 → 孙莉")
    office.shoot(OUTPUT / "estate-changes.png")
    expect(changed).to_contain_text("网格员 → 值班员 · 网格员")
    with page.expect_download() as taken:
        page.get_by_role("link", name="人员（CSV）").click()
    assert "sun,孙丽,worker,grid-01,fire,true,zh-CN" in Path(taken.value.path()).read_text("utf-8-sig")


def test_people_change_their_own_password(browser: Browser, dispatcher: Dispatcher, windows: list[Window]) -> None:
    login = Login(username="he", password="the first password of hers")
    dispatcher.add_person(login, Role.OPERATOR)
    here, there = (_window(browser, dispatcher, windows, login) for _ in range(2))
    page = here.page
    page.goto(f"{here.base_url}/account")
    page.get_by_label("当前密码").fill("not the password")
    for label in ("新密码", "再输一次新密码"):
        page.get_by_label(label, exact=True).fill("the second password of hers")
    page.get_by_role("button", name="修改密码").click()
    expect(page.get_by_text("当前密码不对")).to_be_visible()
    page.get_by_label("当前密码").fill(login.password)
    page.get_by_role("button", name="修改密码").click()
    expect(page.get_by_text("密码已修改")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="127.0.0.1")).to_have_count(1)
    there.page.reload()
    expect(there.page.get_by_label("用户名")).to_be_visible()
    there.sign_in(Login(username="he", password="the second password of hers"))
    # A wrong password is answered 422, which browsers log.
    here.complaints.clear()


def test_a_worker_shares_where_they_are_and_stops(
    browser: Browser, dispatcher: Dispatcher, windows: list[Window]
) -> None:
    window = open_window(browser, dispatcher.url, PHONE)
    windows.append(window)
    context = window.page.context
    context.grant_permissions(["geolocation"], origin=dispatcher.url)
    context.set_geolocation({"latitude": 31.86, "longitude": 117.28, "accuracy": 12})
    window.sign_in(WORKER)
    sent: list[str] = []
    window.page.on("request", lambda asked: sent.append(asked.method) if asked.url.endswith("/position") else None)
    page = window.page
    page.goto(f"{window.base_url}/worker/me")
    expect(page.get_by_text("现在没有共享。")).to_be_visible()
    assert sent == []
    page.get_by_role("button", name="同意并开始共享").click()
    expect(page.get_by_text(re.compile("共享中，上次发送"))).to_be_visible()
    # Agreed to once, it goes on when the page is opened again.
    page.goto(f"{window.base_url}/worker")
    expect(page.get_by_role("link", name="正在共享位置")).to_be_visible()
    page.goto(f"{window.base_url}/worker/me")
    page.get_by_role("button", name="停止共享").click()
    expect(page.get_by_text("现在没有共享。")).to_be_visible()
    page.reload()
    expect(page.get_by_text("现在没有共享。")).to_be_visible()
    assert (sent[0], sent[-1], sent.count("DELETE")) == ("PUT", "DELETE", 1)
    page.get_by_role("link", name="账号与密码").click()
    expect(page.get_by_role("heading", name="修改密码")).to_be_visible()
    page.get_by_role("link", name="任务").click()
    expect(page.get_by_role("navigation").get_by_role("link", name="任务")).to_be_visible()
