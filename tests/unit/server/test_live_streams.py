"""Streams on their way from gateways to whoever looks."""

import asyncio

import pytest

from lookout_server.domain.fragments import MAX_BOX, FragmentReader, Piece
from lookout_server.domain.territory import CameraKey
from lookout_server.errors import InvalidError, NoPictureError
from lookout_server.services import live
from lookout_server.services.live import LiveDesk, Viewer

GATE = CameraKey(gateway="gw-1", id="gate")


def box(kind: bytes, body: bytes = b"") -> bytes:
    return (8 + len(body)).to_bytes(4) + kind + body


def fragment(*, key: bool, size: int = 8) -> bytes:
    """With the first sample's own flags, as muxers write them when it differs from the rest."""
    tfhd = box(b"tfhd", (0x20020).to_bytes(4) + (1).to_bytes(4) + (0x0101_0000).to_bytes(4))
    first = (0x0200_0000 if key else 0x0101_0000).to_bytes(4)
    trun = box(b"trun", (0x5).to_bytes(4) + (1).to_bytes(4) + bytes(4) + first)
    return box(b"moof", box(b"mfhd", bytes(8)) + box(b"traf", tfhd + trun)) + box(b"mdat", bytes(size))


INTRO = box(b"ftyp", b"iso5") + box(b"moov", b"what the decoder needs")
KEY, REST = fragment(key=True), fragment(key=False)


def test_a_stream_is_put_together_however_it_was_cut() -> None:
    stream = INTRO + box(b"styp") + KEY + REST
    expected = [Piece(INTRO, intro=True), Piece(box(b"styp") + KEY, key=True), Piece(REST)]
    for step in (1, 7, len(stream)):
        reader = FragmentReader()
        pieces = [piece for at in range(0, len(stream), step) for piece in reader.feed(stream[at : at + step])]
        assert pieces == expected


@pytest.mark.parametrize("wrong", [b"GET / HTTP/1.1", (MAX_BOX + 1).to_bytes(4) + b"mdat", bytes(8)])
def test_what_is_no_such_stream_is_refused(wrong: bytes) -> None:
    with pytest.raises(InvalidError):
        FragmentReader().feed(wrong)


def test_who_joins_later_or_is_slow_begins_at_a_key_frame() -> None:
    desk = LiveDesk()
    first, is_new = desk.join(GATE)
    stream = first.stream
    assert is_new
    for piece in (Piece(INTRO, intro=True), Piece(KEY, key=True), Piece(REST)):
        stream.hand_on(piece)
    second, is_new = desk.join(GATE)
    assert (is_new, second.stream) == (False, stream)
    assert taken(second) == INTRO + KEY + REST
    large = Piece(fragment(key=False, size=live.MOST_WAITING // 2))
    for _ in range(3):
        stream.hand_on(large)
    stream.hand_on(Piece(REST))
    assert taken(first) == b""
    stream.hand_on(Piece(KEY, key=True))
    assert taken(first) == KEY


def taken(viewer: Viewer) -> bytes:
    return asyncio.run(viewer.next(0.01)) or b""


def test_no_more_streams_and_viewers_than_can_be_served() -> None:
    desk = LiveDesk()
    viewers = [desk.join(GATE)[0] for _ in range(live.MOST_VIEWERS)]
    with pytest.raises(NoPictureError, match="look at this camera already"):
        desk.join(GATE)
    for number in range(live.MOST_STREAMS - 1):
        desk.join(CameraKey(gateway="gw-1", id=f"c-{number}"))
    with pytest.raises(NoPictureError, match="shown live already"):
        desk.join(CameraKey(gateway="gw-1", id="one-more"))
    for viewer in viewers:
        desk.leave(viewer)
    assert viewers[0].stream.ended
    assert GATE not in {stream.camera for stream in desk.streams}
