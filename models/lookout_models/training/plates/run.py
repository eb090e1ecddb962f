"""From a recipe to an ONNX file with calibrated confidences and its figures."""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx

from lookout_edge.adapters.onnx.heads.ctc import GrammarDecoder
from lookout_edge.adapters.onnx.plate_text import ALPHABET, LOOKALIKES, PATTERNS
from lookout_edge.adapters.onnx.session import OnnxSession
from lookout_edge.adapters.zoo import InputSpec, Source, Thresholds, Trained
from lookout_edge.adapters.zoo_heads import CtcHead
from lookout_models.accounts import Account, table, with_account
from lookout_models.builders.plate_reader import build_plate_reader
from lookout_models.packages import cache_folder, fetch, unpack
from lookout_models.training.plates.calibrate import temperature, threshold
from lookout_models.training.plates.crops import fold_of
from lookout_models.training.plates.export import COLOUR, TEXT, export
from lookout_models.training.plates.kinds import COLOURS
from lookout_models.training.plates.measuring import Outcome, exact_shares
from lookout_models.training.plates.net import PlateNet
from lookout_models.training.plates.recipe import PlateRecipe, load_recipe
from lookout_models.training.plates.refine import look, refined
from lookout_models.training.plates.samples import HEIGHT, WIDTH, Sample, as_input, real_sample
from lookout_models.training.plates.train import PlateTraining, Validation

log = logging.getLogger(__name__)

#: Pixels are told as −1 to 1.
_GREY = (127.5, 127.5, 127.5)
#: Share of the readings kept by the suggested threshold that may be wrong.
_WRONG = 0.01


@dataclass(frozen=True, slots=True)
class Result:
    """What a finished run gave. Shares are read through the exported model and the grammar, however unsure."""

    onnx: str
    temperature: float
    #: Of the validation set, by kind of plate; ``real`` are crops, where it was not refined on them.
    exact: dict[str, float]
    #: Share of the set whose colour is told right, no plate among them.
    colours: float
    #: A character's least probability at which 99 of 100 readings of the set are right, and the share then read.
    threshold: float
    read: float
    #: Real crops read exactly by a net that never saw them, and all of them; 0 when the recipe does not ask for it.
    cross_validated: int = 0
    crops: int = 0


def run(recipe_path: Path, data: Path, work: Path) -> Result:
    """Train (or go on) to the end of the recipe, then export the weights as ``NAME.onnx`` and measure them."""
    recipe = load_recipe(recipe_path)
    base = load_base(recipe.base)
    training = PlateTraining(recipe, base, data, work)
    training.run()
    result = _finished(recipe, base, training, work / recipe.name)
    target = work / recipe.name / result.onnx
    made = with_account(onnx.load_model_from_string(target.read_bytes()), _account(recipe, recipe_path, result))
    target.write_bytes(made.SerializeToString(deterministic=True))
    return result


def _account(recipe: PlateRecipe, path: Path, result: Result) -> Account:
    """What the training says of what it made."""
    folders = [folder for folder in (recipe.surrounds, recipe.crops) if folder is not None]
    shares = {**result.exact, "colours": result.colours, f"read at {result.threshold:g}": result.read}
    return Account(
        description="Text and colour of a straightened Chinese number plate",
        source=Trained(
            recipe=path.name,
            base=recipe.base,
            data=("plates and signs drawn in code", *(f"{folder}: no licence stated" for folder in folders)),
        ),
        input=InputSpec(width=WIDTH, height=HEIGHT, mean=_GREY, std=_GREY, fit="stretch"),
        head=CtcHead(kind="ctc", alphabet=ALPHABET, colours=COLOURS),
        labels=("plate",),
        thresholds=Thresholds(default=result.threshold),
        figures=table(["right"], {group: [f"{share:.4f}"] for group, share in shares.items()}),
    )


def _finished(recipe: PlateRecipe, base: onnx.ModelProto, training: PlateTraining, folder: Path) -> Result:
    """Refine what was trained where the recipe says so, export and measure it."""
    net, refine = training.average, recipe.refine
    if refine is None:
        heat = temperature(net, _plates(training.validation))
        return _measured(folder, _exported(folder, net, base, heat), heat, training.validation, [])
    drawn = _only(training.validation, real=False)
    seen = look(net, training.sources, training.crops, refine, number=recipe.seed, bfloat16=recipe.bfloat16)
    final = refined(net, seen, refine, without=None, number=recipe.seed, bfloat16=recipe.bfloat16)
    heat = temperature(final, _plates(drawn))
    content = _exported(folder, final, base, heat)
    unseen: list[Outcome] = []
    for fold in range(min(refine.read, refine.folds)):
        part = refined(net, seen, refine, without=fold, number=recipe.seed, bfloat16=recipe.bfloat16)
        held = [real_sample(crop) for crop in training.crops if fold_of(crop.text, refine.folds) == fold]
        exported = export(part, base, heat).SerializeToString()
        unseen += read_exported(exported, Validation(held, ["real"] * len(held)))[0]
        log.info("parts to %d: %s of %d crops", fold, exact_shares(unseen), len(unseen))
    return _measured(folder, content, heat, drawn, unseen)


def _only(validation: Validation, *, real: bool) -> Validation:
    pairs = zip(validation.samples, validation.groups, strict=True)
    rows = [(sample, group) for sample, group in pairs if (group == "real") == real]
    return Validation([sample for sample, _ in rows], [group for _, group in rows])


def _plates(validation: Validation) -> list[Sample]:
    return [sample for sample in validation.samples if sample.text]


def load_base(source: Source) -> onnx.ModelProto:
    """The graph of ``source`` with its head cut to a plate's characters; downloads it where it is not kept yet."""
    archive = fetch(source, cache_folder())
    with TemporaryDirectory(prefix="lookout-train-") as folder:
        return build_plate_reader(unpack(archive, source, Path(folder))[0])


def _exported(folder: Path, net: PlateNet, base: onnx.ModelProto, heat: float) -> bytes:
    content = export(net, base, heat).SerializeToString(deterministic=True)
    (folder / f"{folder.name}.onnx").write_bytes(content)
    return content


def _measured(folder: Path, content: bytes, heat: float, validation: Validation, unseen: Sequence[Outcome]) -> Result:
    """The figures of the exported model on ``validation``, and of ``unseen``, the readings of parts held back."""
    outcomes, colours = read_exported(content, validation)
    everything = [*outcomes, *unseen]
    least = threshold(everything, _WRONG)
    kept = [o for o in everything if o.read and o.confidence >= least]
    result = Result(
        onnx=f"{folder.name}.onnx",
        temperature=round(heat, 3),
        exact=exact_shares(outcomes),
        colours=round(colours, 4),
        threshold=round(least, 4),
        read=round(sum(o.read == o.truth for o in kept) / max(1, sum(bool(o.truth) for o in everything)), 4),
        cross_validated=sum(o.read == o.truth for o in unseen),
        crops=len(unseen),
    )
    rows = [asdict(outcome) for outcome in unseen]
    (folder / "unseen.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    (folder / "result.json").write_text(json.dumps(asdict(result), ensure_ascii=False, indent=1), encoding="utf-8")
    return result


def read_exported(content: bytes, validation: Validation) -> tuple[Sequence[Outcome], float]:
    """Readings of the set as the runtime makes them, "none" of the second head silencing the first, and colours right.

    An outcome's confidence is its least probable character.
    """
    session = OnnxSession("plate reader", content)
    decoder = GrammarDecoder(ALPHABET, PATTERNS, LOOKALIKES)
    outcomes: list[Outcome] = []
    right = 0
    for sample, group in zip(validation.samples, validation.groups, strict=True):
        outputs = session.run(as_input([sample.image]))
        colour = int(np.argmax(outputs[COLOUR][0]))
        right += colour == sample.colour
        found = None if COLOURS[colour] == "none" else decoder.decode(outputs[TEXT][0])
        text, least = (found.text, min(found.character_confidences)) if found else ("", 0.0)
        outcomes.append(Outcome(sample.text, text, least, group))
    return outcomes, right / max(1, len(outcomes))
