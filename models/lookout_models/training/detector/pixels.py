"""Pictures to tensors, normalised as coco-nano was."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from lookout_models.training.data.geometry import Picture
from lookout_models.training.torched import from_array

#: Of BGR.
MEAN = (103.53, 116.28, 123.675)
STD = (57.375, 57.12, 58.395)


def to_tensor(pictures: Sequence[Picture]) -> Tensor:
    """BGR pictures of one size → N × 3 × H × W normalised, channels last in memory."""
    batch = from_array(np.stack(pictures)).permute(0, 3, 1, 2).float()
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (MEAN, STD))
    return ((batch - mean) / std).contiguous(memory_format=torch.channels_last)
