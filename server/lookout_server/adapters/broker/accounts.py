"""The embedded broker's accounts, kept in one password file that both brokers read."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from lookout_server.adapters.broker.access import DISPATCHER
from lookout_server.adapters.broker.passwords import SALT_BYTES, hash_password
from lookout_server.adapters.files import alone_with, write_private

PASSWORD_FILE = "passwords"
#: Which version of the password file the running broker has read.
_READ_FILE = "passwords.read"
_OWN_SECRET = "dispatcher.secret"


def accounts_version(folder: Path) -> int | None:
    """Another number whenever the accounts were changed; None while there are none."""
    file = folder / PASSWORD_FILE
    return file.stat().st_mtime_ns if file.exists() else None


def note_read(folder: Path, version: int | None) -> None:
    """The running broker was told to read this version."""
    write_private(folder / _READ_FILE, f"{version}\n")


def have_been_read(folder: Path) -> bool:
    """Whether the broker was told to read the accounts as they are now."""
    file = folder / _READ_FILE
    return file.exists() and file.read_text(encoding="utf-8").strip() == str(accounts_version(folder))


def new_secret() -> str:
    """A password nobody has to remember: 192 random bits."""
    return secrets.token_urlsafe(24)


class BrokerAccounts:
    """User names and password hashes under ``folder``. Every change replaces the file in one step.

    The verbs and the running dispatcher change it both: one who is shut out does not come back with another's password.
    """

    def __init__(self, folder: Path, *, salt: Callable[[int], bytes] = os.urandom) -> None:
        self._folder = folder
        self._salt = salt

    @property
    def file(self) -> Path:
        """The password file; it exists once an account was set."""
        return self._folder / PASSWORD_FILE

    def names(self) -> tuple[str, ...]:
        """All accounts, sorted."""
        return tuple(sorted(self._read()))

    def set(self, username: str, password: str) -> None:
        """Make the account, or give it a new password."""
        stored = hash_password(password, salt=self._salt(SALT_BYTES))
        with alone_with(self.file):
            self._write({**self._read(), username: stored})

    def remove(self, username: str) -> None:
        """Forget the account; unknown names are fine."""
        with alone_with(self.file):
            entries = self._read()
            if entries.pop(username, None) is not None:
                self._write(entries)

    def dispatcher_password(self) -> str:
        """The dispatcher's own password, made at first use and kept beside the file, readable by its owner only."""
        secret = self._folder / _OWN_SECRET
        if secret.exists() and DISPATCHER in self._read():
            return secret.read_text(encoding="utf-8").strip()
        password = new_secret()
        write_private(secret, password + "\n")
        self.set(DISPATCHER, password)
        return password

    def _read(self) -> dict[str, str]:
        return read_accounts(self.file)

    def _write(self, entries: dict[str, str]) -> None:
        write_private(self.file, "".join(f"{name}:{stored}\n" for name, stored in sorted(entries.items())))


def read_accounts(file: Path) -> dict[str, str]:
    """User name → stored hash; a file that is not there yet holds nobody."""
    if not file.exists():
        return {}
    pairs = (line.partition(":") for line in file.read_text(encoding="utf-8").splitlines() if ":" in line)
    return {name: stored for name, _, stored in pairs}
