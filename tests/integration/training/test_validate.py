"""What counts on the validation part, and what does not."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from lookout_models.training.data.examples import Boxes, Example, make_boxes

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install 'lookout[train]'")

from torch import Tensor  # noqa: E402

from lookout_models.training.detector.net import NanoDet  # noqa: E402
from lookout_models.training.detector.validate import validate  # noqa: E402

SIZE = 64
LABELS = ("fire", "smoke")
NOTHING = make_boxes([])
WHOLE = make_boxes([(0, 0, 0, 1, 1)])


class AlwaysFire(NanoDet):
    """Sees one fire of 16 × 16 pixels around the middle of the top left cell of stride 16, and nothing else."""

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        logits = torch.full((len(pixels), 84, 2), -9.0)
        logits[:, 64, 0] = 2.0
        distances = torch.full((len(pixels), 84, 4, 11), -9.0)
        distances[..., 0] = distances[..., 1] = 9.0
        return logits, distances.flatten(2)


def picture(tmp_path: Path, name: str, boxes: Boxes = NOTHING, undecided: Boxes = NOTHING) -> Example:
    path = tmp_path / f"{name}.png"
    cv2.imwrite(str(path), np.zeros((SIZE, SIZE, 3), np.uint8))
    return Example(path, "made", boxes, undecided)


def test_found_and_false_alarms_are_counted(tmp_path: Path) -> None:
    there = make_boxes([(0, 0, 0, 0.25, 0.25)])
    figures = validate(AlwaysFire(2), [picture(tmp_path, "a", there), picture(tmp_path, "b")], LABELS, SIZE)
    assert set(figures) == {"fire"}
    assert figures["fire"].point.recall == 1
    assert figures["fire"].point.precision == 0.5
    assert figures["fire"].false_alarms == 1000


@pytest.mark.parametrize("undecided", [WHOLE, make_boxes([(0, 0, 0, 0.3, 0.3)])])
def test_detections_in_undecided_places_do_not_count(tmp_path: Path, undecided: Boxes) -> None:
    there = make_boxes([(0, 0, 0, 0.25, 0.25)])
    unsure = picture(tmp_path, "b", undecided=undecided)
    figures = validate(AlwaysFire(2), [picture(tmp_path, "a", there), unsure], LABELS, SIZE)
    assert figures["fire"].point.precision == 1
    assert figures["fire"].false_alarms == 0
