"""Memory in full use is gathered into huge pages; what is hardly used is left as it is."""

import mmap
import re
import sys
from ctypes import addressof, c_char
from pathlib import Path

import pytest

from lookout_edge.adapters import huge_pages
from lookout_edge.adapters.huge_pages import gather, places

MAPS = """\
55f000000000-55f000400000 rw-p 00000000 00:00 0                          [heap]
7f0000100000-7f0000700000 rw-p 00000000 00:00 0
7f0000700000-7f0000b00000 rw-p 00000000 fe:00 4711                       /usr/lib/some where.so
7f0000c00000-7f0001000000 r--p 00000000 00:00 0
7f0001000000-7f0001400000 rw-s 00000000 00:01 12                         /dev/zero (deleted)
7ffc00000000-7ffc00400000 rw-p 00000000 00:00 0                          [stack]
"""
HUGE = 2 << 20


def test_only_private_memory_without_a_file_is_gathered_and_only_whole_huge_pages_of_it() -> None:
    assert [f"{at:x}" for at in places(MAPS.splitlines(), HUGE)] == [
        "55f000000000",
        "55f000200000",
        "7f0000200000",
        "7f0000400000",
    ]


def huge_bytes(address: int) -> int:
    """What of the mapping that begins at or holds ``address`` lies in huge pages."""
    inside = False
    for line in Path("/proc/self/smaps").read_text(encoding="utf-8", errors="replace").splitlines():
        span = re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line)
        if span:
            inside = int(span[1], 16) <= address < int(span[2], 16)
        elif inside and line.startswith("AnonHugePages:"):
            return int(line.split()[1]) * 1024
    return 0


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such call")
def test_what_is_in_full_use_comes_into_huge_pages_and_what_is_not_does_not() -> None:
    if not gather():
        pytest.skip("this system has no huge pages to give")
    full, sparse = (mmap.mmap(-1, 4 * HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) for _ in range(2))
    # Each unlike all others, or the kernel would show it as one mapping with what lies beside it.
    full.madvise(mmap.MADV_DONTFORK)
    sparse.madvise(mmap.MADV_DONTDUMP)
    full[:] = b"x" * len(full)
    sparse[:: HUGE // 2] = b"x" * 8
    first = [addressof(c_char.from_buffer(memory)) for memory in (full, sparse)]
    gather()
    assert huge_bytes(first[0]) >= 3 * HUGE
    assert huge_bytes(first[1]) == 0
    assert bytes(full[:: HUGE // 4]) == b"x" * 16


@pytest.mark.parametrize("setting", [None, "always madvise [never]\n"])
def test_where_there_are_none_or_nobody_wants_any_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str | None
) -> None:
    if setting is not None:
        (tmp_path / "enabled").write_text(setting, encoding="ascii")
        (tmp_path / "hpage_pmd_size").write_text(f"{HUGE}\n", encoding="ascii")
    monkeypatch.setattr(huge_pages, "_SETTINGS", tmp_path)
    assert gather() == 0
