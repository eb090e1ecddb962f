"""A stream of MP4 fragments, taken apart as far as handing it on needs (ISO/IEC 14496-12, 4.2 and 8.8). Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lookout_server.errors import InvalidError

#: Half a second of a stream has a hundredth of this.
MAX_BOX = 8 * 1024 * 1024
_HEADER = 8
_NOT_SYNC = 0x0001_0000


@dataclass(frozen=True)
class Piece:
    """What can be handed on: the stream's description (``intro``), or a fragment.

    ``key``: it begins with a picture that can be decoded by itself, so that somebody can join here.
    """

    content: bytes
    intro: bool = False
    key: bool = False


@dataclass
class FragmentReader:
    """Puts pieces together out of chunks that are cut anywhere. InvalidError for what is no such stream."""

    _held: bytearray = field(default_factory=bytearray)
    #: Boxes that belong to the piece that is not complete.
    _pending: bytearray = field(default_factory=bytearray)
    _key: bool = False

    def feed(self, chunk: bytes) -> list[Piece]:
        """The pieces that this chunk completes."""
        self._held += chunk
        pieces: list[Piece] = []
        while len(self._held) >= _HEADER:
            size, kind = _head(self._held)
            if not _HEADER <= size <= MAX_BOX:
                raise InvalidError(f"a box of {size} bytes: this is no stream of MP4 fragments")
            if len(self._held) < size:
                break
            box = bytes(self._held[:size])
            del self._held[:size]
            pieces += self._take(kind, box)
        return pieces

    def _take(self, kind: bytes, box: bytes) -> Iterator[Piece]:
        self._pending += box
        if kind == b"moof":
            self._key = begins_with_key(box)
        if len(self._pending) > MAX_BOX:
            raise InvalidError("a fragment without end: this is no stream of MP4 fragments")
        if kind in {b"moov", b"mdat"}:
            content = bytes(self._pending)
            self._pending.clear()
            yield Piece(content, intro=kind == b"moov", key=kind == b"mdat" and self._key)


def begins_with_key(moof: bytes) -> bool:
    """Whether the first sample of a movie fragment's first track is a sync sample."""
    default: int | None = None
    for kind, body in _boxes(_child(moof[_HEADER:], b"traf")):
        flags = _number(body, 0) & 0xFF_FFFF
        if kind == b"tfhd" and flags & 0x20:
            default = _number(body, 8 + (8 if flags & 0x1 else 0) + sum(4 for bit in (0x2, 0x8, 0x10) if flags & bit))
        if kind == b"trun":
            at = 8 + (4 if flags & 0x1 else 0)
            if flags & 0x4:
                return not _number(body, at) & _NOT_SYNC
            if flags & 0x400:
                return not _number(body, at + sum(4 for bit in (0x100, 0x200) if flags & bit)) & _NOT_SYNC
            return default is not None and not default & _NOT_SYNC
    return False


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(kind, body) of each box."""
    while len(content) >= _HEADER:
        size, kind = _head(content)
        if not _HEADER <= size <= len(content):
            return
        yield kind, content[_HEADER:size]
        content = content[size:]


def _child(content: bytes, wanted: bytes) -> bytes:
    return next((body for kind, body in _boxes(content) if kind == wanted), b"")


def _head(content: bytes | bytearray) -> tuple[int, bytes]:
    return int.from_bytes(content[:4]), bytes(content[4:_HEADER])


def _number(body: bytes, at: int) -> int:
    return int.from_bytes(body[at : at + 4])
