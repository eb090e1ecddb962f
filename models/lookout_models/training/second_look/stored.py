"""The net of a second look that is in the zoo already, read back from its ONNX file."""

from collections.abc import Iterator

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from lookout_edge.adapters.zoo import ZooEntry
from lookout_models.errors import UsageError
from lookout_models.training.second_look.export import WEIGHT
from lookout_models.training.second_look.net import SIZES, SecondLook
from lookout_models.training.torched import from_array


def from_entry(entry: ZooEntry) -> SecondLook:
    """The net in ``entry`` without a head that redraws boxes. UsageError for one that ``export`` has not written."""
    return from_weights(entry.weights(), len(entry.spec.labels), entry.name)


def from_weights(file: bytes, labels: int, name: str) -> SecondLook:
    """The net in an ONNX ``file`` that tells ``labels`` labels, as ``from_entry``; errors call it ``name``."""
    graph = onnx.load_model_from_string(file).graph
    weights = [
        from_array(numpy_helper.to_array(tensor).astype(np.float32))
        for tensor in graph.initializer
        if tensor.name.startswith(WEIGHT)
    ]
    for size in SIZES.values():
        net = SecondLook(labels, size).eval()
        *below, top = net.convolutions()
        first = [*_parameters(*(part.conv for part in below))]
        last = [*_parameters(top.conv, net.classifier)]
        # Between the two lies what redraws boxes.
        stored, wanted = [*weights[: len(first)], *weights[-len(last) :]], [*first, *last]
        if [value.shape for value in stored] == [value.shape for value in wanted]:
            with torch.no_grad():
                for value, given in zip(wanted, stored, strict=True):
                    value.copy_(given)
            return net
    raise UsageError(f"'{name}' is not a net of this training; name a second look that it made as 'trunk'")


def _parameters(*parts: nn.Conv2d | nn.Linear) -> Iterator[Tensor]:
    """Weight and bias of each, in the order in which ``export`` writes them."""
    for part in parts:
        assert part.bias is not None
        yield from (part.weight, part.bias)
