"""The reader's net: a text recogniser's graph with its head cut to a plate's characters, and a small colour head."""

from typing import cast

import onnx
import torch
from torch import Tensor, nn

from lookout_models.training.plates.graph import GraphNet
from lookout_models.training.plates.kinds import COLOURS
from lookout_models.training.plates.samples import HEIGHT, WIDTH

#: Values of PP-OCRv6's graph: logits of every step, and features that tell paint (early) and things (late).
LOGITS, EARLY, LATE = "p2o.pd_op.add.79.0", "p2o.pd_op.relu.4.0", "p2o.pd_op.pool2d.1.0"


class PlateNet(nn.Module):
    """N × 3 × 48 × 160 (BGR, −1..1) → text logits N × 20 × classes and colour logits N × 6 (``COLOURS``)."""

    def __init__(self, base: onnx.ModelProto) -> None:
        super().__init__()
        self.graph = GraphNet(base)
        with torch.no_grad():
            early, late = self.features(torch.zeros(1, 3, HEIGHT, WIDTH))
        self.colour = nn.Linear(early.shape[1] + late.shape[1], len(COLOURS))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.read(*self.features(x))

    def features(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """What the convolutions see: N × channels of the early ones' mean, N × channels × 1 × steps of the last one."""
        early, late = self.graph({self.graph.input: x}, (EARLY, LATE))
        return early.mean((2, 3)), late

    def read(self, early: Tensor, late: Tensor) -> tuple[Tensor, Tensor]:
        """The logits from those features."""
        (text,) = self.graph({LATE: late}, (LOGITS,))
        return text.float(), self.colour(torch.cat([early, late.mean((2, 3))], 1)).float()


def parameters_of(net: nn.Module) -> int:
    """How many numbers the net holds."""
    return sum(cast(Tensor, p).numel() for p in net.parameters())
