"""Has the kernel put what the start left in memory on huge pages, where it offers them (Linux).

Between two batches other processes use the processor, and each batch then walks through some ten thousand small pages
whose places the processor has forgotten; on a virtual machine looking one up takes two walks.
https://docs.kernel.org/admin-guide/mm/transhuge.html
"""

import ctypes
import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

_log = structlog.stdlib.get_logger(__name__)

_OFFERED = Path("/sys/kernel/mm/transparent_hugepage/enabled")
_SIZE = Path("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size")
_MAPS = Path("/proc/self/smaps")
#: Since Linux 6.1: at once. Before that the kernel comes round to it by itself.
_COLLAPSE = 25
_HEAD = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ (\d+) *(.*)$")
_RSS = re.compile(r"^Rss: +(\d+) kB$")


@dataclass(frozen=True)
class Region:
    """A part of the address space, in bytes."""

    start: int
    size: int


def use_huge_pages() -> None:
    """Ask for them; nothing happens where there are none, or where whoever runs the machine does not want any."""
    try:
        if "[never]" in _OFFERED.read_text():
            return
        regions = list(worthwhile(_MAPS.read_text(), page=int(_SIZE.read_text())))
        madvise = ctypes.CDLL(None).madvise
    except (OSError, ValueError, AttributeError):
        return
    for region in regions:
        place = ctypes.c_void_p(region.start), ctypes.c_size_t(region.size)
        madvise(*place, mmap.MADV_HUGEPAGE)
        madvise(*place, _COLLAPSE)
    _log.debug("memory goes to huge pages", regions=len(regions), bytes=sum(each.size for each in regions))


def worthwhile(smaps: str, *, page: int) -> Iterator[Region]:
    """Private memory of at least one huge page that is mostly in use: a thread's stack would only grow by it.

    ``smaps``: as /proc/PID/smaps has it.
    """
    region: Region | None = None
    for line in smaps.splitlines():
        if head := _HEAD.match(line):
            start, end = int(head[1], 16), int(head[2], 16)
            is_ours = (
                head[3] == "rw-p" and head[4] == "0" and (head[5] in ("", "[heap]") or head[5].startswith("[anon"))
            )
            region = Region(start, end - start) if is_ours and end - start >= page else None
        elif region is not None and (rss := _RSS.match(line)) and int(rss[1]) * 1024 * 2 > region.size:
            yield region
