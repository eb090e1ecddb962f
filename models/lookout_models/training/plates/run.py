"""From a recipe to an ONNX file with calibrated confidences and its figures."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from lookout_edge.adapters.onnx.heads.ctc import GrammarDecoder
from lookout_edge.adapters.onnx.plate_text import LOOKALIKES, PATTERNS
from lookout_edge.adapters.onnx.session import OnnxSession
from lookout_models.training.plates.calibrate import temperature, threshold
from lookout_models.training.plates.export import COLOUR, TEXT, export
from lookout_models.training.plates.kinds import COLOURS
from lookout_models.training.plates.measuring import Outcome, exact_shares
from lookout_models.training.plates.net import PlateNet
from lookout_models.training.plates.recipe import load_recipe
from lookout_models.training.plates.samples import CHARACTERS, as_input
from lookout_models.training.plates.train import BEST, PlateTraining, Validation, load_net

#: Share of the readings kept by the suggested threshold that may be wrong.
_WRONG = 0.01


@dataclass(frozen=True, slots=True)
class Result:
    """What a finished run gave. Shares are of the validation set, read through the exported model and the grammar."""

    onnx: str
    temperature: float
    #: A character's least probability at which 99 of 100 readings of the set are right.
    threshold: float
    exact: dict[str, float]
    #: Share of the set whose colour is told right, no plate among them.
    colours: float


def run(recipe_path: Path, data: Path, work: Path) -> Result:
    """Train (or go on) to the end of the recipe, then export the best weights as ``NAME.onnx``."""
    recipe = load_recipe(recipe_path)
    training = PlateTraining(recipe, data, work)
    training.run()
    runs = [recipe.name, recipe.average_with] if recipe.average_with else [recipe.name]
    return finish(work / recipe.name, mean_net([work / name / BEST for name in runs]), training.validation)


def mean_net(checkpoints: Sequence[Path]) -> PlateNet:
    """The net whose weights are the mean of the checkpoints'; they must come from one path of training."""
    nets = [load_net(checkpoint) for checkpoint in checkpoints]
    weights = nets[0].state_dict()
    for other in nets[1:]:
        for name, value in other.state_dict().items():
            if value.dtype.is_floating_point:
                weights[name] = weights[name] + value
    means = {n: v / len(nets) if v.dtype.is_floating_point else v for n, v in weights.items()}
    nets[0].load_state_dict(means)
    return nets[0]


def finish(folder: Path, net: PlateNet, validation: Validation) -> Result:
    """Calibrate ``net``, export it into a run's folder and measure it."""
    torch.set_num_threads(1)
    heat = temperature(net, [s for s in validation.samples if s.text])
    onnx = folder / f"{folder.name}.onnx"
    export(net, onnx, heat)
    outcomes, colours = read_exported(onnx, validation)
    least = threshold(outcomes, _WRONG)
    result = Result(onnx.name, round(heat, 3), round(least, 4), exact_shares(outcomes), round(colours, 4))
    (folder / "result.json").write_text(json.dumps(asdict(result), ensure_ascii=False, indent=1), encoding="utf-8")
    return result


def read_exported(onnx: Path, validation: Validation) -> tuple[Sequence[Outcome], float]:
    """Readings of the set as the runtime makes them, "none" of the second head silencing the first, and colours right.

    An outcome's confidence is its least probable character.
    """
    session = OnnxSession(onnx.stem, onnx.read_bytes())
    decoder = GrammarDecoder(CHARACTERS, PATTERNS, LOOKALIKES)
    outcomes: list[Outcome] = []
    right = 0
    for sample, group in zip(validation.samples, validation.groups, strict=True):
        outputs = session.run(as_input([sample.image]))
        colour = int(np.argmax(outputs[COLOUR][0]))
        right += colour == sample.colour
        found = None if COLOURS[colour] == "none" else decoder.decode(outputs[TEXT][0])
        text, least = (found.text, min(found.character_confidences)) if found else ("", 0.0)
        outcomes.append(Outcome(sample.text, text, least, group))
    return outcomes, right / len(outcomes)
