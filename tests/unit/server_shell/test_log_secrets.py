"""Nothing that sounds like a secret is written into the log."""

import json
import logging
from io import StringIO
from typing import Literal

import pytest
import structlog

from lookout_server.adapters.logs import configure_logging, hide_secrets


def test_values_under_telling_names_are_stars_however_deep() -> None:
    event = {"event": "x", "token": "t0p", "request": {"Authorization": "Bearer t0p", "path": "/"}, "tokens": 3}
    assert hide_secrets(None, "info", event) == {
        "event": "x",
        "token": "***",
        "request": {"Authorization": "***", "path": "/"},
        "tokens": 3,
    }


def test_the_log_is_set_up_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    written = StringIO()
    monkeypatch.setattr("sys.stderr", written)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    configure_logging(style="json", level="info")
    structlog.stdlib.get_logger("lookout.test").info("signed in", user="li", password="hunter2", api_key="k")
    line = json.loads(written.getvalue())
    assert (line["user"], line["password"], line["api_key"]) == ("li", "***", "***")


def test_addresses_of_webhooks_are_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """httpx tells each request with its whole address, in which receivers like to have their key."""
    written = StringIO()
    monkeypatch.setattr("sys.stderr", written)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    configure_logging(style="json", level="info")
    logging.getLogger("httpx").info("HTTP Request: POST https://hooks.example/?key=k3y")
    assert written.getvalue() == ""


@pytest.mark.parametrize("style", ["console", "json"])
def test_a_stumble_tells_where_and_no_values(
    monkeypatch: pytest.MonkeyPatch, style: Literal["console", "json"]
) -> None:
    written = StringIO()
    monkeypatch.setattr("sys.stderr", written)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    configure_logging(style=style, level="info")

    def sign_in(typed: str) -> None:
        raise KeyError(len(typed))

    try:
        sign_in("-".join(("hunter", "2")))
    except KeyError as error:
        structlog.stdlib.get_logger("lookout.test").error("a request failed", exc_info=error)
    said = written.getvalue()
    assert "sign_in" in said
    assert "raise KeyError(len(typed))" in said
    assert "hunter-2" not in said
