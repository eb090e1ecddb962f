"""Writing entries of the zoo."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import ValidationError

from lookout_edge.adapters.zoo import ModelSpec, Zoo, ZooEntry
from lookout_models.errors import ModelsError, UsageError

AGPL = "AGPL-3.0"
NOT_STATED = "not stated"
#: What a person should know of a licence when he meets it.
_WARNINGS = {
    AGPL: "These weights are AGPL-3.0: CARD.md says what that asks of you.",
    NOT_STATED: "No licence is stated: find it out, CARD.md says more; then give --licence.",
}


def check_name(zoo: Zoo, name: str, *, replace: bool = False) -> None:
    """UsageError unless an entry of that name may be made: better before its weights are than behind."""
    if not re.fullmatch("[a-z0-9][a-z0-9-]*", name):
        raise UsageError(f"'{name}' is no name of an entry; use small letters, digits and hyphens, e.g. --name my-yolo")
    if (zoo.folder / name).exists() and not replace:
        raise UsageError(f"the zoo has '{name}' already; choose another --name or replace it with --replace")


def write_entry(
    zoo: Zoo, description: Mapping[str, object], weights: bytes, card: str, *, replace: bool = False
) -> ZooEntry:
    """Make the entry that ``description`` (a ``model.yaml`` without ``weights``) names, and read it again.

    UsageError when it exists and is not to be replaced or a key is wrong; ModelsError when it cannot be written.
    """
    name = str(description["name"])
    check_name(zoo, name, replace=replace)
    digest = hashlib.sha256(weights).hexdigest()
    full = {**description, "weights": {"file": f"{name}.onnx", "sha256": digest}}
    try:
        ModelSpec.model_validate(full)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error
    folder = zoo.folder / name
    text = yaml.safe_dump(full, allow_unicode=True, sort_keys=False, width=120)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / f"{name}.onnx", weights)
        _write(folder / "CARD.md", card.replace("{sha256}", digest).encode())
        # The description last: an entry exists once it does.
        _write(folder / "model.yaml", text.encode())
    except OSError as error:
        raise ModelsError(
            f"cannot write {folder}: {error.strerror}; set LOOKOUT_ZOO to a zoo that you may write"
        ) from error
    return zoo.entry(name)


def summary(entry: ZooEntry) -> str:
    """What was made, in a line."""
    spec = entry.spec
    classes = f"{len(spec.labels)} class{'es' if len(spec.labels) > 1 else ''}"
    return f"{entry.folder}: {spec.head.kind}, {classes}, licence {spec.licence}"


def warning(entry: ZooEntry) -> str | None:
    """What its licence asks to be said."""
    return _WARNINGS.get(entry.spec.licence)


def outdated_twin(zoo: Zoo, entry: ZooEntry) -> str | None:
    """What to say where the zoo has an int8 twin of the weights that the entry of this name had before."""
    called = f"{entry.name}-int8"
    if called not in zoo.names() or zoo.twin(entry.name) is not None:
        return None
    return (
        f"'{called}' is of the weights that were before and is no longer used: make it anew with lookout-models "
        f"quantise {entry.name} PICTURES --replace"
    )


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)
