"""Argon2id by pwdlib, in a thread: a hash takes tens of milliseconds on purpose."""

import asyncio

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError


class Argon2Hasher:
    """Implements ports.PasswordHasher."""

    def __init__(self) -> None:
        self._hasher = PasswordHash.recommended()
        self._nobody: str | None = None
        # A hash takes 64 MiB: a crowd at the door must not take the memory.
        self._turns = asyncio.Semaphore(2)

    async def hash(self, password: str) -> str:
        """A salted Argon2id hash that carries its parameters."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password: str, hashed: str | None) -> bool:
        """Without a hash, one that fits nobody is checked, so that the time tells nothing about who exists."""
        against = hashed if hashed is not None else await self._nobodys_hash()
        async with self._turns:
            fits = await asyncio.to_thread(self._verify, password, against)
        return fits and hashed is not None

    async def _nobodys_hash(self) -> str:
        if self._nobody is None:
            self._nobody = await self.hash("nobody has this password, not even if they type it")
        return self._nobody

    def _verify(self, password: str, hashed: str) -> bool:
        try:
            return self._hasher.verify(password, hashed)
        except PwdlibError:
            return False
