"""A clip cut from a camera's packets plays in a browser: it was never decoded or encoded on the way."""

import base64
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import sync_playwright

from e2e.console_driver import launch
from lookout_edge.adapters.clock import SystemClock
from lookout_edge.adapters.video import PacketRing, SourceOptions, VideoSource
from lookout_edge.adapters.video.rtsp_testing import RtspCamera
from lookout_edge.adapters.video.testing import ClipShape, make_clip

pytestmark = pytest.mark.e2e

PLAY = """async (source) => {
  const video = document.createElement("video");
  video.muted = true;
  video.playbackRate = 4;
  const done = new Promise((resolve, reject) => {
    video.onended = resolve;
    video.onerror = () => reject(new Error(video.error.message));
  });
  video.src = source;
  await video.play();
  await done;
  return {
    width: video.videoWidth,
    seconds: video.duration,
    played: video.currentTime,
    broken: video.getVideoPlaybackQuality().corruptedVideoFrames,
  };
}"""


def recorded(folder: Path) -> bytes:
    """Two and a half seconds of a camera with B-frames, asked for from amid a group of pictures on."""
    shape = ClipShape(frames=100, gop=25, size=(320, 240), b_frames=2)
    with RtspCamera({"live": make_clip(folder / "live.ts", shape)}) as camera:
        ring = PacketRing()
        options = SourceOptions(url=camera.url("live"))
        source = VideoSource("gate", options, clock=SystemClock(), realtime=True, ring=ring)
        with source.frames() as frames:
            first = next(frames)
            last = next(frame for frame in frames if frame.at >= first.at + 3.5)
    clip = ring.clip(first.at + 0.5, last.at - 0.5)
    assert clip is not None
    return clip


def test_a_clip_of_an_rtsp_camera_plays_to_its_end_in_chromium(tmp_path: Path) -> None:
    clip = recorded(tmp_path)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page()
        address = "data:video/mp4;base64," + base64.b64encode(clip).decode()
        told = cast(dict[str, Any], page.evaluate(PLAY, address))
        browser.close()
    assert told["width"] == 320
    assert told["seconds"] > 2.0
    assert told["played"] == pytest.approx(told["seconds"], abs=0.1)
    assert told["broken"] == 0
