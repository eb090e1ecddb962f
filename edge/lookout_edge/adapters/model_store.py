"""Models that the dispatcher rolled out: fetched, checked, unpacked, and which of them runs."""

import hashlib
import re
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import httpx
import structlog
from pydantic import BaseModel, ValidationError

from lookout_contract.base import Sha256
from lookout_edge.adapters.atomic_file import write_whole
from lookout_edge.adapters.zoo import Zoo
from lookout_edge.errors import EdgeError, ModelError

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_MEMBER = re.compile(r"[A-Za-z0-9._-]+\.(onnx|yaml|md)")
#: What a package may unpack to; a zip of a few bytes can claim to hold terabytes.
_MOST_BYTES = 1_000_000_000
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)


@dataclass(frozen=True, slots=True)
class RolledOut:
    """A model beside the zoo of this installation: ``folder`` is a zoo of its own that holds the entry ``name``."""

    name: str
    package: str
    folder: Path


class _State(BaseModel):
    """Which package runs. ``instead_of``: the configured detector that it took the place of."""

    name: str
    package: Sha256
    instead_of: str
    on_trial: bool
    before: tuple[str, Sha256] | None = None


class ModelStore:
    """A folder of rolled-out models. Used by one thread at a time."""

    def __init__(self, folder: Path, *, dispatcher_url: str | None, token: str) -> None:
        self._folder = folder
        self._url = dispatcher_url.rstrip("/") if dispatcher_url else None
        self._token = token

    def fetch(self, name: str, package: str, size: int) -> RolledOut:
        """The package, held or fetched from the dispatcher, checked by its SHA-256 and unpacked; EdgeError if not."""
        place = RolledOut(name, package, self._folder / package)
        if (place.folder / name / "model.yaml").exists():
            return place
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            archive = self._download(package, size)
            self._unpack(archive, place)
            archive.unlink()
        except OSError as error:
            raise EdgeError(f"The model cannot be kept in {self._folder}: {error.strerror}.") from error
        return place

    def chosen(self, configured: str) -> RolledOut | None:
        """What runs instead of the configured detector. What was on trial when the gateway ended is given up."""
        state = self._read()
        if state is None or state.instead_of != configured:
            return None
        if state.on_trial:
            _log.error("the gateway ended while a model was on trial; the one before it runs again", model=state.name)
            self.give_up()
            return self.chosen(configured)
        return RolledOut(state.name, state.package, self._folder / state.package)

    def begin_trial(self, model: RolledOut, configured: str) -> None:
        """From now on a restart goes back to what runs now."""
        held = self._read()
        before = (held.name, held.package) if held is not None and held.instead_of == configured else None
        self._write(_State(name=model.name, package=model.package, instead_of=configured, on_trial=True, before=before))

    def keep(self) -> None:
        """The model on trial is the one that runs, over restarts too; what ran before it is deleted."""
        state = self._read()
        if state is None:
            return
        self._write(state.model_copy(update={"on_trial": False, "before": None}))
        for folder in self._folder.iterdir():
            if folder.is_dir() and folder.name != state.package:
                shutil.rmtree(folder, ignore_errors=True)

    def give_up(self) -> None:
        """Back to what ran before the trial."""
        state = self._read()
        if state is None:
            return
        if state.before is None:
            self._file.unlink(missing_ok=True)
        else:
            name, package = state.before
            self._write(_State(name=name, package=package, instead_of=state.instead_of, on_trial=False))
        shutil.rmtree(self._folder / state.package, ignore_errors=True)

    @property
    def _file(self) -> Path:
        return self._folder / "rollout.json"

    def _read(self) -> _State | None:
        try:
            return _State.model_validate_json(self._file.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            _log.warning("which model was rolled out cannot be read; the configured one runs", why=str(error))
            return None

    def _write(self, state: _State) -> None:
        try:
            write_whole(self._file, state.model_dump_json().encode())
        except OSError as error:
            raise EdgeError(f"{self._file} cannot be written: {error.strerror}.") from error

    def _download(self, package: str, size: int) -> Path:
        """Into a file that a broken connection leaves as it is, so that the next try goes on where it ended."""
        if self._url is None:
            raise EdgeError("Models are fetched from the dispatcher: set dispatcher.url.")
        part = self._folder / f"{package}.part"
        held = part.stat().st_size if part.exists() else 0
        headers = {"Authorization": f"Bearer {self._token}"} | ({"Range": f"bytes={held}-"} if held else {})
        if held < size:
            try:
                url = f"{self._url}/api/v1/models/{package}"
                with httpx.stream("GET", url, headers=headers, timeout=_TIMEOUT) as answer:
                    self._take(answer, part, size)
            except httpx.HTTPError as error:
                raise EdgeError(
                    f"The model cannot be fetched from {self._url}: {error or type(error).__name__}."
                ) from error
        with part.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != package:
            part.unlink()
            raise EdgeError(f"What {self._url} sent is not the package {package[:12]}…: it was thrown away.")
        return part

    def _take(self, answer: httpx.Response, part: Path, size: int) -> None:
        if answer.status_code not in {200, 206}:
            raise EdgeError(f"The dispatcher at {self._url} answers {answer.status_code} when asked for the model.")
        with part.open("ab" if answer.status_code == 206 else "wb") as file:
            for chunk in answer.iter_bytes():
                file.write(chunk)
                if file.tell() > size:
                    break

    def _unpack(self, archive: Path, place: RolledOut) -> None:
        fresh = place.folder.with_name(f"{place.package}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        entry = fresh / place.name
        entry.mkdir(parents=True)
        try:
            with zipfile.ZipFile(archive) as packed:
                members = packed.infolist()
                if sum(member.file_size for member in members) > _MOST_BYTES:
                    raise ModelError("The package unpacks to more than a model can need.")
                for member in members:
                    if not _MEMBER.fullmatch(member.filename):
                        raise ModelError(f"The package holds {member.filename!r}, which is no part of a model.")
                    (entry / member.filename).write_bytes(packed.read(member))
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise ModelError(f"The package is no zip that can be read: {error}.") from error
        spec = Zoo(fresh).entry(place.name).spec
        looks = [name for look in spec.second_look for name in look.models]
        for name in (*looks, *(other.model for other in spec.second_detector)):
            shutil.copytree(Zoo.find().entry(name).folder, fresh / name, dirs_exist_ok=True)
        fresh.replace(place.folder)
