"""two-wheeler-second-look: how far ImageNet's classes of two-wheelers speak from a square; nothing is trained."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from lookout_models.training.second_look.export import Graph, classified, finished, trunk
from lookout_models.training.second_look.net import LITE2, SecondLook, from_imagenet

#: Pixels of the square's side: Lite2's 260, as a multiple of 32.
SIDE = 256
CLASSES = 1000
_MOPED, _MOTOR_SCOOTER, _MOUNTAIN_BIKE, _TANDEM = 665, 670, 671, 444
#: By label in the order of ``model.yaml``: the classes that speak for it, and slope and shift of the evidence.
#:
#: An e-bike is a moped or a scooter there. The log odds of these classes against all others are far below 0 even for
#: plain ones; slope and shift make them log likelihood ratios, see the model's card.
_LABELS: Sequence[tuple[Sequence[int], float, float]] = (
    ((_MOPED, _MOTOR_SCOOTER), 0.7, 3.5),
    ((_TANDEM, _MOPED, _MOTOR_SCOOTER, _MOUNTAIN_BIKE), 0.7, 3.28),
)


def build_two_wheeler_look(weights: Path) -> onnx.ModelProto:
    """The model of the package's ``.pth`` file: ``pixels`` N × 3 × 256 × 256, RGB as (value - 127) / 128, to
    ``probabilities`` N × 2: motorcycle, bicycle."""
    return two_wheeler_look(from_imagenet(weights, CLASSES, LITE2), SIDE)


def two_wheeler_look(net: SecondLook, side: int) -> onnx.ModelProto:
    """ONNX of ``net``, whose classes are ImageNet's, for squares of ``side`` pixels."""
    graph = Graph()
    logits = classified(graph, net, trunk(graph, net)[1])
    odds = [_odds(graph, logits, classes) for classes, _, _ in _LABELS]
    slopes, shifts = (np.array([label[n] for label in _LABELS], np.float32) for n in (1, 2))
    scaled = graph.add("Mul", graph.add("Concat", *odds, axis=1), graph.constant(slopes))
    evidence = graph.add("Add", scaled, graph.constant(shifts))
    graph.nodes.append(helper.make_node("Sigmoid", [evidence], ["probabilities"], "probabilities"))
    entry, output = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ("pictures", *shape))
        for name, shape in (("pixels", (3, side, side)), ("probabilities", (len(_LABELS),)))
    )
    return finished(graph, "two-wheeler-second-look", [entry], [output])


def _odds(graph: Graph, logits: str, classes: Sequence[int]) -> str:
    """Log odds, N × 1, of ``classes`` against all others."""
    others = [n for n in range(CLASSES) if n not in classes]
    return graph.add("Sub", _summed(graph, logits, classes), _summed(graph, logits, others))


def _summed(graph: Graph, logits: str, classes: Sequence[int]) -> str:
    """The logarithm of what is likely for any of ``classes``, N × 1, up to what all have in common."""
    columns, axes = (graph.constant(np.array(values, np.int64)) for values in (classes, [1]))
    return graph.add("ReduceLogSumExp", graph.add("Gather", logits, columns, axis=1), axes, keepdims=1)
