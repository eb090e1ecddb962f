"""``lookout-models``: models of the zoo are listed, made, run and measured."""

import json
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Annotated

import typer

from lookout_edge.adapters.onnx.chain import DetectorChain
from lookout_edge.adapters.onnx.plates import OnnxPlateReader
from lookout_edge.adapters.zoo import Zoo, ZooEntry
from lookout_edge.errors import ModelError
from lookout_models.bench import bench
from lookout_models.dataset import read_dataset, read_judged
from lookout_models.errors import ModelsError, UsageError
from lookout_models.evaluate import evaluate, match_labels, parse_renamed
from lookout_models.pictures import given_pictures
from lookout_models.predict import Line, predict, read_plates
from lookout_models.report import EVALUATION_THRESHOLD, as_json, as_table
from lookout_models.training.cli import train
from lookout_models.zoo_commands import build_model, import_model, mix_weights, quantise_model

_FAILED, _BAD_USAGE = 1, 2
#: What costs are compared with.
_MEASURE = "coco-nano"

app = typer.Typer(
    help="Models of the zoo: what there is, how good it is, and how it came about.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ModelName = Annotated[str, typer.Option("--model", help="Name of the zoo entry (see 'list').")]
Pictures = Annotated[Path, typer.Argument(help="Folder with pictures, or one picture.", metavar="DIR")]
Out = Annotated[Path, typer.Option("--out", help="File to write, a line of JSON a picture; '-' is the terminal.")]
Threshold = Annotated[float | None, typer.Option(min=0, max=1, help="Instead of the model's own per-class thresholds.")]
Provider = Annotated[str, typer.Option(help="Execution provider of ONNX Runtime, e.g. cpu, cuda, openvino.")]
Raw = Annotated[bool, typer.Option("--raw", help="Without the other looks that the model may name.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_models(as_json_lines: AsJson = False) -> None:
    """Show what the zoo holds."""
    zoo = Zoo.find()
    names = zoo.names()
    if not names:
        typer.echo(f"{zoo.folder} is empty: import a model, or unset LOOKOUT_ZOO", err=True)
    width = max(map(len, names), default=0)
    for entry in map(zoo.entry, names):
        spec = entry.spec
        row = {"name": spec.name, "head": spec.head.kind, "licence": spec.licence, "description": spec.description}
        if as_json_lines:
            typer.echo(json.dumps({**row, "sha256": entry.sha256, "labels": spec.labels}, ensure_ascii=False))
        else:
            typer.echo(f"{spec.name:<{width}} {spec.head.kind:<10} {spec.licence:<12} {spec.description}")


@app.command("predict")
def predict_folder(
    folder: Pictures,
    model: ModelName,
    out: Out,
    threshold: Threshold = None,
    provider: Provider = "cpu",
    raw: Raw = False,
) -> None:
    """Detect objects in every picture of a folder. Boxes are x1, y1, x2, y2 in pixels."""
    detector = DetectorChain(Zoo.find(), model, [provider], threshold=threshold, raw=raw).whole
    pictures = given_pictures(folder)
    _write(out, predict(detector, pictures), len(pictures))


@app.command("plates")
def plates_folder(
    folder: Pictures,
    out: Out,
    crops: Annotated[bool, typer.Option("--crops", help="The pictures are straightened plates already.")] = False,
    certain: Annotated[
        float, typer.Option(min=0, max=1, help="A text with a less probable character is left out.")
    ] = 0,
    reader_model: Annotated[str, typer.Option("--reader", help="Zoo entry that reads.")] = "plate-reader",
    provider: Provider = "cpu",
) -> None:
    """Find and read the best number plate in every picture of a folder."""
    reader = OnnxPlateReader(
        _entry("plate-detector"), _entry(reader_model), providers=[provider], min_character=certain
    )
    pictures = given_pictures(folder)
    _write(out, read_plates(reader, pictures, crops), len(pictures))


@app.command("evaluate")
def evaluate_model(
    dataset: Annotated[Path, typer.Argument(help="Folder in YOLO layout: images/, labels/, data.yaml.")],
    model: ModelName,
    renamed: Annotated[
        list[str] | None, typer.Option("--map", help="CLASS=LABEL: which label counts as a class; may be repeated.")
    ] = None,
    threshold: Annotated[float, typer.Option(min=0, max=1, help="Detections below are left out.")] = (
        EVALUATION_THRESHOLD
    ),
    provider: Provider = "cpu",
    print_json: AsJson = False,
    raw: Raw = False,
    plot: Annotated[Path | None, typer.Option(help="Draw the precision-recall curves into this PNG file.")] = None,
    judged: Annotated[
        Path | None, typer.Option(help="Boxes of our own (JSON lines) that count instead of the labels; see README.")
    ] = None,
    infrared: Annotated[
        bool, typer.Option("--infrared", help="Show it the pictures as a camera does at night, grey and noisy.")
    ] = False,
) -> None:
    """Print AP50 and the best threshold for every class, mAP50 and mAP50-95 the COCO way."""
    if plot is not None:
        _check_plot(plot)
    detector = DetectorChain(Zoo.find(), model, [provider], threshold=threshold, raw=raw).whole
    labelled = read_dataset(dataset) if judged is None else read_judged(judged, dataset)
    matched = match_labels(labelled.names, detector.labels, parse_renamed(renamed or []))
    with typer.progressbar(length=len(labelled.pictures), label=model, file=sys.stderr) as progress:
        evaluation = evaluate(detector, labelled, matched, lambda: progress.update(1), infrared=infrared)
    typer.echo(as_json(model, evaluation) if print_json else as_table(model, evaluation))
    if plot is not None:
        # Takes a second to import, and only plots need it.
        from lookout_models.plot import plot_curves

        plot_curves(model, evaluation.result, plot)


@app.command("bench")
def bench_models(
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--model", help="Zoo entry; may be repeated, the first is the measure. All beside coco-nano unless given."
        ),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Pictures for each model.")] = 20,
    print_json: AsJson = False,
) -> None:
    """Print what a picture costs with each model's network alone, without other looks: CPU time of one thread."""
    costs = bench([_entry(name) for name in models or _beside_measure(Zoo.find().names())], rounds)
    if print_json:
        typer.echo(json.dumps({name: {"ms": c.milliseconds, "relative": c.relative} for name, c in costs.items()}))
        return
    for name, cost in costs.items():
        typer.echo(f"{name:<20} {cost.milliseconds:8.1f} ms  × {cost.relative:.2f}")


app.command("build")(build_model)
app.command("import")(import_model)
app.command("quantise")(quantise_model)
app.command("mix")(mix_weights)
app.command("train")(train)


def _entry(name: str) -> ZooEntry:
    return Zoo.find().entry(name)


def _check_plot(path: Path) -> None:
    """UsageError when no plot can be written there: better before an evaluation of minutes than behind it."""
    if find_spec("matplotlib") is None:
        raise UsageError("plots need the package matplotlib; run: pip install 'lookout[models]'")
    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(f"cannot write {path}; name a file in a folder that exists, e.g. --plot curves.png")


def _beside_measure(names: Sequence[str]) -> list[str]:
    """All of them, the measure first. UsageError when there is none."""
    if not names:
        raise UsageError("the zoo is empty; import a model, or unset LOOKOUT_ZOO")
    return sorted(names, key=lambda name: name != _MEASURE)


def _write(out: Path, lines: Iterator[Line], total: int) -> None:
    failed = 0
    with _opened(out) as file, typer.progressbar(lines, length=total, label="pictures", file=sys.stderr) as progress:
        for line in progress:
            failed += "error" in line
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    if failed:
        raise ModelsError(f"{failed} of {total} pictures could not be read; {out} names them under 'error'")


@contextmanager
def _opened(out: Path) -> Generator[IO[str]]:
    if str(out) == "-":
        yield sys.stdout
        return
    try:
        file = out.open("w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from error
    with file:
        yield file


def main() -> None:
    """Run the command; errors are one sentence on stderr, exit code 2 for wrong usage and 1 for failure."""
    try:
        app()
    except (UsageError, ModelError) as error:
        typer.echo(f"lookout-models: {error}", err=True)
        raise SystemExit(_BAD_USAGE) from error
    except ModelsError as error:
        typer.echo(f"lookout-models: {error}", err=True)
        raise SystemExit(_FAILED) from error


if __name__ == "__main__":
    main()
