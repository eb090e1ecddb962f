"""Packages of zoo entries that gateways fetch: one zip a package, named by its SHA-256, in one folder."""

import hashlib
import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import yaml

from lookout_server.adapters.files import make_private_folder, write_private_bytes
from lookout_server.errors import InvalidError
from lookout_server.ports import ModelPackage

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_MEMBER = re.compile(r"[A-Za-z0-9._-]+\.(onnx|yaml|md)")
#: The same files give the same package: members are sorted and dated alike.
_DATE = (2020, 1, 1, 0, 0, 0)
MAX_BYTES = 512 * 1024 * 1024


class ModelShelf:
    """Implements api.deps.ModelPackages in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, entry: Path) -> ModelPackage:
        """Pack the folder of a zoo entry (model.yaml, weights, card). InvalidError when it is none, or its weights
        are not what model.yaml says."""
        name = _checked_entry(entry)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(entry.iterdir()):
                if file.is_file() and _MEMBER.fullmatch(file.name):
                    archive.writestr(zipfile.ZipInfo(file.name, _DATE), file.read_bytes(), zipfile.ZIP_DEFLATED)
        content = packed.getvalue()
        if len(content) > MAX_BYTES:
            raise InvalidError(f"{entry} is larger than {MAX_BYTES} bytes: no gateway could hold it")
        sha256 = hashlib.sha256(content).hexdigest()
        make_private_folder(self._folder)
        write_private_bytes(self._folder / f"{name}.{sha256}.zip", content)
        return ModelPackage(model=name, sha256=sha256, bytes=len(content))

    def packages(self) -> Sequence[ModelPackage]:
        """All of them, by name and hash."""
        found: list[ModelPackage] = []
        for file in sorted(self._folder.glob("*.zip")):
            name, _, sha256 = file.stem.rpartition(".")
            if re.fullmatch(r"[0-9a-f]{64}", sha256):
                found.append(ModelPackage(model=name, sha256=sha256, bytes=file.stat().st_size))
        return found

    def find(self, sha256: str) -> tuple[ModelPackage, Path] | None:
        """A package and its file."""
        for package in self.packages():
            if package.sha256 == sha256:
                return package, self._folder / f"{package.model}.{sha256}.zip"
        return None


def _checked_entry(entry: Path) -> str:
    try:
        spec = cast(dict[str, Any], yaml.safe_load((entry / "model.yaml").read_text("utf-8")))
        name, weights = str(spec["name"]), entry / str(spec["weights"]["file"])
        found = hashlib.sha256(weights.read_bytes()).hexdigest()
        wanted = str(spec["weights"]["sha256"])
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise InvalidError(
            f"{entry} is no zoo entry: it needs model.yaml and the weights it names ({error})"
        ) from error
    if not _NAME.fullmatch(name):
        raise InvalidError(f"{entry}/model.yaml: {name!r} is no name: lower-case letters, digits and '-'")
    if found != wanted:
        raise InvalidError(f"{weights} is not what model.yaml says: its SHA-256 is {found[:12]}…, not {wanted[:12]}…")
    return name
