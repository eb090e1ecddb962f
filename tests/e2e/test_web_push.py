"""Notices to a phone whose page is closed: turned on, shown by the service worker, turned off by signing out."""

import json
from base64 import urlsafe_b64encode
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Page, expect

from e2e.console_driver import Window

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

#: Keys as a browser makes them; nobody has the private one.
_KEYS = {
    "p256dh": urlsafe_b64encode(
        ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    )
    .decode()
    .rstrip("="),
    "auth": "a" * 22,
}
#: No test may ask a push service of the world for a subscription.
_BROWSER = f"""
    PushManager.prototype.subscribe = async (wanted) => {{
        window.applicationServerKey = wanted.applicationServerKey;
        return {{
            endpoint: "https://fcm.googleapis.com/fcm/send/made-up",
            toJSON: () => ({{ keys: {json.dumps(_KEYS)} }}),
        }};
    }};
    PushManager.prototype.getSubscription = async () => null;
    Notification.requestPermission = async () => "granted";
"""
#: Waits here: ``wait_for_function`` takes any promise for an answer.
_SHOWN = """async () => {
    const registration = await navigator.serviceWorker.ready;
    let found = [];
    for (let tries = 0; tries < 200 && !found.length; tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        found = await registration.getNotifications();
    }
    return found.map((each) => [each.title, each.body]);
}"""


def _channels(page: Page) -> list[str]:
    answer = page.evaluate("fetch('/api/v1/people/u-wang/contacts').then((answer) => answer.json())")
    return cast("list[str]", answer["channels"])


def test_a_worker_is_told_while_the_page_is_closed_until_they_sign_out(phone: Window) -> None:
    page = phone.page
    page.add_init_script(_BROWSER)
    page.reload()
    switch = page.get_by_role("button", name="关页也通知")
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")
    assert len(page.evaluate("window.applicationServerKey")) == 87
    (channel,) = _channels(page)
    assert channel.startswith("webpush.")
    _push(phone, {"title": "【守望哨】新任务：垃圾 · 东门，请签收", "body": "New task"})
    assert page.evaluate(_SHOWN) == [["【守望哨】新任务：垃圾 · 东门，请签收", "New task"]]
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "false")
    assert _channels(page) == []
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(switch).to_have_attribute("aria-pressed", "true")
    with page.expect_response(lambda answer: answer.request.method == "DELETE" and channel in answer.url) as ended:
        page.get_by_role("button", name="退出").click()
    assert ended.value.status == 204


def _push(phone: Window, message: dict[str, str]) -> None:
    """What a push service would bring."""
    page = phone.page
    page.context.grant_permissions(["notifications"], origin=phone.base_url)
    browser: Any = page.context.new_cdp_session(page)
    found: list[str] = []

    def note(event: dict[str, list[dict[str, str]]]) -> None:
        found.extend(each["registrationId"] for each in event["registrations"])

    browser.on("ServiceWorker.workerRegistrationUpdated", note)
    browser.send("ServiceWorker.enable")
    page.wait_for_timeout(0)
    while not found:
        page.wait_for_timeout(50)
    origin = phone.base_url
    browser.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": origin, "registrationId": found[-1], "data": json.dumps(message, ensure_ascii=False)},
    )
