"""The reader's net: small residual convolutions, then one CTC sequence that runs over an upper and a lower band.

A plate with two lines is read in one pass: the columns of the upper band come first, then those of the lower. A plate
with one line is written in the lower band.
"""

from typing import cast

import torch
from torch import Tensor, nn

from lookout_models.training.plates.kinds import COLOURS
from lookout_models.training.plates.samples import CHARACTERS

#: Blank and characters.
CLASSES = len(CHARACTERS) + 1


class ConvNorm(nn.Sequential):
    """Convolution and batch norm."""

    def __init__(self, inputs: int, outputs: int, kernel: tuple[int, int], stride: tuple[int, int] = (1, 1)) -> None:
        padding = (kernel[0] // 2, kernel[1] // 2)
        super().__init__(nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False), nn.BatchNorm2d(outputs))


class Gate(nn.Module):
    """Scales channels by what the whole picture shows (squeeze and excite)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, channels // 4, 1)
        self.excite = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean((2, 3), keepdim=True)
        return x * torch.sigmoid(self.excite(torch.relu(self.squeeze(mean))))


class Residual(nn.Module):
    """Two 3 × 3 convolutions beside the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = ConvNorm(channels, channels, (3, 3))
        self.second = ConvNorm(channels, channels, (3, 3))
        self.gate = Gate(channels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.gate(self.second(torch.relu(self.first(x)))))


class PlateNet(nn.Module):
    """N × 3 × 40 × 128 (BGR, −1..1) → text logits N × 64 × ``CLASSES`` and colour logits N × 6."""

    def __init__(self, widths: tuple[int, int, int, int]) -> None:
        super().__init__()
        stem, low, mid, high = widths
        self.trunk = nn.Sequential(
            ConvNorm(3, stem, (5, 5), (2, 2)),
            nn.ReLU(),
            ConvNorm(stem, low, (3, 3), (2, 2)),
            nn.ReLU(),
            Residual(low),
            ConvNorm(low, mid, (3, 3), (2, 1)),
            nn.ReLU(),
            Residual(mid),
        )
        # Five rows become two: rows 0-2 and 2-4.
        self.bands = nn.Sequential(
            nn.Conv2d(mid, high, (3, 3), (2, 1), (0, 1), bias=False), nn.BatchNorm2d(high), nn.ReLU()
        )
        self.context = nn.Sequential(
            nn.Conv2d(high, high, (1, 7), padding=(0, 3), groups=4, bias=False), nn.BatchNorm2d(high), nn.ReLU()
        )
        self.mix = nn.Sequential(ConvNorm(high * 2, high, (1, 1)), nn.ReLU())
        self.text = nn.Conv2d(high, CLASSES, 1)
        self.colour = nn.Linear(high, len(COLOURS))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        bands = self.bands(self.trunk(x))
        # Each band also sees the other one, or it could not know whether the plate has one line or two.
        other = torch.cat([bands[:, :, 1:], bands[:, :, :1]], 2)
        mixed = self.mix(torch.cat([bands, other], 1))
        mixed = mixed + self.context(mixed)
        logits = self.text(mixed).flatten(2).transpose(1, 2)
        return logits, self.colour(mixed.mean((2, 3)))


def parameters_of(net: nn.Module) -> int:
    """How many numbers the net holds."""
    return sum(cast(Tensor, p).numel() for p in net.parameters())
