"""Ports: a taken one is named with the key to change; 0 comes back to where it was."""

import socket
from pathlib import Path

import pytest

from lookout_server.adapters.files import FolderLock
from lookout_server.adapters.listening import PortTakenError, can_listen, free_port, listen, settle_port
from lookout_server.errors import ConfigError, ServerError


def test_a_taken_port_is_named_with_the_key() -> None:
    with listen("127.0.0.1", 0, key="listen.port") as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=rf"port {port} on 127.0.0.1 is taken .* set listen.port to another"):
            settle_port("127.0.0.1", port, key="listen.port")
        assert not can_listen("127.0.0.1", port)
    assert settle_port("127.0.0.1", port, key="listen.port") == port


def test_any_port_prefers_the_one_of_last_time() -> None:
    last = free_port("127.0.0.1")
    assert free_port("127.0.0.1", preferred=last) == last
    with listen("127.0.0.1", last, key="k"):
        assert free_port("127.0.0.1", preferred=last) != last


def test_what_is_listened_on_accepts_connections() -> None:
    with listen("127.0.0.1", 0, key="k") as server, socket.create_connection(server.getsockname()):
        pass


def test_an_address_that_is_not_ours() -> None:
    with pytest.raises(ConfigError, match="no address of this machine"):
        listen("no.such.host.invalid", 0, key="k")


def test_one_folder_serves_one_dispatcher(tmp_path: Path) -> None:

    with (
        FolderLock(tmp_path),
        pytest.raises(ServerError, match="another dispatcher already works"),
        FolderLock(tmp_path),
    ):
        pass
    with FolderLock(tmp_path):
        pass
