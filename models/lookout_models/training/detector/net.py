"""NanoDet as a torch module: backbone, bilinear path aggregation, one small head a stride.

With the CSP backbone that is here it is NanoDet-g; ``lite.py`` has another one.

The batch norms of the source weights are folded into the convolutions. Channels, strides and activations follow the
shipped coco-nano graph exactly, so that its weights load by position (`load_coco_weights`).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from lookout_models.training.torched import from_array

STRIDES = (8, 16, 32)
#: Bins of the distance distribution of one side (0 … 10 strides).
BINS = 11
SIDES = 4
#: Rows of a COCO-80 head that mean one of our labels.
COCO_ROWS: Mapping[str, int] = {"person": 0, "bicycle": 1, "car": 2, "motorcycle": 3, "bus": 5, "truck": 7}

COCO_CLASSES = 80
#: Slope of the activations below zero.
LEAK = 0.1
#: Channels of the neck.
NECK = 128
#: Logit of a class that nothing has taught yet: a score of 0.01.
_UNTAUGHT = -4.6

Floats = NDArray[np.float32]


class ConvAct(nn.Sequential):
    """3 × 3 convolution and leaky ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(nn.Conv2d(inputs, outputs, 3, stride, 1), nn.LeakyReLU(LEAK, inplace=True))


class Pair(nn.Module):
    """Two convolutions of half the width, the second on the first, joined: width stays."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = ConvAct(width, width // 2)
        self.second = ConvAct(width // 2, width // 2)

    def forward(self, features: Tensor) -> Tensor:
        first = self.first(features)
        return torch.cat([self.second(first), first], 1)


class Stage(nn.Module):
    """A (strided) convolution; pairs and a merging convolution on it; both joined: twice the width comes out."""

    def __init__(self, inputs: int, width: int, pairs: int, stride: int) -> None:
        super().__init__()
        self.first = ConvAct(inputs, width, stride)
        self.pairs = nn.Sequential(*(Pair(width) for _ in range(pairs)))
        self.merge = ConvAct(width, width)

    def forward(self, features: Tensor) -> Tensor:
        first = self.first(features)
        return torch.cat([self.merge(self.pairs(first)), first], 1)


class Backbone(nn.Module, ABC):
    """N × 3 × H × W normalised pixels → maps of ``widths`` channels at strides 8, 16 and 32."""

    widths: tuple[int, int, int]

    @abstractmethod
    def parts(self) -> Sequence[nn.Module]:
        """What pixels pass one after the other: a phase's ``frozen`` counts these."""


class CspBackbone(Backbone):
    """NanoDet-g's."""

    widths = (128, 256, 512)

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvAct(3, 32, 2)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.stages = nn.ModuleList(
            [Stage(32, 32, 1, 1), Stage(64, 64, 2, 2), Stage(128, 128, 2, 2), Stage(256, 256, 3, 2)]
        )

    def parts(self) -> Sequence[nn.Module]:
        """The stem and the four stages."""
        return [self.stem, *self.stages]

    def forward(self, pixels: Tensor) -> list[Tensor]:
        features = self.pool(self.stem(pixels))
        maps: list[Tensor] = []
        for stage in self.stages:
            features = stage(features)
            maps.append(features)
        return maps[1:]


class Neck(nn.Module):
    """Path aggregation without weights of its own but for three lateral 1 × 1 convolutions."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.laterals = nn.ModuleList([nn.Conv2d(width, NECK, 1) for width in widths])

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        fine, middle, coarse = (lateral(m) for lateral, m in zip(self.laterals, maps, strict=True))
        middle = middle + _resized(coarse, middle)
        fine = fine + _resized(middle, fine)
        middle = middle + _resized(fine, middle)
        coarse = coarse + _resized(middle, coarse)
        return [fine, middle, coarse]


class Head(nn.Module):
    """One stride's head: a 3 × 3 convolution, then class logits and distance logits by 1 × 1 convolutions."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.tower = ConvAct(NECK, NECK)
        self.classes = nn.Conv2d(NECK, classes, 1)
        self.distances = nn.Conv2d(NECK, SIDES * BINS, 1)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Logits N × locations × classes and N × locations × 44, locations row by row."""
        tower = self.tower(features)
        return self.classes(tower).flatten(2).transpose(1, 2), self.distances(tower).flatten(2).transpose(1, 2)


class NanoDet(nn.Module):
    """N × 3 × S × S → class logits N × L × C and distance logits N × L × 44, strides 8, 16, 32 one after the other."""

    def __init__(self, classes: int, backbone: Backbone | None = None) -> None:
        super().__init__()
        self.class_count = classes
        self.backbone = backbone or CspBackbone()
        self.neck = Neck(self.backbone.widths)
        self.heads = nn.ModuleList([Head(classes) for _ in STRIDES])

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        outputs = [head(m) for head, m in zip(self.heads, self.neck(self.backbone(pixels)), strict=True)]
        return torch.cat([o[0] for o in outputs], 1), torch.cat([o[1] for o in outputs], 1)


def coco_teacher(weights: Path) -> NanoDet:
    """coco-nano itself, 80 classes, in evaluation mode and without gradients."""
    net = NanoDet(COCO_CLASSES)
    _load(net, weights, range(COCO_CLASSES))
    return net.eval().requires_grad_(False)


def from_coco(weights: Path, labels: Sequence[str]) -> NanoDet:
    """A net for ``labels`` with coco-nano's weights; the class rows of labels that COCO lacks start untaught."""
    net = NanoDet(len(labels))
    _load(net, weights, [COCO_ROWS.get(label) for label in labels])
    return net


def from_trained(weights: Path, labels: Sequence[str]) -> NanoDet:
    """A net with the weights of one that was trained for these ``labels``. ValueError when it tells others apart."""
    net = NanoDet(len(labels))
    _load(net, weights, range(len(labels)), len(labels))
    return net


def source_order(net: NanoDet) -> list[tuple[Floats, Floats]]:
    """Weight and bias of every convolution in the source graph's order; a head's two outputs are one, classes first."""
    found = [_values(module) for module in _body(net)]
    for head in _heads(net):
        (classes, class_bias), (distances, distance_bias) = _values(head.classes), _values(head.distances)
        output = np.concatenate([classes, distances]), np.concatenate([class_bias, distance_bias])
        found.extend([_values(cast(nn.Conv2d, head.tower[0])), output])
    return found


def source_number(name: str) -> int:
    """``…/convolution_12`` → 12, ``…/convolution`` → 0: the source graph's numbering of its convolutions."""
    tail = name.rsplit("_", 1)[-1]
    return int(tail) if tail.isdigit() else 0


def _resized(features: Tensor, like: Tensor) -> Tensor:
    return functional.interpolate(features, size=like.shape[2:], mode="bilinear", align_corners=False)


def _heads(net: NanoDet) -> Sequence[Head]:
    return cast(Sequence[Head], net.heads)


def _body(net: NanoDet) -> list[nn.Conv2d]:
    """Convolutions of backbone and neck, as the source graph numbers them."""
    return [m for part in (net.backbone, net.neck) for m in part.modules() if isinstance(m, nn.Conv2d)]


def _values(module: nn.Conv2d) -> tuple[Floats, Floats]:
    return module.weight.detach().numpy().copy(), cast(Tensor, module.bias).detach().numpy().copy()


def _load(net: NanoDet, weights: Path, rows: Sequence[int | None], classes: int = COCO_CLASSES) -> None:
    source = _source_convolutions(weights)
    body = _body(net)
    for module, (weight, bias) in zip(body, source[: len(body)], strict=True):
        _copy(module, weight, bias)
    heads = source[len(body) :]
    for head, tower, output in zip(_heads(net), heads[::2], heads[1::2], strict=True):
        _copy(cast(nn.Conv2d, head.tower[0]), *tower)
        _copy(head.distances, output[0][classes:], output[1][classes:])
        _copy_rows(head.classes, output, rows)


def _copy(module: nn.Conv2d, weight: Floats, bias: Floats) -> None:
    if tuple(module.weight.shape) != weight.shape:
        raise ValueError(f"weights of shape {weight.shape} for a convolution of {tuple(module.weight.shape)}")
    with torch.no_grad():
        module.weight.copy_(from_array(weight))
        cast(Tensor, module.bias).copy_(from_array(bias))


def _copy_rows(module: nn.Conv2d, output: tuple[Floats, Floats], rows: Sequence[int | None]) -> None:
    bias = cast(Tensor, module.bias)
    with torch.no_grad():
        nn.init.normal_(module.weight, std=0.01)
        bias.fill_(_UNTAUGHT)
        for to, row in enumerate(rows):
            if row is not None:
                module.weight[to].copy_(from_array(output[0][row]))
                bias[to].copy_(from_array(output[1][row : row + 1])[0])


def _source_convolutions(weights: Path) -> list[tuple[Floats, Floats]]:
    """Weight and bias of every convolution of the coco-nano file, in the order of the source graph's numbering."""
    graph = onnx.load_from_string(weights.read_bytes()).graph
    values = {i.name: numpy_helper.to_array(i).astype(np.float32) for i in graph.initializer}
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in values:
            values[node.output[0]] = values[node.input[0]]
    found = {
        source_number(n.output[0]): (values[n.input[1]], values[n.input[2]]) for n in graph.node if n.op_type == "Conv"
    }
    return [found[number] for number in sorted(found)]
