"""NanoDet on EfficientNet-Lite: a second look's net, which knows its labels from near, or ImageNet's, sees all at once.

It errs otherwise than NanoDet-g, so both together are better than either.
"""

from collections.abc import Iterable, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from lookout_models.training.detector.net import Backbone, Head, NanoDet
from lookout_models.training.detector.pixels import MEAN, STD
from lookout_models.training.second_look.net import SecondLook
from lookout_models.training.second_look.train import MEAN as LITE_MEAN
from lookout_models.training.second_look.train import STD as LITE_STD
from lookout_models.training.torched import solution

_RIDGE = 1e-2


class LiteBackbone(Backbone):
    """The stem and blocks of a ``SecondLook``. Takes the pixels that ``CspBackbone`` takes (BGR, normalised)."""

    def __init__(self, net: SecondLook) -> None:
        super().__init__()
        self.widths = net.size.map_widths
        #: Numbers of the blocks, from 1 on, that end the maps.
        self.tapped = (net.size.fine, net.size.middle, len(net.blocks))
        self.stem, self.blocks = net.stem, net.blocks

    def parts(self) -> Sequence[nn.Module]:
        """The stem and the blocks."""
        return [self.stem, *self.blocks]

    def forward(self, pixels: Tensor) -> list[Tensor]:
        mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
        rgb = (pixels * std + mean).flip(1)
        features = ((rgb - LITE_MEAN) / LITE_STD).contiguous(memory_format=torch.channels_last)
        maps: list[Tensor] = []
        for number, part in enumerate(self.parts()):
            # Depthwise convolutions learn twice as slowly in bf16, and run quicker.
            learns = any(weight.requires_grad for weight in part.parameters())
            with torch.autocast("cpu", torch.bfloat16, enabled=not learns and torch.is_autocast_enabled("cpu")):
                features = part(features.float() if learns else features)
            if number in self.tapped:
                maps.append(features)
        return maps


def on_trunk(net: SecondLook, taught: NanoDet, rows: Sequence[int]) -> NanoDet:
    """A detector of ``rows`` of the classes of ``taught``: its heads, on the net of a second look.

    Between them are new convolutions, see ``fit_laterals``.
    """
    made = NanoDet(len(rows), LiteBackbone(net))
    with torch.no_grad():
        for head, old in zip(_heads(made), _heads(taught), strict=True):
            head.tower.load_state_dict(old.tower.state_dict())
            head.distances.load_state_dict(old.distances.state_dict())
            head.classes.weight.copy_(old.classes.weight[list(rows)])
            cast(Tensor, head.classes.bias).copy_(cast(Tensor, old.classes.bias)[list(rows)])
    return made


def fit_laterals(net: NanoDet, taught: NanoDet, batches: Iterable[Tensor]) -> None:
    """Let the neck of ``net`` see, as nearly as is linearly possible, what that of ``taught`` sees in the same pixels.

    So the heads, which come from ``taught``, begin with maps that they understand (ridge regression).
    """
    sums: list[tuple[Tensor, Tensor]] = []
    with torch.no_grad():
        for pixels in batches:
            aims = [lateral(m) for lateral, m in zip(taught.neck.laterals, taught.backbone(pixels), strict=True)]
            parts = [_products(m, aim) for m, aim in zip(net.backbone(pixels), aims, strict=True)]
            sums = [(a + c, b + d) for (a, b), (c, d) in zip(sums, parts, strict=True)] if sums else parts
        for lateral, (inner, outer) in zip(net.neck.laterals, sums, strict=True):
            ridge = _RIDGE * inner.diagonal()[:-1].mean() * torch.eye(len(inner), dtype=inner.dtype)
            ridge[-1, -1] = 0
            solved = solution(inner + ridge, outer).float()
            convolution = cast(nn.Conv2d, lateral)
            convolution.weight.copy_(solved[:-1].T[:, :, None, None])
            cast(Tensor, convolution.bias).copy_(solved[-1])


def _products(features: Tensor, aim: Tensor) -> tuple[Tensor, Tensor]:
    """Inner (C + 1)² and outer (C + 1) × K products: N × C × H × W maps and a constant 1, N × K × H × W aims."""
    rows = features.transpose(0, 1).flatten(1).double()
    rows = torch.cat([rows, torch.ones(1, rows.shape[1], dtype=rows.dtype)])
    return rows @ rows.T, rows @ aim.transpose(0, 1).flatten(1).double().T


def _heads(net: NanoDet) -> Sequence[Head]:
    return cast(Sequence[Head], net.heads)
