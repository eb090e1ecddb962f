"""The shipped detector and its mirrored look, on our own footage."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from lookout_edge.adapters.onnx.chain import DetectorChain
from lookout_edge.adapters.zoo import Zoo
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box

ZOO = Zoo(Path(__file__).parents[3] / "models" / "zoo")
CLIP = Path(__file__).parents[3] / "models" / "reel" / "bag-beside-bin.mp4"


@pytest.fixture(scope="module")
def bag_on_the_ground() -> Image:
    """After thirteen seconds: a bag in front of four bins, and nobody there."""
    video = cv2.VideoCapture(str(CLIP))
    video.set(cv2.CAP_PROP_POS_FRAMES, 104)
    read, frame = video.read()
    video.release()
    assert read
    return frame.astype("uint8")


@pytest.fixture(scope="module")
def without_second_looks(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    """The shipped detectors; what looks again at their boxes sees them from one side alone."""
    folder = tmp_path_factory.mktemp("zoo")
    for name in ("community-nano", "community-nano-int8"):
        path = shutil.copytree(ZOO.folder / name, folder / name) / "model.yaml"
        described = yaml.safe_load(path.read_text("utf-8"))
        left = {key: described[key] for key in described if key not in ("second_look", "second_detector")}
        path.write_text(yaml.safe_dump(left), "utf-8")
    return Zoo(folder)


def seen(zoo: Zoo, name: str, picture: Image, *, raw: bool, mirrored: bool) -> list[tuple[str, float, Box]]:
    shown = np.ascontiguousarray(picture[:, ::-1]) if mirrored else picture
    found = DetectorChain(zoo, name, threshold=0.3, raw=raw).whole.detect(shown)
    boxes = [Box(1 - d.box.x2, d.box.y1, 1 - d.box.x1, d.box.y2) if mirrored else d.box for d in found]
    return sorted((d.label, d.score, box) for d, box in zip(found, boxes, strict=True) if d.label.startswith("garbage"))


@pytest.mark.parametrize("name", ["community-nano", "community-nano-int8"])
def test_left_and_right_no_longer_matter(name: str, bag_on_the_ground: Image, without_second_looks: Zoo) -> None:
    """One look alone sees another thing in the mirror; both together see the same."""
    once = [
        seen(without_second_looks, name, bag_on_the_ground, raw=True, mirrored=mirrored) for mirrored in (False, True)
    ]
    assert [score for _, score, _ in once[0]] != pytest.approx([score for _, score, _ in once[1]], abs=0.001)
    plain, mirrored = (
        seen(without_second_looks, name, bag_on_the_ground, raw=False, mirrored=mirrored) for mirrored in (False, True)
    )
    assert [label for label, _, _ in plain] == [label for label, _, _ in mirrored]
    assert "garbage" in {label for label, _, _ in plain}
    for (_, score, box), (_, other, there) in zip(plain, mirrored, strict=True):
        assert score == pytest.approx(other, abs=0.001)
        assert box == pytest.approx(there, abs=0.001)
