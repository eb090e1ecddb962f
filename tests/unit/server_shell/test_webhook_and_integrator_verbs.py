"""The verbs that let other systems in."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lookout_server.__main__ import app
from lookout_server.adapters.broker.accounts import BrokerAccounts
from lookout_server.config import load_server_config
from lookout_server.domain.webhook import secret_bytes
from lookout_server.errors import ConfigError


def invoke(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*words])
    return result.exit_code, result.output


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "server.yaml"
    path.write_text("site: {id: kangle}\ndata_dir: data\n", encoding="utf-8")
    return str(path)


def test_an_integrator_is_let_in_once_gets_a_new_password_on_demand_and_is_let_in_no_more(config: str) -> None:
    code, text = invoke("integrator", "add", "property", "--json", "--config", config)
    assert code == 0
    access = json.loads(text)
    assert (access["mqtt_username"], access["topic"]) == ("~property", "lookout/v1/kangle/case/#")
    folder = next(Path(config).parent.rglob("passwords")).parent
    assert "~property" in BrokerAccounts(folder).names()
    assert invoke("integrator", "add", "property", "--config", config)[0] == 1
    code, text = invoke("integrator", "add", "property", "--rotate", "--json", "--config", config)
    assert json.loads(text)["mqtt_password"] != access["mqtt_password"]
    assert invoke("integrator", "remove", "property", "--config", config)[0] == 0
    assert "~property" not in BrokerAccounts(folder).names()
    code, text = invoke("integrator", "remove", "property", "--config", config)
    assert (code, "there are: none" in text) == (1, True)
    assert invoke("integrator", "add", "Not A Name", "--config", config)[0] == 2


def test_devices_of_a_gateway_have_accounts_of_their_own(config: str) -> None:
    code, text = invoke("device", "add", "gw-1", "hall-cam", "--config", config)
    assert (code, "no gateway goes by 'gw-1'" in text, "gateway add" in text) == (1, True, True)
    assert invoke("gateway", "add", "gw-1", "--config", config)[0] == 0
    code, text = invoke("device", "add", "gw-7", "hall-cam", "--config", config)
    assert (code, "there are: gw-1" in text) == (1, True)
    code, text = invoke("device", "add", "gw-1", "hall-cam", "--json", "--config", config)
    assert code == 0
    access = json.loads(text)
    assert (access["mqtt_username"], access["topic"]) == ("=gw-1.hall-cam", "lookout/v1/kangle/device/gw-1/hall-cam/#")
    code, text = invoke("device", "add", "gw-1", "events", "--for-gateway", "--json", "--config", config)
    assert json.loads(text)["topic"] == "lookout/v1/kangle/device/gw-1/#"
    folder = next(Path(config).parent.rglob("passwords")).parent
    assert set(BrokerAccounts(folder).names()) == {"gw-1", "=gw-1+events", "=gw-1.hall-cam"}
    assert invoke("device", "add", "gw-1", "hall-cam", "--config", config)[0] == 1
    assert invoke("device", "add", "gw-1", "a.b", "--config", config)[0] == 2
    assert invoke("device", "remove", "gw-1", "hall-cam", "--config", config)[0] == 0
    assert invoke("device", "remove", "gw-1", "events", "--config", config)[0] == 0
    code, text = invoke("device", "remove", "gw-1", "events", "--config", config)
    assert (code, "there are: none" in text) == (1, True)


def test_two_webhooks_of_one_name_are_refused_for_they_would_hear_half_each(tmp_path: Path) -> None:
    hook = "{name: property, url: https://hooks.example/x, secret_file: secret}"
    path = tmp_path / "server.yaml"
    path.write_text(f"webhooks: [{hook}, {hook}]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="more than one is called property"):
        load_server_config(path)


def test_a_secret_that_is_printed_is_one_that_is_taken(tmp_path: Path) -> None:
    code, text = invoke("webhook", "secret")
    assert code == 0
    assert len(secret_bytes(text)) == 32
    path = tmp_path / "server.yaml"
    path.write_text(
        "webhooks: [{name: property, url: https://hooks.example/x, secret_file: secret}]\n", encoding="utf-8"
    )
    (hook,) = load_server_config(path).webhooks
    with pytest.raises(ConfigError, match="secret_file cannot be read"):
        hook.secrets()
    (tmp_path / "secret").write_text(text + text, encoding="utf-8")
    assert hook.secrets() == (secret_bytes(text), secret_bytes(text))
    (tmp_path / "secret").write_text("\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="is empty"):
        hook.secrets()
    (tmp_path / "secret").write_text("hunter2", encoding="utf-8")
    with pytest.raises(ConfigError, match="a secret"):
        hook.secrets()


def test_the_rules_of_an_account_are_printed_as_its_broker_wants_them(config: str) -> None:
    code, text = invoke("broker", "rules", "gw-a", "--for", "nats", "--config", config)
    assert (code, json.loads(text)["publish"][2]) == (0, "lookout.v1.kangle.gateway.gw-a.status")
    code, text = invoke("broker", "rules", "gw-a", "--for", "rabbitmq", "--config", config)
    read, own = json.loads(text)["read"], "lookout.v1.kangle.gateway.gw-a"
    keys = (f"{own}.receipt", f"{own}.command.reload", f"{own}.status", f"{own}b.receipt", f"{own}.receipt.x")
    assert [bool(re.search(read, key)) for key in keys] == [True, True, False, False, False]
    code, text = invoke("broker", "rules", "~property", "--for", "rabbitmq", "--config", config)
    assert json.loads(text)["write"] == "^$"
    code, text = invoke("broker", "rules", "gw-a", "--for", "emqx", "--config", config)
    assert (code, "nats and rabbitmq" in text) == (2, True)
