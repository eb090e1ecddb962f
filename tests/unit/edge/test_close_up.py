"""Parts of the picture that are looked at by themselves: where they are, when their turn is, and what comes of it."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lookout_contract.events import Phase, Scenario
from lookout_edge.adapters.zone_drawing import draw_zones
from lookout_edge.bootstrap import looks_of
from lookout_edge.config import LoadedConfig, load_config
from lookout_edge.domain.close_up import CloseUp, close_ups_of, cut_out, joined, placed
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Frame, Image, Luma
from lookout_edge.domain.geometry import WHOLE, Box
from lookout_edge.errors import ConfigError
from lookout_edge.events import Provenance
from lookout_edge.looking import Attention, Look, LookSettings
from lookout_edge.motion import MotionGate
from lookout_edge.pipeline import CameraPipeline, PipelineSettings
from lookout_edge.rules.registry import RULES
from lookout_edge.testing import box_at
from lookout_edge.tracking import Tracker

YARD = np.random.default_rng(5).integers(60, 180, (90, 160), dtype=np.uint8)
CORNER = Box(0.6, 0.6, 1.0, 1.0)
SMALL_FIRE = [Detection("fire", 0.8, box_at(0.8, 0.8, 0.02, 0.02), enlarged=True)]
fractions = st.floats(0.0, 1.0)


def with_movement() -> Luma:
    luma = YARD.copy()
    luma[60:75, 110:125] = 250
    return luma


class Watching:
    """Attention before a still scene in which the detector finds what is given."""

    def __init__(self, *parts: CloseUp, found: Sequence[Detection] = (), heartbeat_s: float = 60.0) -> None:
        settings = LookSettings(close_ups=parts, heartbeat_s=heartbeat_s)
        self.found = list(found)
        self.attention = Attention(settings, MotionGate(), Tracker(), takes_regions=True)
        self.looks: list[tuple[float, Look]] = []
        self.at = 0.0

    def watch(self, seconds: float, luma: Luma = YARD) -> None:
        for _ in range(round(seconds * 5)):
            look = self.attention.choose(self.at, luma) if self.attention.is_due(self.at) else None
            if look is not None:
                self.looks.append((self.at, look))
                self.attention.saw(self.at, look, self.found if look.close_ups else [])
                self.attention.looked(self.at, look, [])
            self.at = round(self.at + 0.2, 3)

    def turns(self, part: CloseUp) -> list[float]:
        return [at for at, look in self.looks if part.box in look.close_ups]


def test_a_part_has_its_turn_however_calm_it_is() -> None:
    part = CloseUp(CORNER, 3.0)
    watching = Watching(part)
    watching.watch(20.0)
    turns = watching.turns(part)
    assert len(turns) in {6, 7}
    assert all(2.9 <= later - sooner <= 3.7 for sooner, later in pairwise(turns))
    assert [at for at, look in watching.looks if look.regions is None] == [0.0], "the rest has its own time"


def test_parts_of_a_grid_do_not_come_all_at_once() -> None:
    six = close_ups_of(None, (3, 2), 6.0)
    watching = Watching(*six)
    watching.watch(30.0)
    assert max(len(look.close_ups) for _, look in watching.looks) == 1
    for part in six:
        turns = watching.turns(part)
        assert turns[0] < 6.4
        assert all(later - sooner <= 6.9 for sooner, later in pairwise(turns))


def test_pictures_come_in_time_for_the_next_turn() -> None:
    watching = Watching(CloseUp(CORNER, 3.0), heartbeat_s=10.0)
    watching.watch(8.0)
    assert watching.attention.demand(watching.at, 60.0).longest_gap_s <= 3.0
    alone = Watching(heartbeat_s=10.0)
    alone.watch(8.0)
    assert alone.attention.demand(alone.at, 60.0).longest_gap_s == 10.0


def test_what_only_a_close_up_sees_has_one_in_every_look_that_touches_it() -> None:
    part = CloseUp(CORNER, 10.0)
    for found, expected in ((SMALL_FIRE, True), ([], False)):
        watching = Watching(part, found=found)
        watching.watch(4.0)
        watching.watch(2.0, with_movement())
        touching = [look for at, look in watching.looks if at >= 4.0]
        assert all(look.regions for look in touching)
        assert all(part.box in look.close_ups for look in touching) is expected


def test_movement_in_a_part_is_looked_at_closely_and_not_all_the_time() -> None:
    part, lively = CloseUp(CORNER, 30.0), np.random.default_rng(7)
    watching = Watching(part)
    watching.watch(4.0)
    for _ in range(15):
        luma = YARD.copy()
        luma[60:75, 110:125] = lively.integers(0, 255, (15, 15))
        watching.watch(0.2, luma)
    turns = [at for at in watching.turns(part) if at >= 4.0]
    assert turns
    assert turns[0] <= 4.4
    assert all(later - sooner >= 1.0 for sooner, later in pairwise(turns))


def test_a_part_in_which_nothing_is_any_more_is_like_any_other() -> None:
    part = CloseUp(CORNER, 2.0)
    watching = Watching(part, found=SMALL_FIRE)
    watching.watch(3.0)
    watching.found = []
    watching.watch(8.0)
    watching.watch(1.9, with_movement())
    touching = [part.box in look.close_ups for at, look in watching.looks if at >= 11.0 and look.regions]
    assert touching.count(False) > touching.count(True)


@given(st.integers(1, 5), st.integers(1, 5))
def test_a_grid_shows_all_of_the_picture_and_each_seam_whole(columns: int, rows: int) -> None:
    boxes = [part.box for part in close_ups_of(None, (columns, rows), 6.0)]
    assert len(boxes) == columns * rows
    for x in range(21):
        for y in range(21):
            small = box_at(x / 20, y / 20, 0.015, 0.015).clipped()
            assert any(box.holds(small) for box in boxes), small


@given(st.lists(st.tuples(fractions, fractions), min_size=3, max_size=6))
@example([(0.0, 0.5), (0.0, 0.6809232940864168), (0.0, 0.14570929266019864)])
def test_a_zone_lies_in_its_close_up_with_some_room(corners: list[tuple[float, float]]) -> None:
    (one,) = close_ups_of(corners, None, 2.0)
    assert all(one.box.x1 <= x <= one.box.x2 and one.box.y1 <= y <= one.box.y2 for x, y in corners)
    for part in (one, *close_ups_of(corners, (2, 1), 2.0)):
        assert WHOLE.holds(part.box)
        assert part.times >= 1.0


@given(fractions, fractions, st.floats(0.0, 0.4), st.floats(0.0, 0.4))
def test_whatever_is_cut_out_holds_a_pixel(x: float, y: float, width: float, height: float) -> None:
    image = np.zeros((7, 11, 3), np.uint8)
    assert min(cut_out(image, Box(x, y, x + width, y + height).clipped()).shape) >= 1


def test_boxes_are_where_they_are_in_the_picture() -> None:
    (found,) = placed([Detection("fire", 0.7, Box(0.25, 0.5, 0.5, 0.75))], CORNER)
    assert found.box.as_tuple() == pytest.approx((0.7, 0.8, 0.8, 0.9))
    assert found.enlarged


@given(st.floats(0.0, 1.0))
def test_what_a_close_up_shows_is_a_little_less_sure(score: float) -> None:
    (found,) = placed([Detection("fire", score, Box(0.25, 0.5, 0.5, 0.75))], CORNER)
    assert 0.0 <= found.score <= score <= 1.0
    if 0.1 < score < 0.9:
        assert 0.02 < score - found.score < 0.13


@pytest.mark.parametrize(
    ("box", "kept"),
    [
        (Box(0.0, 0.4, 0.2, 0.6), False),  # the part's own edge cuts it
        (Box(0.4, 0.0, 0.6, 0.2), False),
        (Box(0.8, 0.8, 1.0, 1.0), True),  # the picture's edge does
        (Box(0.05, 0.05, 0.95, 0.95), False),  # nothing small
    ],
)
def test_what_is_cut_or_large_is_left_to_the_look_at_the_whole(box: Box, *, kept: bool) -> None:
    assert bool(placed([Detection("smoke", 0.7, box)], CORNER)) is kept


def test_a_thing_that_both_see_is_one_as_it_was_seen_more_surely() -> None:
    coarse, fine = Detection("fire", 0.4, box_at(0.8, 0.8)), Detection("fire", 0.7, box_at(0.802, 0.8), enlarged=True)
    assert joined([coarse], [fine]) == [fine]
    sure = Detection("fire", 0.9, box_at(0.8, 0.8))
    assert joined([sure], [fine]) == [sure]
    other = Detection("smoke", 0.4, box_at(0.8, 0.8))
    assert joined([other], [fine]) == [other, fine]


def test_a_part_of_a_thing_is_no_thing_of_its_own() -> None:
    truck = Detection("truck", 0.9, Box(0.6, 0.6, 0.9, 0.9))
    cabin = Detection("truck", 0.95, Box(0.6, 0.65, 0.7, 0.8), enlarged=True)
    assert joined([truck], [cabin]) == [truck]
    cut = Detection("truck", 0.9, Box(0.6, 0.6, 0.9, 0.9), cut=True)
    assert joined([cut], [cabin]) == [cut, cabin], "what a region cuts is not known yet"


class FarSighted:
    """Finds a bright square from a tenth of what it is shown on; of smaller ones it knows nothing."""

    name, sha256, labels, takes_regions = "far", "0" * 64, ("car",), True

    def __init__(self) -> None:
        self.shown: list[tuple[int, int]] = []

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        height, width = image.shape[:2]
        self.shown.append((width, height))
        rows, columns = np.nonzero(image[:, :, 1] > 200)
        if not rows.size or (columns.max() - columns.min()) / width < 0.1:
            return []
        box = Box(columns.min() / width, rows.min() / height, (columns.max() + 1) / width, (rows.max() + 1) / height)
        return [Detection("car", 0.8, box)]


def yard(*, car: bool) -> Image:
    image = np.repeat(np.kron(YARD, np.ones((4, 4), np.uint8))[:, :, None], 3, axis=2)
    if car:
        image[300:320, 500:540] = 255
    return image


def events_with(*parts: CloseUp) -> list[tuple[Phase, float]]:
    kind = RULES[Scenario.UNFAMILIAR_VEHICLE]
    pipeline = CameraPipeline(
        Provenance(camera="yard", models={}),
        [kind.build(kind.params.model_validate({"dwell_s": 2.0}), (), ZoneInfo("UTC"))],
        FarSighted(),
        settings=PipelineSettings(looks=LookSettings(close_ups=parts)),
    )
    said: list[tuple[Phase, float]] = []
    for number in range(60 * 5):
        at = 100.0 + number / 5
        for event in pipeline.step(Frame("yard", at, yard(car=3 <= number / 5 < 45))):
            said.append((event.phase, round(event.captured_at.timestamp() - 100.0, 1)))
    return said


def test_what_is_too_small_for_the_whole_picture_is_one_occurrence_from_when_it_comes_until_it_goes() -> None:
    assert events_with() == []
    said = [(phase, at) for phase, at in events_with(CloseUp(CORNER, 2.0)) if phase is not Phase.UPDATE]
    assert [phase for phase, _ in said] == [Phase.START, Phase.END]
    assert 5.0 <= said[0][1] <= 8.0
    assert 45.0 <= said[1][1] <= 60.0


CAMERA = """\
site: s
gateway: g
models: {plates: false}
cameras:
  yard:
    source: {url: 'rtsp://192.0.2.1/'}
    zones:
      shed: {polygon: [[0.7, 0.1], [0.9, 0.1], [0.9, 0.3]]}
      everything: {polygon: [[0, 0], [1, 0], [1, 1], [0, 1]]}
    close_ups: [CLOSE_UP]
    rules: [{scenario: key_area, zones: [shed]}]
"""
MODELS = {"coco-nano": ("person",)}


def load(folder: Path, close_up: str) -> LoadedConfig:
    path = folder / "gateway.yaml"
    path.write_text(CAMERA.replace("CLOSE_UP", close_up), encoding="utf-8")
    return load_config(path, models=MODELS, environ={})


def test_a_configuration_names_zones_grids_or_grids_of_zones(tmp_path: Path) -> None:
    (shed,) = looks_of(load(tmp_path, "{zone: shed}").config.cameras["yard"]).close_ups
    assert shed.every_s == 2.0
    assert shed.box.holds(Box(0.7, 0.1, 0.9, 0.3))
    assert len(looks_of(load(tmp_path, "{grid: [3, 2], every_s: 6}").config.cameras["yard"]).close_ups) == 6
    halves = looks_of(load(tmp_path, "{zone: everything, grid: [2, 2]}").config.cameras["yard"]).close_ups
    assert [round(part.times, 2) for part in halves] == [1.82] * 4


@pytest.mark.parametrize(
    ("close_up", "said"),
    [
        ("{zone: sheds}", "there is no zone 'sheds' at this camera; did you mean 'shed'"),
        ("{zone: everything}", "is hardly enlarged, its parts being nearly as wide or high as the picture"),
        ("{grid: [1, 4]}", "is hardly enlarged"),
        ("{every_s: 2}", "needs a zone, or a grid such as"),
        ("{grid: [1, 1]}", "a grid has 2 to 16 parts"),
        ("{grid: [0, 2]}", "a grid has 2 to 16 parts"),
        ("{grid: [9, 9]}", "a grid has 2 to 16 parts"),
        ("{zone: shed, every_s: 0}", "every_s"),
    ],
)
def test_a_close_up_that_cannot_be_is_refused_with_what_to_do(close_up: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, close_up)
    assert said in str(refused.value)


def test_close_ups_are_drawn_beside_the_zones() -> None:
    grey = np.full((360, 640, 3), 96, np.uint8)
    drawn = draw_zones(grey, {}, {}, (), [CloseUp(CORNER, 2.0)])
    assert (drawn[round(0.6 * 360), 500] == 255).all()
    assert (drawn[100, 100] == 96).all()
