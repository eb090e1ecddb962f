"""Keeping what the base model knows: where nothing is labelled, its answers on the same sample are the aim.

Classes as soft aims of a quality focal loss; boxes by localization distillation (Zheng et al., CVPR 2022): the
teacher's distance distributions, weighed by how sure it is that something is there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from lookout_models.training.detector.net import BINS, COCO_ROWS, SIDES, NanoDet

#: Below this score the teacher's box says nothing.
_SURE = 0.1


@dataclass(frozen=True, slots=True)
class Kept:
    """How far the net is from its teacher, classes and boxes."""

    classes: Tensor
    boxes: Tensor


class Teacher:
    """The base model, asked for those of ``labels`` that it knows."""

    def __init__(self, net: NanoDet, labels: Sequence[str], rows: Mapping[str, int] = COCO_ROWS) -> None:
        self._net = net
        known = [(number, rows[label]) for number, label in enumerate(labels) if label in rows]
        self._ours, self._its = [ours for ours, _ in known], [its for _, its in known]

    def compare(self, pixels: Tensor, logits: Tensor, distances: Tensor, undecided: Tensor) -> Kept:
        """Losses of N × L × C logits and N × L × 44 distance logits on N pictures; ``undecided`` as in Losses."""
        with torch.no_grad():
            its_logits, its_distances = (output.float() for output in self._net(pixels))
        aim, open_ = its_logits[..., self._its].sigmoid(), undecided[..., self._ours]
        mine = logits[..., self._ours]
        far = (aim - mine.sigmoid()).square()
        each = functional.binary_cross_entropy_with_logits(mine, aim, reduction="none") * far * open_
        sure, _ = (aim * open_).max(-1)
        sure = sure * (sure > _SURE)
        amount = sure.sum().clamp(min=1.0)
        shape = (*distances.shape[:-1], SIDES, BINS)
        spread = functional.kl_div(
            distances.reshape(shape).log_softmax(-1), its_distances.reshape(shape).softmax(-1), reduction="none"
        )
        return Kept(each.sum() / amount, (spread.sum(-1).mean(-1) * sure).sum() / amount)
