"""Clips cut from packets."""

import errno
import io
import tempfile
from itertools import islice
from pathlib import Path

import av
import av.error
import pytest

from lookout_edge.adapters.clock import SystemClock
from lookout_edge.adapters.video import PacketRing, SourceOptions, VideoSource
from lookout_edge.adapters.video.picture import Converter
from lookout_edge.adapters.video.remux import HeldPacket, StreamHead
from lookout_edge.adapters.video.still import picture_at
from lookout_edge.adapters.video.testing import ClipShape, make_clip, number_of
from lookout_edge.domain.frame import Image
from lookout_edge.errors import EdgeError


def filled(ring: PacketRing, clip: Path, *, loop_frames: int | None = None) -> PacketRing:
    options = SourceOptions(url=str(clip), loop=loop_frames is not None)
    source = VideoSource("gate", options, clock=SystemClock(), realtime=False, start_at=1000.0, ring=ring)
    with source.frames() as frames:
        for _ in islice(frames, loop_frames):
            pass
    return ring


def decoded(clip: bytes) -> list[tuple[float, int, bool]]:
    """(seconds, frame number, whether a key frame) of each picture."""
    with av.open(io.BytesIO(clip), "r") as container:
        return [
            (round(picture.time, 3), number_of(_image(picture)), bool(picture.key_frame))
            for picture in container.decode(video=0)
        ]


def _image(picture: av.VideoFrame) -> Image:
    image: Image = picture.to_ndarray(format="bgr24")  # pyright: ignore[reportAssignmentType]
    return image


def boxes(clip: bytes) -> list[str]:
    """Names of the top-level MP4 boxes in order."""
    names: list[str] = []
    at = 0
    while at < len(clip):
        size = int.from_bytes(clip[at : at + 4], "big")
        names.append(clip[at + 4 : at + 8].decode())
        at += size
    return names


@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
def test_a_clip_starts_with_a_key_frame_and_holds_the_time_asked_for(
    tmp_path: Path, b_frames: int, suffix: str
) -> None:
    clip = make_clip(tmp_path / f"clip{suffix}", ClipShape(frames=100, gop=10, b_frames=b_frames))
    cut = filled(PacketRing(), clip).clip(1001.1, 1002.3)
    assert cut is not None
    pictures = decoded(cut)
    # 1.1 s is frame 27; its group of pictures begins with frame 20 and 2.3 s is frame 57.
    assert pictures[0] == (0.0, 20, True)
    assert [number for _, number, _ in pictures] == [n % 32 for n in range(20, 20 + len(pictures))]
    assert 20 + len(pictures) - 1 in range(57, 57 + 2 * b_frames + 1)
    assert [at for at, _, _ in pictures] == pytest.approx([n / 25 for n in range(len(pictures))], abs=0.003)


def test_the_index_comes_before_the_pictures(tmp_path: Path) -> None:
    cut = filled(PacketRing(), make_clip(tmp_path / "clip.mp4")).clip(1000.0, 1002.0)
    assert cut is not None
    names = boxes(cut)
    assert names.index("moov") < names.index("mdat")


def test_packets_are_copied_not_encoded_again(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=30))
    cut = filled(PacketRing(), clip).clip(1000.0, 1002.0)
    assert cut is not None

    def packets(source: io.BytesIO) -> list[bytes]:
        with av.open(source, "r") as container:
            return [bytes(packet) for packet in container.demux(video=0) if packet.size]

    assert packets(io.BytesIO(cut)) == packets(io.BytesIO(clip.read_bytes()))


def test_a_clip_may_span_the_seam_of_a_loop(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=30, gop=10, b_frames=2))
    cut = filled(PacketRing(), clip, loop_frames=60).clip(1000.8, 1001.6)
    assert cut is not None
    numbers = [number for _, number, _ in decoded(cut)]
    assert numbers[:12] == [20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 0, 1]


def test_nothing_held_gives_nothing(tmp_path: Path) -> None:
    ring = PacketRing()
    assert ring.clip(0.0, 1e12) is None
    filled(ring, make_clip(tmp_path / "clip.mp4"))
    assert ring.clip(5000.0, 5010.0) is None
    assert ring.clip(10.0, 20.0) is None


def test_a_full_disk_for_temporary_files_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = filled(PacketRing(), make_clip(tmp_path / "clip.mp4"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(EdgeError, match="free space where temporary files go"):
        ring.clip(1000.0, 1002.0)


def test_a_disk_that_becomes_full_while_a_clip_is_written_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = filled(PacketRing(), make_clip(tmp_path / "clip.mp4"))

    def full(*_: object) -> None:
        raise av.error.OSError(errno.ENOSPC, "No space left on device", "clip.mp4")

    monkeypatch.setattr("lookout_edge.adapters.video.remux._write", full)
    with pytest.raises(EdgeError, match=r"No space left on device.*free space"):
        ring.clip(1000.0, 1002.0)


def test_a_codec_that_browsers_cannot_play_gives_nothing(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.avi", ClipShape(codec="mpeg4"))
    assert filled(PacketRing(), clip).clip(1000.0, 1002.0) is None


def test_the_ring_is_bounded_by_time(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=200, gop=10))
    ring = filled(PacketRing(seconds=2.0), clip)
    cut = ring.clip(1000.0, 1010.0)
    assert ring.newest_at == pytest.approx(1007.96)
    assert cut is not None
    # Two seconds and at most one group of pictures more.
    assert 50 <= len(decoded(cut)) <= 60


def test_the_ring_is_bounded_by_bytes(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", ClipShape(frames=200, gop=10))
    ring = filled(PacketRing(max_bytes=3000), clip)
    assert 0 < ring.size <= 3000


def test_a_single_group_larger_than_the_bound_is_given_up() -> None:
    ring = PacketRing(max_bytes=100)
    ring.begin(StreamHead("h264", None, 0.04))
    ring.add(HeldPacket(0.0, 0.0, True, bytes(90)))
    ring.add(HeldPacket(0.04, 0.04, False, bytes(90)))
    ring.add(HeldPacket(0.08, 0.08, False, bytes(10)))
    assert ring.size == 0
    assert ring.newest_at is None


def test_what_comes_before_the_first_key_frame_is_not_kept() -> None:
    ring = PacketRing()
    ring.begin(StreamHead("h264", None, 0.04))
    ring.add(HeldPacket(0.0, 0.0, False, b"p"))
    assert ring.size == 0


def test_a_broken_stream_gives_the_longer_part(tmp_path: Path) -> None:
    ring = PacketRing()
    filled(ring, make_clip(tmp_path / "long.mp4", ClipShape(frames=50, gop=10)))
    source = VideoSource(
        "gate",
        SourceOptions(url=str(make_clip(tmp_path / "short.mp4", ClipShape(frames=20, gop=10, size=(96, 64))))),
        clock=SystemClock(),
        realtime=False,
        start_at=1002.0,
        ring=ring,
    )
    with source.frames() as frames:
        list(frames)
    cut = ring.clip(1000.0, 1003.0)
    assert cut is not None
    assert len(decoded(cut)) == 50


@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_still_is_the_picture_of_its_instant(tmp_path: Path, b_frames: int) -> None:
    clip = make_clip(tmp_path / "clip.ts", ClipShape(frames=100, gop=10, b_frames=b_frames))
    ring = filled(PacketRing(), clip)
    for number in (20, 27, 39, 64):
        head, packets = ring.group_around(1000.0 + number / 25 + 0.01, within_s=1.0)
        assert head is not None
        still = picture_at(head, packets, 1000.0 + number / 25 + 0.01, Converter(None))
        assert still is not None
        assert number_of(still) == number % 32
    assert ring.group_around(1009.0, within_s=1.0) == (None, [])
    assert PacketRing().group_around(1000.0, within_s=1.0) == (None, [])


HEAD = StreamHead("h264", None, 0.04)


def packets_of(count: int) -> list[HeldPacket]:
    """25 a second, every tenth a key frame, each with a payload of its own."""
    return [HeldPacket(n * 0.04, n * 0.04, n % 10 == 0, bytes([n])) for n in range(count)]


def test_who_goes_along_gets_every_packet_once_from_a_key_frame_on() -> None:
    packets = packets_of(30)
    ring = PacketRing()
    ring.begin(HEAD)
    for packet in packets[:15]:
        ring.add(packet)
    _, first, after = ring.follow(None)
    assert (first, after) == (packets[10:15], 15)
    assert ring.follow(after)[1:] == ([], 15)
    for packet in packets[15:]:
        ring.add(packet)
    assert ring.follow(after) == (HEAD, packets[15:], 30)


def test_who_falls_behind_goes_on_at_a_key_frame() -> None:
    packets = packets_of(100)
    ring = PacketRing(seconds=1.0)
    ring.begin(HEAD)
    for packet in packets:
        ring.add(packet)
    _, chosen, after = ring.follow(5)
    assert (chosen, after) == (packets[90:], 100)


def test_another_streams_packets_come_apart() -> None:
    packets = packets_of(20)
    other = StreamHead("hevc", b"other", 0.04)
    ring = PacketRing()
    ring.begin(HEAD)
    for packet in packets[:10]:
        ring.add(packet)
    _, _, after = ring.follow(None)
    ring.begin(other)
    for packet in packets[10:]:
        ring.add(packet)
    assert ring.follow(after) == (other, packets[10:], 20)
    assert ring.follow(0) == (HEAD, packets[:10], 10)
