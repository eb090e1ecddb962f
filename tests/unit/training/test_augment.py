"""Samples: where boxes end up, and what the network never gets to see."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from lookout_models.training.data.augment import Next, augmented, plain
from lookout_models.training.data.examples import Boxes, Example, collect, make_boxes
from lookout_models.training.data.geometry import Floats, Picture
from lookout_models.training.data.looks import disturbed
from lookout_models.training.data.memory import PictureMemory
from lookout_models.training.data.paste import cut_outs, pasted
from lookout_models.training.data.sampler import Sampler
from lookout_models.training.recipe import Augmentation, Source
from lookout_models.training.testing import make_pictures

LABELS = ("person", "fire", "smoke")
SOURCE = Source(folder="made", classes=("fire", "smoke"))


def examples(tmp_path: Path, amount: int) -> list[Example]:
    make_pictures(tmp_path / "made", amount)
    return collect("made", SOURCE, tmp_path, tmp_path, LABELS, {})


def drawing(pool: Sampler, random: np.random.Generator) -> Next:
    memory = PictureMemory(1 << 20)

    def draw() -> tuple[Example, Picture]:
        example = pool.draw(random)
        return example, memory.read(example.path)

    return draw


def bright_share(picture: Picture, box: Floats) -> float:
    x1, y1, x2, y2 = (round(float(v)) for v in box)
    return float((picture[y1:y2, x1:x2].max(-1) > 150).mean())


@pytest.mark.parametrize("mosaic", [0.0, 1.0])
def test_boxes_move_with_their_objects(tmp_path: Path, mosaic: float) -> None:
    pool = Sampler({"made": examples(tmp_path, 12)}, {"made": SOURCE}, 0)
    settings = Augmentation(mosaic=mosaic)
    seen = 0
    for number in range(20):
        random = np.random.default_rng(number)
        sample = augmented(drawing(pool, random), 128, settings, random)
        assert sample.picture.shape == (128, 128, 3)
        for box in sample.boxes.corners:
            assert bright_share(sample.picture, box) > 0.8
            seen += 1
    assert seen > 10


def test_a_box_that_is_cut_off_becomes_undecided(tmp_path: Path) -> None:
    picture = np.zeros((50, 200, 3), np.uint8)
    example = Example(tmp_path / "wide.png", "made", make_boxes([(1, 0.9, 0.0, 1.0, 1.0)]), make_boxes([]))
    settings = Augmentation(mosaic=0, scale=(2.0, 2.0))
    outcomes: set[tuple[int, int]] = set()
    for number in range(30):
        sample = augmented(lambda: (example, picture), 64, settings, np.random.default_rng(number))
        outcomes.add((len(sample.boxes), len(sample.undecided)))
    assert outcomes == {(1, 0), (0, 1), (0, 0)}


def test_squeezed_frames_are_drawn_as_wide_as_they_were(tmp_path: Path) -> None:
    boxes = make_boxes([(1, 0.4, 0.4, 0.6, 0.6)])
    example = Example(tmp_path / "square.png", "made", boxes, make_boxes([]), stretch=(2.0, 2.0))
    settings = Augmentation(mosaic=0, scale=(1.0, 1.0), aspect=(1.0, 1.0))
    picture = np.zeros((100, 100, 3), np.uint8)
    sample = augmented(lambda: (example, picture), 128, settings, np.random.default_rng(0))
    x1, y1, x2, y2 = (float(v) for v in sample.boxes.corners[0])
    assert (x2 - x1) / (y2 - y1) == pytest.approx(2.0)


def test_a_remembered_picture_is_read_once_and_a_full_memory_still_reads(tmp_path: Path) -> None:
    for name in ("a", "b"):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.zeros((10, 10, 3), np.uint8))
    memory = PictureMemory(300)
    first = memory.read(tmp_path / "a.png")
    assert memory.read(tmp_path / "a.png") is first
    assert memory.read(tmp_path / "b.png") is not memory.read(tmp_path / "b.png")


def test_plain_is_the_gateways_letterbox(tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    cv2.imwrite(str(path), np.full((50, 100, 3), 255, np.uint8))
    sample = plain(Example(path, "made", make_boxes([(0, 0, 0, 1, 1)]), make_boxes([])), 64)
    assert sample.boxes.corners[0] == pytest.approx([0, 16, 64, 48])
    assert (sample.picture[:16] == 114).all()
    assert (sample.picture[16:48] == 255).all()


def test_the_same_seed_disturbs_alike() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    always = Augmentation(colour=1, night=1, grey=1, blur=1, low_resolution=1, compression=1)
    once, again = (disturbed(picture, always, np.random.default_rng(5)) for _ in range(2))
    assert (once == again).all()
    assert (once != picture).any()
    never = Augmentation(colour=0, night=0, grey=0, blur=0, low_resolution=0, compression=0)
    assert (disturbed(picture, never, np.random.default_rng(5)) == picture).all()


def test_a_white_balance_that_is_off_leaves_the_outlines() -> None:
    picture = np.full((8, 8, 3), 100, np.uint8)
    picture[:4] = 0
    alone = Augmentation(colour=0, balance=1, night=0, grey=0, blur=0, low_resolution=0, compression=0)
    changed = disturbed(picture, alone, np.random.default_rng(2))
    assert (changed[:4] == 0).all()
    assert len(set(changed[5, 5].tolist())) == 3
    assert (np.abs(np.log(changed[5, 5] / 100)) < 0.32).all()


def test_a_pasted_object_brings_its_box_and_hides_what_is_below(tmp_path: Path) -> None:
    path = tmp_path / "bike.png"
    photo = np.full((200, 200, 3), 200, np.uint8)
    cv2.circle(photo, (100, 100), 60, (0, 0, 255), -1)
    cv2.imwrite(str(path), photo)
    source = Example(path, "photos", make_boxes([(2, 0.18, 0.18, 0.82, 0.82)]), make_boxes([]))
    objects = cut_outs([source], 2)
    assert len(objects) == 1
    background = tmp_path / "room.png"
    cv2.imwrite(str(background), np.zeros((128, 128, 3), np.uint8))
    everywhere = Boxes(np.array([[0, 0.6, 0.05, 0.65]], np.float32), np.array([1]))
    room = plain(Example(background, "room", everywhere, make_boxes([])), 128)
    sample = pasted(room, objects, 2, np.random.default_rng(1))
    x1, y1, x2, y2 = (round(float(v)) for v in sample.boxes.of(2)[0])
    assert float((sample.picture[y1:y2, x1:x2, 2] > 80).mean()) > 0.5
    assert len(sample.boxes) + len(sample.undecided) == 2
