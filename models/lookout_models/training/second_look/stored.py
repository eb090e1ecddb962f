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
from lookout_models.training.second_look.net import SecondLook
from lookout_models.training.torched import from_array


def from_entry(entry: ZooEntry) -> SecondLook:
    """The net in ``entry`` without a head that redraws boxes. UsageError for one that ``export`` has not written."""
    graph = onnx.load_model_from_string(entry.weights()).graph
    weights = [
        from_array(numpy_helper.to_array(tensor).astype(np.float32))
        for tensor in graph.initializer
        if tensor.name.startswith(WEIGHT)
    ]
    net = SecondLook(len(entry.spec.labels)).eval()
    *below, top = net.convolutions()
    first = [*_parameters(*(part.conv for part in below))]
    last = [*_parameters(top.conv, net.classifier)]
    # Between the two lies what redraws boxes.
    stored = [*weights[: len(first)], *weights[-len(last) :]]
    wanted = [*first, *last]
    if [value.shape for value in stored] != [value.shape for value in wanted]:
        raise UsageError(f"'{entry.name}' is not a net of this training; name a second look that it made as 'trunk'")
    with torch.no_grad():
        for value, given in zip(wanted, stored, strict=True):
            value.copy_(given)
    return net


def _parameters(*parts: nn.Conv2d | nn.Linear) -> Iterator[Tensor]:
    """Weight and bias of each, in the order in which ``export`` writes them."""
    for part in parts:
        assert part.bias is not None
        yield from (part.weight, part.bias)
