"""Where a camera's pictures come from, and its zones drawn on one of them."""

from dataclasses import replace
from pathlib import Path

from lookout_edge.adapters.clock import SystemClock
from lookout_edge.adapters.video import SourceOptions, VideoSource
from lookout_edge.adapters.zone_drawing import draw_zones, write_png
from lookout_edge.bootstrap.watching import looks_of
from lookout_edge.config import CameraConfig
from lookout_edge.domain.frame import Image
from lookout_edge.errors import SourceError
from lookout_edge.looking import LookSettings


def source_options(camera: CameraConfig) -> tuple[SourceOptions, SourceOptions | None]:
    """The camera's main stream and, where it has one, its sub stream."""
    source = camera.source
    main = SourceOptions(
        url=source.url,
        start_s=source.start_s,
        end_s=source.end_s,
        loop=source.loop,
        rest_from_s=source.rest_from_s,
        rest_s=source.rest_s,
        rtsp_transport=source.rtsp_transport,
        read_timeout_s=source.read_timeout_s,
        hardware=source.hardware_decode,
        max_size=camera.max_size,
        decode_fps=camera.detect_fps,
        deblock=source.deblock,
    )
    if not source.sub_url:
        return main, None
    # Of a main stream beside a sub stream only the pictures that plates and evidence need are decoded: those whole.
    return replace(main, deblock=True), replace(main, url=source.sub_url)


def first_picture(name: str, camera: CameraConfig, picture: Path | None) -> Image:
    """The first picture that a camera gives, or that of another clip; SourceError when there is none."""
    options, sub = source_options(camera)
    options = sub or options
    if picture is not None:
        if not picture.exists():
            raise SourceError(f"{picture}: there is no such picture; correct --picture.", reason="missing")
        options = SourceOptions(url=str(picture), max_size=camera.max_size)
    with VideoSource(name, options, clock=SystemClock(), realtime=False, start_at=0.0).frames() as frames:
        for frame in frames:
            return frame.image
    raise SourceError(f"camera {name} gives no picture.", reason="ended")


def write_zones(path: Path, camera: CameraConfig, image: Image | None) -> None:
    """Draw the camera's zones, each with its rules, its masks and its close-ups on a BGR picture into a PNG file."""
    zones = {zone: section.polygon for zone, section in camera.zones.items()}
    words = {zone: ", ".join(rule.scenario for rule in camera.rules if zone in rule.zones) for zone in zones}
    write_png(
        path, draw_zones(image, zones, words, [mask.polygon for mask in camera.masks], looks_of(camera).close_ups)
    )


def clip_source(
    clip: Path, camera: str, looks: LookSettings, *, max_size: int, start_at: float, loop: bool = False
) -> VideoSource:
    """A clip as fast as it can be read; its first instant gets the frame time ``start_at``."""
    # As a gateway decodes; what thrift is measured against spares nothing.
    deblock = not looks.thrifty
    options = SourceOptions(url=str(clip), max_size=max_size, decode_fps=looks.detect_fps, loop=loop, deblock=deblock)
    return VideoSource(camera, options, clock=SystemClock(), realtime=False, start_at=start_at)
