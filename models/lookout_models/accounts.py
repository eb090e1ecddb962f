"""What a training says of the weights that it leaves, kept in their ONNX file: ``import`` makes an entry of it."""

from collections.abc import Mapping, Sequence

import onnx
from onnx import helper
from pydantic import BaseModel, ConfigDict, ValidationError

from lookout_edge.adapters.zoo import InputSpec, Nms, Source, Thresholds, Trained, ZooEntry
from lookout_edge.adapters.zoo_heads import ClassifierHead, CtcHead, Head
from lookout_models.errors import UsageError

#: Where it stands among the file's metadata.
_KEY = "lookout"


class Account(BaseModel):
    """A ``model.yaml`` but for its name, weights and licence, and what the training measured."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str
    source: Trained
    input: InputSpec
    head: Head
    labels: tuple[str, ...]
    thresholds: Thresholds
    nms: Nms | None = None
    #: Markdown, of the pictures that the training held back; empty when it measured nothing.
    figures: str = ""


def with_account(model: onnx.ModelProto, account: Account) -> onnx.ModelProto:
    """``model`` with ``account`` in it, in place."""
    helper.set_model_props(model, {_KEY: account.model_dump_json(exclude_defaults=True)})
    return model


def account_in(model: onnx.ModelProto, file: str) -> Account | None:
    """What the training of ``model`` says of it; None when it says nothing. UsageError when that cannot be read."""
    told = next((each.value for each in model.metadata_props if each.key == _KEY), None)
    try:
        return None if told is None else Account.model_validate_json(told)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(
            f"{file} says of itself what this version does not understand "
            f"({'.'.join(str(part) for part in first['loc'])}: {first['msg']}); train it again with this version"
        ) from error


def not_measured(model: onnx.ModelProto, file: str) -> None:
    """Take the figures out of ``model``, in place: its weights are others than those that were measured."""
    account = account_in(model, file)
    if account is not None:
        with_account(model, account.model_copy(update={"figures": ""}))


def package_behind(entry: ZooEntry) -> Source | None:
    """The package that the weights of ``entry`` began with, if any."""
    source = entry.spec.source
    if isinstance(source, Source):
        return source
    return source.base if isinstance(source, Trained) else None


def table(heads: Sequence[str], rows: Mapping[str, Sequence[str]]) -> str:
    """Markdown: a row for each of ``rows``, under ``heads``."""
    lines = [["", *heads], ["---"] * (len(heads) + 1), *([name, *cells] for name, cells in rows.items())]
    return "\n".join(f"| {' | '.join(line)} |".replace("|  |", "| |") for line in lines)


def card(name: str, licence: str, account: Account) -> str:
    """CARD.md of an entry that was trained; ``{sha256}`` stands for that of its weights."""
    source = account.source
    base = "nothing" if source.base is None else f"{source.base.package} {source.base.version}: {source.base.upstream}"
    measured = (
        f"What the training measured on the pictures that it held back:\n\n{account.figures}\n"
        if account.figures
        else "Not measured."
    )
    return (
        f"# {name}\n\n{account.description}.\n\n"
        f"| | |\n|---|---|\n| Recipe | `{source.recipe}` |\n| Began with | {base} |\n| Licence | {licence} |\n"
        f"| SHA-256 | `{{sha256}}` |\n| Input | {account.input.width} × {account.input.height} |\n"
        f"| Data | {'; '.join(source.data)} |\n\n"
        f"    lookout-models train {source.recipe} --data DATA --work WORK\n\n"
        f"{measured}\n\n{_use(name, account)}\n\n"
        "Write here what you saw: what it is meant for, what it was tried on, where it fails.\n"
    )


def _use(name: str, account: Account) -> str:
    match account.head:
        case ClassifierHead(judges=judges):
            weight = "" if judges else ", weight: 0"
            return (
                "Put to work by the `model.yaml` of a detector that knows its labels:\n\n"
                f"    second_look:\n      - {{model: {name}{weight}}}"
            )
        case CtcHead():
            return (
                f"Read with `lookout-models plates DIR --reader {name} --out PRED.jsonl`. A gateway reads with the\n"
                "entry `plate-reader`: import it under that name, with `--replace`, to put it to work."
            )
        case _:
            return (
                f"Measured with `lookout-models evaluate --model {name} DATASET`, put to work by a gateway's\n"
                f"configuration (`models: {{detector: {name}}}`), or beside another detector by its `model.yaml`\n"
                "(`second_detector`)."
            )
