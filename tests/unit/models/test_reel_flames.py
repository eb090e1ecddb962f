"""Flames and smoke rise, are repeatable, and are boxed where they can be seen."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from lookout_models.reel import story
from lookout_models.reel.flames import Gas, Reals, Source, lay_over, to_linear, to_picture
from lookout_models.reel.stories import STORIES
from lookout_models.reel.yard import leaves


def burnt(seed: int, *, heat: float = 12.0, smoke: float = 4.0, steps: int = 24) -> Gas:
    gas = Gas(120, 90, seed=seed)
    for _ in range(steps):
        gas.step([Source(at=(45, 100), spread=(10, 5), heat=heat, smoke=smoke, lift=0.5)])
    return gas


def centre(field: Reals) -> float:
    return float((field.sum(1) * np.arange(len(field))).sum() / field.sum())


def test_hot_gas_rises_and_stays_finite() -> None:
    early, late = burnt(1, steps=8), burnt(1, steps=60)
    assert centre(late.heat) < centre(early.heat) - 5
    assert np.isfinite(late.smoke).all()
    assert float(late.heat.max()) <= 1.3


def test_the_same_seed_gives_the_same_flames_and_another_others() -> None:
    assert np.array_equal(burnt(1).heat, burnt(1).heat)
    assert not np.array_equal(burnt(1).heat, burnt(2).heat)


def test_flames_are_orange_and_smoke_alone_is_grey() -> None:
    plate = np.full((120, 90, 3), 0.1, np.float32)
    for gas, orange in ((burnt(1), True), (burnt(1, heat=0), False)):
        part = lay_over(plate, gas, (0, 0), albedo=(0.3, 0.3, 0.3)) - plate
        row, column = np.unravel_index(int(np.argmax(part.sum(2))), part.shape[:2])
        blue, _, red = (float(value) for value in part[row, column])
        assert red > 0.05
        assert (red > 1.5 * blue) == orange


def test_light_survives_the_way_there_and_back_and_glare_keeps_its_order() -> None:
    picture = np.arange(0, 216, dtype=np.uint8).reshape(12, 6, 3)
    assert np.abs(to_picture(to_linear(picture)).astype(int) - picture.astype(int)).max() <= 1
    glare = to_picture(np.array([[[0.5, 1.0, 3.0]]], np.float32))[0, 0]
    assert list(glare) == sorted(set(glare))


def plates(folder: Path) -> Path:
    for name in {name for each in STORIES.values() for name in (each.place.picture, each.lit)}:
        cv2.imwrite(str(folder / f"{name}.png"), np.full((360, 640, 3), 70, np.uint8))
    return folder


def boxes(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float, float, float] | None]:
    monkeypatch.setattr(story, "SECONDS", 5)
    return [shot.box for shot in story.play(STORIES[name], plates(folder), seed=3)]


@pytest.mark.parametrize("name", ["fire-yard", "fire-room"])
def test_the_fire_is_boxed_from_when_it_is_seen(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = boxes(name, tmp_path, monkeypatch)
    begins = next(number for number, box in enumerate(found) if box is not None)
    assert 2 * story.FPS < begins < 4 * story.FPS
    assert all(box is not None and 0 <= box[0] < box[2] <= 1 and 0 <= box[1] < box[3] <= 1 for box in found[begins:])


@pytest.mark.parametrize("name", ["lamp-yard", "sunset-yard", "steam-room"])
def test_steam_a_lamp_and_the_sun_are_no_fire(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(boxes(name, tmp_path, monkeypatch)) == {None}


def test_the_shade_of_leaves_wanders_and_leaves_light() -> None:
    now, later = leaves(0.0), leaves(0.5)
    assert now.shape == (*reversed(story.SIZE), 1)
    assert float(now.min()) < 0.2 < 0.9 < float(now.max())
    assert float(np.abs(now - later).mean()) > 0.01


def test_a_plate_that_is_not_rendered_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"yard\.png is not there: `make reel`"):
        next(story.play(STORIES["fire-yard"], tmp_path, seed=1))
