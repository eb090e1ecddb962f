"""Makes confidences mean what they say: a temperature for the logits, and the threshold below which nothing is read."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lookout_models.training.plates.measuring import Outcome
from lookout_models.training.plates.net import PlateNet
from lookout_models.training.plates.samples import Sample, as_classes, as_input
from lookout_models.training.torched import from_array

#: Temperatures tried.
_TEMPERATURES = tuple(float(t) for t in np.geomspace(0.5, 4.0, 31))


def temperature(net: PlateNet, samples: Sequence[Sample]) -> float:
    """The temperature under which the true texts of ``samples``, none of them trained on, are most probable."""
    logits = torch.cat(list(_logits(net, samples)))
    losses = [_text_loss(logits / value, samples) for value in _TEMPERATURES]
    return _TEMPERATURES[int(np.argmin(losses))]


def _logits(net: PlateNet, samples: Sequence[Sample]) -> list[Tensor]:
    net.eval()
    with torch.no_grad():
        return [
            net(from_array(as_input([s.image for s in samples[first : first + 64]])))[0]
            for first in range(0, len(samples), 64)
        ]


def _text_loss(logits: Tensor, samples: Sequence[Sample]) -> float:
    classes = [as_classes(sample.text) for sample in samples]
    targets = torch.tensor([c for row in classes for c in row], dtype=torch.long)
    lengths = torch.tensor([len(row) for row in classes], dtype=torch.long)
    steps = torch.full((len(samples),), logits.shape[1], dtype=torch.long)
    paths = functional.ctc_loss(logits.log_softmax(2).transpose(0, 1), targets, steps, lengths, reduction="sum")
    return float(paths) / len(samples)


def threshold(outcomes: Sequence[Outcome], wrong: float) -> float:
    """The least confidence at which at most the share ``wrong`` of the readings kept is wrong; 1 when none is."""
    ranked = sorted((o for o in outcomes if o.read), key=lambda o: -o.confidence)
    errors, best = 0, 1.0
    for count, outcome in enumerate(ranked, start=1):
        errors += outcome.read != outcome.truth
        if errors <= wrong * count:
            best = outcome.confidence
    return best
