"""Where a thing ends: a head on the second look's maps that redraws a candidate's box.

As in the second stage of Faster R-CNN (Ren et al., NeurIPS 2015): the maps are sampled on a grid over the box and its
surroundings (RoIAlign; He et al., ICCV 2017), and each edge moves by a share of the box's own size. A second output
says how well the new box will fit (Jiang et al., "IoU-Net", ECCV 2018).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from lookout_models.training.second_look.net import LITE0

#: The grid's points a side, and the side of what it covers, in sides of the box.
GRID = 8
REACH = 2.0
_NARROW, _INNER, _OUTER, _HIDDEN = 96, 128, 64, 256


class EdgeHead(nn.Module):
    """Maps of a square and boxes in it (x1 y1 x2 y2 in shares of the square) → how the edges move, and the fit."""

    base: Tensor

    def __init__(self, labels: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.labels = labels
        self.narrow = nn.ModuleList(nn.Conv2d(width, _NARROW, 1) for width in LITE0.map_widths[1:])
        self.inner = nn.Conv2d(2 * _NARROW, _INNER, 3, padding=1)
        self.outer = nn.Conv2d(_INNER, _OUTER, 3, padding=1)
        self.hidden = nn.Linear(_OUTER * GRID * GRID + 2, _HIDDEN)
        self.last = nn.Linear(_HIDDEN, labels * 5)
        self.dropout = nn.Dropout(dropout)
        nn.init.normal_(self.last.weight, std=0.01)
        nn.init.zeros_(self.last.bias)
        line = torch.linspace(-1, 1, GRID)
        rows, columns = torch.meshgrid(line, line, indexing="ij")
        self.register_buffer("base", torch.stack([columns, rows], -1)[None])

    def forward(self, maps: tuple[Tensor, Tensor], boxes: Tensor) -> tuple[Tensor, Tensor]:
        """N × labels × 4, by which shares of the box's size its edges move; N × labels, logits of how well it fits."""
        middle, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
        grid = (middle * 2 - 1)[:, None, None] + self.base * (size * REACH)[:, None, None]
        sampled = [
            functional.grid_sample(narrow(features), grid, padding_mode="border", align_corners=False)
            for narrow, features in zip(self.narrow, maps, strict=True)
        ]
        seen = functional.relu(torch.cat(sampled, 1))
        for part in (self.inner, self.outer):
            seen = functional.relu(part(seen))
        seen = seen.flatten(1)
        hidden = functional.relu(self.hidden(torch.cat([self.dropout(seen), size], 1)))
        said = self.last(self.dropout(hidden)).view(-1, self.labels, 5)
        return said[..., :4], said[..., 4]


def redrawn(boxes: Tensor, moves: Tensor) -> Tensor:
    """N × 4 boxes with their edges moved by N × 4 shares of their width and height."""
    return boxes + moves * (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)


def overlaps(some: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """IoU and generalised IoU (Rezatofighi et al., CVPR 2019) of N pairs of boxes."""
    low, high = torch.maximum(some[:, :2], others[:, :2]), torch.minimum(some[:, 2:], others[:, 2:])
    common = (high - low).clamp(min=0).prod(1)
    areas = [(boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(1) for boxes in (some, others)]
    union = areas[0] + areas[1] - common
    hull = (torch.maximum(some[:, 2:], others[:, 2:]) - torch.minimum(some[:, :2], others[:, :2])).prod(1)
    iou = common / union.clamp(min=1e-6)
    return iou, iou - (hull - union) / hull.clamp(min=1e-6)
