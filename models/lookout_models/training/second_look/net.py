"""EfficientNet-Lite0 with its batch norms folded away, from the weights that its registry package ships."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

#: Width of the features before the classifier.
FEATURES = 1280
_EPSILON = 1e-3
_PREFIX = "_blocks."


@dataclass(frozen=True, slots=True)
class _Stage:
    """Blocks of one kind, the first of them strided."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    width: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)
_STEM = 32
#: Blocks before the middle map, and the widths of both maps.
MIDDLE = 11
MAP_WIDTHS = (112, 320)


class Convolution(nn.Module):
    """A convolution with TensorFlow's paddings (odd ones go right and below), perhaps with ReLU6."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, *, depthwise: bool, active: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, groups=inputs if depthwise else 1)
        total = kernel - stride if kernel > stride else 0
        #: Left, right, top, bottom, for inputs that the stride divides.
        self.padding = (total // 2, total - total // 2) * 2
        self.active = active

    def forward(self, features: Tensor) -> Tensor:
        features = self.conv(functional.pad(features, self.padding) if any(self.padding) else features)
        return functional.relu6(features) if self.active else features


class Block(nn.Module):
    """Inverted residual: widen, filter each channel, narrow."""

    def __init__(self, inputs: int, stage: _Stage, stride: int) -> None:
        super().__init__()
        inner = inputs * stage.expansion
        parts = [Convolution(inputs, inner, 1, 1, depthwise=False, active=True)] if stage.expansion > 1 else []
        parts.append(Convolution(inner, inner, stage.kernel, stride, depthwise=True, active=True))
        parts.append(Convolution(inner, stage.width, 1, 1, depthwise=False, active=False))
        self.parts = nn.Sequential(*parts)
        self.joins = stride == 1 and inputs == stage.width

    def forward(self, features: Tensor) -> Tensor:
        return features + self.parts(features) if self.joins else self.parts(features)


class SecondLook(nn.Module):
    """N × 3 × S × S, RGB as (value − 127) / 128, S a multiple of 32 → N × classes logits."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.stem = Convolution(3, _STEM, 3, 2, depthwise=False, active=True)
        self.blocks = nn.Sequential(*_blocks())
        self.top = Convolution(_STAGES[-1].width, FEATURES, 1, 1, depthwise=False, active=True)
        self.classifier = nn.Linear(FEATURES, classes)

    def maps(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """N × 112 × S/16 × S/16 and N × 320 × S/32 × S/32: what is where, before it is summed up."""
        middle = self.blocks[:MIDDLE](self.stem(pixels))
        return middle, self.blocks[MIDDLE:](middle)

    def features(self, pixels: Tensor) -> Tensor:
        """N × 1280, what the classifier sees."""
        return self.top(self.maps(pixels)[1]).mean((2, 3))

    def forward(self, pixels: Tensor) -> Tensor:
        return self.classifier(self.features(pixels))

    def convolutions(self) -> list[Convolution]:
        """All convolutions in the order in which pixels pass them."""
        return [m for m in self.modules() if isinstance(m, Convolution)]


def from_imagenet(weights: Path, classes: int) -> SecondLook:
    """A net with the package's weights and a fresh classifier; with 1,000 classes the package's own one."""
    source = cast(Mapping[str, Tensor], torch.load(weights, weights_only=True))
    net = SecondLook(classes)
    with torch.no_grad():
        for module, (kernel, norm) in zip(net.convolutions(), _names(), strict=True):
            weight, bias = _folded(source, kernel, norm)
            module.conv.weight.copy_(weight)
            cast(Tensor, module.conv.bias).copy_(bias)
        if classes == len(source["_fc.bias"]):
            net.classifier.weight.copy_(source["_fc.weight"])
            net.classifier.bias.copy_(source["_fc.bias"])
    return net


def _blocks() -> list[Block]:
    blocks: list[Block] = []
    width = _STEM
    for stage in _STAGES:
        for number in range(stage.blocks):
            blocks.append(Block(width, stage, stage.stride if number == 0 else 1))
            width = stage.width
    return blocks


def _names() -> Sequence[tuple[str, str]]:
    """Names of each convolution and of its batch norm in the package's file, in passing order."""
    names = [("_conv_stem", "_bn0")]
    expansions = [stage.expansion for stage in _STAGES for _ in range(stage.blocks)]
    for number, expansion in enumerate(expansions):
        block = f"{_PREFIX}{number}."
        if expansion > 1:
            names.append((f"{block}_expand_conv", f"{block}_bn0"))
        names += [(f"{block}_depthwise_conv", f"{block}_bn1"), (f"{block}_project_conv", f"{block}_bn2")]
    return [*names, ("_conv_head", "_bn1")]


def _folded(source: Mapping[str, Tensor], kernel: str, norm: str) -> tuple[Tensor, Tensor]:
    scale = source[f"{norm}.weight"] / torch.sqrt(source[f"{norm}.running_var"] + _EPSILON)
    bias = source[f"{norm}.bias"] - source[f"{norm}.running_mean"] * scale
    return source[f"{kernel}.weight"] * scale[:, None, None, None], bias
