"""Ports: a taken one is named with the key to change; 0 comes back to where it was."""

import errno
import socket
import stat
from pathlib import Path

import pytest

from lookout_server.adapters.files import FolderLock, make_private_folder, write_private
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


def test_any_port_is_none_that_an_outgoing_connection_may_take() -> None:
    # Linux gives those from 32768, and a server that starts slowly found another's there.
    assert all(1024 <= free_port("127.0.0.1") < 32_768 for _ in range(50))


def test_what_is_listened_on_accepts_connections() -> None:
    with listen("127.0.0.1", 0, key="k") as server, socket.create_connection(server.getsockname()):
        pass


def test_an_address_that_is_not_ours() -> None:
    with pytest.raises(ConfigError, match="no address of this machine"):
        listen("no.such.host.invalid", 0, key="k")
    # 192.0.2.0/24 is for documentation: no machine has it.
    for port in (0, 40_000):
        with pytest.raises(ConfigError, match=r"'192\.0\.2\.1' is no address of this machine"):
            listen("192.0.2.1", port, key="k")


def test_a_port_for_administrators(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(ConfigError, match=r"set listen\.port to one above 1023"):
        settle_port("127.0.0.1", 80, key="listen.port")


def test_a_data_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ConfigError, match=r"cannot be written to .* or set another data_dir"), FolderLock(folder):
            pass


def test_one_folder_serves_one_dispatcher(tmp_path: Path) -> None:

    with (
        FolderLock(tmp_path),
        pytest.raises(ServerError, match="another dispatcher already works"),
        FolderLock(tmp_path),
    ):
        pass
    with FolderLock(tmp_path):
        pass


def test_data_is_for_its_owner_only_unless_the_folder_was_there(tmp_path: Path) -> None:
    make_private_folder(tmp_path / "new" / "data")
    assert stat.S_IMODE((tmp_path / "new" / "data").stat().st_mode) == 0o700
    (tmp_path / "old").mkdir(mode=0o755)
    make_private_folder(tmp_path / "old")
    assert stat.S_IMODE((tmp_path / "old").stat().st_mode) == 0o755


def test_a_file_is_replaced_whole_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "runtime.json"
    file.write_text("old")
    write_private(file, "new")
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("new", 0o600)
    assert [each.name for each in tmp_path.iterdir()] == ["runtime.json"]
