"""A backup in one file, while the dispatcher works, and a restore into an empty place, on either database.

A tar file: ``manifest.json`` (what is in it, with the SHA-256 of every member) last, tables as gzipped lines of JSON,
evidence by its hash, and of ``data_dir`` what cannot be made again: the authority, the broker's accounts, models.
"""

import asyncio
import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lookout_server.adapters.clock import SystemClock
from lookout_server.adapters.database import Database, migrate
from lookout_server.adapters.database.dump import DumpedTable, dump, load
from lookout_server.adapters.evidence import ObjectEvidence, open_evidence
from lookout_server.adapters.files import FolderLock, make_private_folder
from lookout_server.bootstrap.access import migrate_database
from lookout_server.bootstrap.version import version
from lookout_server.config import ServerConfig
from lookout_server.errors import ConflictError, InvalidError, ServerError

_FORMAT = 1
_MANIFEST = "manifest.json"
_FOLDERS = ("authority", "broker", "models")
#: What a broker writes down for itself, and what belongs to one run.
_NOT_KEPT = {".db", ".log", ".pid", ".sock", ".new"}
_CHUNK = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class BackupReport:
    """What went into a backup, or came out of it."""

    file: str
    revision: str
    rows: int
    evidence: int
    missing: int
    files: int
    bytes: int


async def backup(config: ServerConfig, out: Path, *, evidence: bool, replace: bool = False) -> BackupReport:
    """Write everything into one file, readable by its owner only; it appears whole or not at all.

    ConflictError where there is one already, unless ``replace``; InvalidError where there can be none.
    """
    _check_target(out, replace=replace)
    await asyncio.to_thread(migrate_database, config)
    part = out.with_name(f".{out.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file, tempfile.TemporaryDirectory(dir=out.parent) as folder:
            writer = _Writer(file)
            revision, tables = await dump(config.database_url(), Path(folder))
            for table in tables:
                writer.add_file(f"tables/{table.file.name}", table.file)
            missing, stored = (0, 0)
            if evidence:
                stored, missing = await _add_evidence(config, writer)
            kept = _keepable(config.data_dir)
            for path in kept:
                writer.add_file(f"data/{path.relative_to(config.data_dir)}", path)
            manifest = {
                "format": _FORMAT,
                "version": version(),
                "site": config.site.id,
                "made_at": SystemClock().now().isoformat(),
                "revision": revision,
                "tables": {table.name: table.rows for table in tables},
                "evidence": evidence,
                "members": writer.members,
            }
            writer.add_bytes(_MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1).encode())
            writer.close()
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    rows = sum(table.rows for table in tables)
    return _report(out, revision, rows, evidence=stored, missing=missing, files=len(kept))


async def restore(config: ServerConfig, file: Path) -> BackupReport:
    """Read a backup into an empty database and its files into their places; nothing is overwritten.

    InvalidError when the file is not there, was cut off or changed, ConflictError when there is something already.
    """
    _check_source(file)
    with FolderLock(config.data_dir), tempfile.TemporaryDirectory(dir=config.data_dir) as folder:
        manifest = await asyncio.to_thread(_unpack, file, Path(folder))
        revision, rows = str(manifest["revision"]), dict[str, int](manifest["tables"])
        occupied = [path for path in _unpacked(Path(folder) / "data") if (config.data_dir / path).exists()]
        if occupied:
            raise ConflictError(f"{config.data_dir / occupied[0]} is there already: restore into an empty data_dir")
        await asyncio.to_thread(migrate, config.database_url(), revision)
        tables = [
            DumpedTable(name=name, rows=count, file=Path(folder) / "tables" / f"{name}.jsonl.gz")
            for name, count in rows.items()
        ]
        await load(config.database_url(), tables)
        await asyncio.to_thread(migrate_database, config)
        stored = await _put_back(config, Path(folder))
        return _report(file, revision, sum(rows.values()), evidence=stored, missing=0, files=len(manifest["members"]))


def _check_target(out: Path, *, replace: bool) -> None:
    if not out.parent.is_dir() or out.is_dir():
        raise InvalidError(f"{out} cannot be a file: name one in a folder that exists")
    if out.exists() and not replace:
        raise ConflictError(f"{out} is there already: name another file, or replace it with --replace")


def _check_source(file: Path) -> None:
    if not file.is_file():
        raise InvalidError(f"there is no file {file}: name one that 'lookout-server backup' wrote")


class _Writer:
    """A tar file and the hashes of what went into it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._tar = tarfile.TarFile(fileobj=file, mode="w", format=tarfile.PAX_FORMAT)
        self.members: dict[str, str] = {}

    def add_file(self, name: str, path: Path) -> None:
        with path.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256").hexdigest()
            source.seek(0)
            info = self._info(name, path.stat().st_size)
            self._tar.addfile(info, source)
        self.members[name] = digest

    def add_bytes(self, name: str, content: bytes) -> None:
        self._tar.addfile(self._info(name, len(content)), io.BytesIO(content))
        self.members[name] = hashlib.sha256(content).hexdigest()

    def close(self) -> None:
        self._tar.close()

    @staticmethod
    def _info(name: str, size: int) -> tarfile.TarInfo:
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = size, 0o600, int(SystemClock().now().timestamp())
        return info


async def _add_evidence(config: ServerConfig, writer: _Writer) -> tuple[int, int]:
    """How many files went in, and how many are in the index and not in the store."""
    files, stored, missing = open_evidence(config.evidence_place()), 0, 0
    database = Database(config.database_url())
    try:
        async for sha256 in _hashes(database):
            size = await files.size(sha256)
            if size is None:
                missing += 1
                continue
            writer.add_bytes(f"evidence/{sha256}", await _whole(files, sha256, size))
            stored += 1
    finally:
        await database.close()
    return stored, missing


async def _hashes(database: Database) -> AsyncIterator[str]:
    after = ""
    while True:
        async with database.read() as uow:
            page = await uow.evidence.hashes(after, 500)
        for sha256 in page:
            yield sha256
        if not page:
            return
        after = page[-1]


async def _whole(files: ObjectEvidence, sha256: str, size: int) -> bytes:
    return b"".join([chunk async for chunk in files.read(sha256, 0, size)])


def _keepable(data_dir: Path) -> list[Path]:
    found = [path for name in _FOLDERS for path in sorted((data_dir / name).rglob("*"))]
    return [path for path in found if path.is_file() and path.suffix not in _NOT_KEPT and not path.name.startswith(".")]


def _unpack(file: Path, folder: Path) -> dict[str, Any]:
    """Every member in the folder, each with the hash that the manifest says."""
    try:
        with tarfile.open(file) as tar:
            tar.extractall(folder, filter="data")
        manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InvalidError(f"{file} is no whole backup: it was cut off before its end") from error
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise InvalidError(f"{file} is no whole backup ({error}): it was cut off, or is something else") from error
    if manifest.get("format") != _FORMAT:
        raise InvalidError(f"{file} is of format {manifest.get('format')}, this version reads {_FORMAT}: update first")
    for name, digest in manifest["members"].items():
        path = folder / name
        if not path.is_file():
            raise InvalidError(f"{file} lacks {name}: it was cut off")
        with path.open("rb") as source:
            if hashlib.file_digest(source, "sha256").hexdigest() != digest:
                raise InvalidError(f"{name} in {file} is not what was backed up: the file was changed or is damaged")
    return manifest


def _unpacked(folder: Path) -> list[Path]:
    return [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()]


async def _put_back(config: ServerConfig, folder: Path) -> int:
    files, stored = open_evidence(config.evidence_place()), 0
    database = Database(config.database_url())
    try:
        for path in _unpacked(folder / "evidence"):
            async with database.read() as uow:
                known = (await uow.evidence.get([path.name])).get(path.name)
            if known is None:
                continue
            await files.put(path.name, known.mime, _chunks(folder / "evidence" / path), max_bytes=known.bytes)
            stored += 1
    finally:
        await database.close()
    for path in _unpacked(folder / "data"):
        target = config.data_dir / path
        make_private_folder(target.parent)
        (folder / "data" / path).replace(target)
    return stored


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            yield chunk


def _report(file: Path, revision: str, rows: int, *, evidence: int, missing: int, files: int) -> BackupReport:
    try:
        size = file.stat().st_size
    except OSError as error:
        raise ServerError(f"{file} cannot be looked at: {error}") from error
    return BackupReport(
        file=str(file), revision=revision, rows=rows, evidence=evidence, missing=missing, files=files, bytes=size
    )
