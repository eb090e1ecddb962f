"""The recent past of a stream, as the camera encoded it."""

import threading
from collections import deque
from dataclasses import dataclass, field

from lookout_edge.adapters.video.remux import HeldPacket, StreamHead, to_mp4


@dataclass(eq=False)
class _Group:
    """One group of pictures: a key frame and what depends on it."""

    head: StreamHead
    #: Groups of one unbroken run of the stream share this number.
    run: int
    #: Number of its first packet among all that were ever kept.
    number: int
    packets: list[HeldPacket] = field(default_factory=list[HeldPacket])
    size: int = 0

    @property
    def first_at(self) -> float:
        return self.packets[0].at

    @property
    def last_at(self) -> float:
        return max(p.at for p in self.packets[-16:])

    def add(self, packet: HeldPacket) -> None:
        self.packets.append(packet)
        self.size += len(packet.payload)


class PacketRing:
    """Holds the last seconds of one camera's packets, from a key frame on, and cuts clips out of them.

    Safe to use from several threads: the reader adds, whoever collects evidence cuts. Bounded by time and by bytes;
    whole groups of pictures are dropped, oldest first.
    """

    def __init__(self, *, seconds: float = 30.0, max_bytes: int = 32_000_000) -> None:
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._groups: deque[_Group] = deque()
        self._head: StreamHead | None = None
        self._run = 0
        self._bytes = 0
        self._last_dts: float | None = None
        #: Packets kept so far.
        self.added = 0
        self._lock = threading.Lock()

    def begin(self, head: StreamHead) -> None:
        """A stream was opened: its packets follow. The same stream again, as in a loop, goes on in the same clip."""
        with self._lock:
            if head != self._head:
                self._head = head
                self._break()

    def add(self, packet: HeldPacket) -> None:
        """Keep one packet; packets come in decoding order."""
        with self._lock:
            if self._last_dts is not None and packet.dts_at < self._last_dts:
                self._break()
            if packet.key and self._head is not None:
                self._groups.append(_Group(self._head, self._run, self.added))
            elif self._last_dts is None:
                return
            self._groups[-1].add(packet)
            self.added += 1
            self._last_dts = packet.dts_at
            self._bytes += len(packet.payload)
            self._trim(packet.at)

    @property
    def newest_at(self) -> float | None:
        """Frame time of the newest picture held, None when nothing is held."""
        with self._lock:
            return self._groups[-1].last_at if self._groups else None

    @property
    def size(self) -> int:
        """Bytes held."""
        with self._lock:
            return self._bytes

    def clip(self, start_at: float, end_at: float) -> bytes | None:
        """The pictures between two frame times as an MP4 that starts with a key frame; nothing is encoded again.

        It begins at the last key frame at or before ``start_at`` (or the oldest one held). Where the stream broke in
        between, the longer part is taken. None when nothing of that time is held, or when browsers cannot play the
        codec from an MP4.
        """
        with self._lock:
            groups = [(g.head, g.run, tuple(g.packets)) for g in self._groups]
        runs: dict[int, list[HeldPacket]] = {}
        heads: dict[int, StreamHead] = {}
        for head, run, packets in groups:
            heads[run] = head
            runs.setdefault(run, []).extend(packets)
        cuts = {run: _cut(packets, start_at, end_at) for run, packets in runs.items()}
        best = max(cuts, key=lambda run: _span(cuts[run]), default=None)
        if best is None or not cuts[best]:
            return None
        return to_mp4(heads[best], cuts[best])

    def group_around(self, at: float, *, within_s: float) -> tuple[StreamHead | None, list[HeldPacket]]:
        """What has to be decoded for the picture at frame time ``at``: from the key frame before it to just after it.

        (None, []) when no picture within ``within_s`` of it is held.
        """
        with self._lock:
            groups = [(g.head, tuple(g.packets)) for g in self._groups]
        before = [group for group in groups if group[1][0].at <= at] or groups[:1]
        for head, packets in before[-1:]:
            chosen = [p for p in packets if p.dts_at <= at] or list(packets[:1])
            if min(abs(p.at - at) for p in chosen) <= within_s:
                return head, chosen
        return None, []

    def follow(self, after: int | None) -> tuple[StreamHead | None, list[HeldPacket], int]:
        """(the stream's head, packets kept after the first ``after``, how many were kept so far), for who goes along.

        From the newest key frame on with None, or when what came next is no longer held. All are of one head: another
        stream's packets come with the next call.
        """
        with self._lock:
            groups = list(self._groups)
            if not groups:
                return self._head, [], self.added if after is None else after
            if after is None or after < groups[0].number:
                groups, after = groups[-1:], groups[-1].number
            chosen: list[HeldPacket] = []
            head: StreamHead | None = None
            for group in groups:
                fresh = group.packets[max(0, after - group.number) :]
                if not fresh:
                    continue
                if head is not None and group.head != head:
                    break
                head, after = group.head, group.number + len(group.packets)
                chosen += fresh
            return head or groups[-1].head, chosen, after

    def _break(self) -> None:
        self._run += 1
        self._last_dts = None

    def _trim(self, newest_at: float) -> None:
        while len(self._groups) > 1 and self._groups[1].first_at <= newest_at - self._seconds:
            self._drop_oldest()
        while self._groups and self._bytes > self._max_bytes:
            self._drop_oldest()
        if not self._groups:
            self._last_dts = None

    def _drop_oldest(self) -> None:
        self._bytes -= self._groups.popleft().size


def _cut(packets: list[HeldPacket], start_at: float, end_at: float) -> list[HeldPacket]:
    first = max((i for i, p in enumerate(packets) if p.key and p.at <= start_at), default=0)
    chosen = [p for p in packets[first:] if p.dts_at <= end_at]
    return chosen if any(p.at >= start_at for p in chosen) else []


def _span(packets: list[HeldPacket]) -> float:
    return packets[-1].dts_at - packets[0].dts_at if packets else -1.0
