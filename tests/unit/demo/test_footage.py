"""The demo's footage is really there, and a camera of one's own is checked before anything starts."""

import json
from pathlib import Path

import pytest

from lookout_demo.community import gateway_config, settle
from lookout_demo.errors import DemoError
from lookout_demo.footage import REST_S, Feed, extra_feeds, own_feed, reel_feeds, shipped_feeds


def test_two_cameras_play_a_clip_that_a_package_ships() -> None:
    feeds = shipped_feeds()
    assert len(feeds) >= 2
    assert len({feed.id for feed in feeds}) == len(feeds)
    assert all(Path(feed.url).is_file() and feed.loop for feed in feeds)


def test_every_clip_of_the_reel_has_a_camera_whose_rule_the_demo_knows() -> None:
    feeds = reel_feeds()
    assert {feed.id for feed in feeds} >= {"fire-yard", "lamp-yard"}
    assert all(Path(feed.url).is_file() and feed.loop and feed.name != feed.id for feed in feeds)
    cameras = gateway_config(Path("data"), feeds, mqtt={}, dispatcher={})["cameras"]
    assert [rule["scenario"] for rule in cameras["fire-yard"]["rules"]] == ["fire_smoke"]


def test_what_came_stays_for_a_while_and_the_residents_are_known(tmp_path: Path) -> None:
    stays = Feed(id="a", name="A", url="a.mp4", scenarios=("garbage",), rest_from_s=9.0, residents=("皖A12345",))
    passes = Feed(id="b", name="B", url="b.mp4", scenarios=("garbage",))
    cameras = gateway_config(Path("data"), (stays, passes), mqtt={}, dispatcher={})["cameras"]
    assert cameras["a"]["source"] == {"url": "a.mp4", "loop": True, "rest_from_s": 9.0, "rest_s": REST_S}
    assert cameras["b"]["source"] == {"url": "b.mp4", "loop": True}
    settle(tmp_path / "gateway", (stays, passes))
    assert json.loads((tmp_path / "gateway" / "residents.json").read_text("utf-8")) == [{"plate": "皖A12345"}]


def test_a_folder_of_more_clips_adds_a_camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "car-detection.mp4").write_bytes(b"")
    monkeypatch.setenv("LOOKOUT_FOOTAGE", str(tmp_path))
    assert [feed.url for feed in extra_feeds()] == [str(tmp_path / "car-detection.mp4")]


@pytest.mark.parametrize("address", ["rtsp://user:pw@192.0.2.1/s", "http://192.0.2.1/live.m3u8", "/dev/video0"])
def test_an_address_or_device_is_taken_as_it_is_and_not_looped(address: str) -> None:
    feed = own_feed(address)
    assert (feed.url, feed.loop) == (address, False)


def test_a_file_is_made_absolute_and_looped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = tmp_path / "门口 1.mp4"
    clip.write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    assert own_feed("门口 1.mp4").url == str(clip)
    assert own_feed("门口 1.mp4").loop


def test_a_file_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(DemoError, match=r"CAMERA=nowhere\.mp4: there is no such file; give rtsp"):
        own_feed("nowhere.mp4")
