"""Tracing that is off costs nothing, and says what is missing when it is asked for in vain."""

import subprocess
import sys

import pytest
from fastapi import FastAPI

from lookout_server.adapters.tracing import Tracing, trace
from lookout_server.errors import ConfigError


def test_nothing_of_it_is_loaded_while_it_is_off() -> None:
    # SQLAlchemy and others may know the API; the SDK and the instrumentation are ours to load.
    code = "import sys, lookout_server.bootstrap.dispatcher; print(*sys.modules)"
    listed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "lookout_server.adapters.tracing" in listed
    assert not [name for name in listed if name.startswith(("opentelemetry.sdk", "opentelemetry.instrumentation"))]


def test_where_it_is_not_installed_it_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.instrumentation.fastapi", None)
    with pytest.raises(ConfigError, match=r"lookout\[otel\]"):
        trace(FastAPI(), Tracing(endpoint="http://x/", share=1, service="s", version="0"))
