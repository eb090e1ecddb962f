"""Broker passwords fit Mosquitto's own tool, and accounts survive being edited."""

import shutil
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookout_server.adapters.broker.access import DISPATCHER, acl_file, may_hear, may_say, may_subscribe
from lookout_server.adapters.broker.accounts import BrokerAccounts, read_accounts
from lookout_server.adapters.broker.passwords import hash_password, verify_password


@given(password=st.text(max_size=40), other=st.text(max_size=40), salt=st.binary(min_size=12, max_size=12))
def test_a_password_fits_its_own_hash_only(password: str, other: str, salt: bytes) -> None:
    stored = hash_password(password, salt=salt)
    assert verify_password(password, stored)
    assert verify_password(other, stored) == (other == password)


@given(stored=st.text(max_size=60))
def test_a_broken_hash_fits_nothing(stored: str) -> None:
    assert not verify_password("secret", stored)


@pytest.mark.parametrize("stored", ["$7$0$AAAA$AAAA", "$6$101$AAAA$AAAA", "$7$x$AAAA$AAAA", "$7$101$??$AAAA"])
def test_a_hash_of_another_kind_fits_nothing(stored: str) -> None:
    assert not verify_password("", stored)


def test_what_mosquitto_writes_is_understood(tmp_path: Path) -> None:
    tool = shutil.which("mosquitto_passwd")
    if tool is None:
        pytest.skip("mosquitto_passwd is not installed")
    file = tmp_path / "passwords"
    subprocess.run([tool, "-c", "-b", str(file), "gw-a", "geheim 密码"], check=True, capture_output=True)
    assert verify_password("geheim 密码", read_accounts(file)["gw-a"])


def test_accounts_are_kept_private_and_replaced(tmp_path: Path) -> None:
    accounts = BrokerAccounts(tmp_path)
    assert accounts.names() == ()
    accounts.set("gw-a", "one")
    accounts.set("gw-b", "two")
    accounts.set("gw-a", "three")
    assert stat.S_IMODE(accounts.file.stat().st_mode) == 0o600
    assert verify_password("three", read_accounts(accounts.file)["gw-a"])
    assert not verify_password("one", read_accounts(accounts.file)["gw-a"])
    accounts.remove("gw-a")
    accounts.remove("never was")
    assert accounts.names() == ("gw-b",)


def test_who_is_shut_out_does_not_come_back_with_another_account(tmp_path: Path) -> None:
    """A verb takes an account away while the dispatcher computes the hash of a new one."""
    BrokerAccounts(tmp_path).set("gw-a", "one")

    def meanwhile(size: int) -> bytes:
        BrokerAccounts(tmp_path).remove("gw-a")
        return bytes(size)

    BrokerAccounts(tmp_path, salt=meanwhile).set("gw-b", "two")
    assert BrokerAccounts(tmp_path).names() == ("gw-b",)


def test_accounts_that_are_made_at_once_are_all_there(tmp_path: Path) -> None:
    names = [f"gw-{number:02}" for number in range(20)]

    def make(name: str) -> None:
        BrokerAccounts(tmp_path).set(name, "secret")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, names))
    assert BrokerAccounts(tmp_path).names() == tuple(names)


def test_the_dispatchers_own_password_is_made_once(tmp_path: Path) -> None:
    first = BrokerAccounts(tmp_path).dispatcher_password()
    assert BrokerAccounts(tmp_path).dispatcher_password() == first
    assert verify_password(first, read_accounts(tmp_path / "passwords")[DISPATCHER])


BASE = "lookout/v1/home/gateway"
AROUND_A = "lookout/v1/home/device/gw-a"


@pytest.mark.parametrize(
    ("username", "topic", "says", "hears"),
    [
        ("gw-a", f"{BASE}/gw-a/status", True, False),
        ("gw-a", f"{BASE}/gw-a/event/gate/fire_smoke", True, False),
        ("gw-a", f"{BASE}/gw-a/event/gate/fire_smoke/more", False, False),
        ("gw-a", f"{BASE}/gw-a/receipt", False, True),
        ("gw-a", f"{BASE}/gw-a/command/reload", False, True),
        ("gw-a", f"{BASE}/gw-ab/status", False, False),
        ("gw-a", f"{BASE}/gw-b/receipt", False, False),
        ("gw-a", "lookout/v1/other/gateway/gw-a/status", False, False),
        ("gw-a", "lookout/v1/home/case/g/c/event", False, False),
        ("~property", "lookout/v1/home/case/g/c/event", False, True),
        ("~property", f"{BASE}/~property/receipt", False, False),
        ("~property", f"{BASE}/gw-a/receipt", False, False),
        ("~property", "lookout/v1/other/case/g/c/event", False, False),
        ("~property", f"{BASE}/gw-a/status", False, True),
        ("~property", f"{BASE}/gw-a/status/more", False, False),
        ("~property", "lookout/v1/home/alarm/gw-a/gate/garbage", False, True),
        ("~property", "lookout/v1/home/case", False, False),
        ("~property", "homeassistant/binary_sensor/gate/garbage/config", False, True),
        ("~property", "frigate/events", False, True),
        ("gw-a", "frigate/events", False, False),
        ("=gw-a.cam", f"{AROUND_A}/cam/onvif-ej/RuleEngine/x", True, True),
        ("=gw-a.cam", f"{AROUND_A}/button/pressed", False, False),
        ("=gw-a.cam", f"{BASE}/gw-a/status", False, False),
        ("=gw-a.cam", f"{BASE}/=gw-a.cam/status", False, False),
        ("=gw-a+events", f"{AROUND_A}/cam/onvif-ej/RuleEngine/x", True, True),
        ("=gw-a+events", "lookout/v1/home/device/gw-b/cam/x", False, False),
        ("=gw-a+events", f"{BASE}/gw-a/event/c/key_area", False, False),
        ("gw-a", f"{AROUND_A}/cam/x", False, False),
        (DISPATCHER, f"{BASE}/gw-a/receipt", True, True),
        (DISPATCHER, "$SYS/broker", False, False),
    ],
)
def test_who_may_say_and_hear_what(username: str, topic: str, says: bool, hears: bool) -> None:
    assert may_say(username, topic, site="home") is says
    assert may_hear(username, topic, site="home") is hears


@pytest.mark.parametrize(
    ("username", "topic_filter", "may"),
    [
        ("gw-a", f"{BASE}/gw-a/#", True),
        ("gw-a", f"{BASE}/+/status", False),
        ("gw-a", "#", False),
        ("gw-a", f"{BASE}/gw-a", False),
        ("~property", "lookout/v1/home/case/#", True),
        ("~property", "lookout/v1/#", False),
        ("~property", "homeassistant/+/+/config", True),
        ("~property", "frigate/events", True),
        ("~property", f"{BASE}/+/status", True),
        ("~property", f"{BASE}/gw-a/status", True),
        ("~property", f"{BASE}/gw-a/#", False),
        ("~property", f"{BASE}/#", False),
        ("~property", "#", False),
        ("~property", "+/events", False),
        ("=gw-a+events", f"{AROUND_A}/cam/onvif-ej/#", True),
        ("=gw-a.cam", f"{AROUND_A}/#", False),
        (DISPATCHER, "lookout/v1/+/gateway/+/status", True),
    ],
)
def test_who_may_subscribe_where(username: str, topic_filter: str, may: bool) -> None:
    assert may_subscribe(username, topic_filter, site="home") is may


def test_mosquittos_rules_name_the_site_and_the_direction() -> None:
    assert "pattern write lookout/v1/home/gateway/%u/event/+/+\n" in acl_file("home")
    assert "pattern read lookout/v1/home/gateway/%u/receipt\n" in acl_file("home")
    assert "readwrite lookout/v1/home" not in acl_file("home")
