"""Puts memory that is in full use into huge pages (Linux from 6.1 on; elsewhere nothing happens).

A look goes through a network's weights, the interpreter's objects and a decoder's pictures, thousands of pages of four
kilobytes: finding each of them again takes the processor longer than much of what is then done there.
"""

import ctypes
import mmap
from array import array
from collections.abc import Callable, Iterable, Iterator
from io import RawIOBase
from pathlib import Path
from typing import cast

_SETTINGS = Path("/sys/kernel/mm/transparent_hugepage")
_PROCESS = Path("/proc/self")
#: From ``<asm-generic/mman-common.h>``: gather these pages into a huge one, now.
_MADV_COLLAPSE = 25
#: Share of a huge page that must be in use already: the rest is memory that it takes more.
_FULL_SHARE = 0.75


def gather() -> int:
    """Put what is in full use now into huge pages; how many of them there are.

    Memory grows by a third of them at most. Takes some tenths of a second the first time, milliseconds after that.
    """
    size = _huge_page()
    if size is None:
        return 0
    library = ctypes.CDLL(None)
    advise = cast(Callable[[ctypes.c_void_p, ctypes.c_size_t, int], int], library.madvise)
    try:
        maps = (_PROCESS / "maps").read_text(encoding="utf-8", errors="replace").splitlines()
        with (_PROCESS / "pagemap").open("rb", buffering=0) as pages:
            full = [at for at in places(maps, size) if _is_full(pages, at, size)]
    except OSError:  # /proc is not there, or is kept from us
        return 0
    return sum(advise(ctypes.c_void_p(at), ctypes.c_size_t(size), _MADV_COLLAPSE) == 0 for at in full)


def places(maps: Iterable[str], size: int) -> Iterator[int]:
    """Addresses where a huge page of ``size`` bytes would fit, by the lines of ``/proc/PID/maps``.

    Memory of one's own alone, no file's; stacks are hardly ever full.
    """
    for line in maps:
        span, rights, _, _, inode, *name = line.split(maxsplit=5)
        if rights != "rw-p" or inode != "0" or (name and name[0].strip() != "[heap]"):
            continue
        begin, end = (int(part, 16) for part in span.split("-"))
        yield from range(-(-begin // size) * size, end - size + 1, size)


def _is_full(pages: RawIOBase, at: int, size: int) -> bool:
    """Whether enough of the small pages from ``at`` on are in memory: bit 63 of what ``/proc/PID/pagemap`` says."""
    pages.seek(at // mmap.PAGESIZE * 8)
    there = array("Q", pages.read(size // mmap.PAGESIZE * 8) or b"")
    return sum(entry >> 63 for entry in there) * mmap.PAGESIZE >= _FULL_SHARE * size


def _huge_page() -> int | None:
    """Bytes of a huge page; None where there are none, or where whoever runs this box wants none."""
    try:
        if "[never]" in (_SETTINGS / "enabled").read_text(encoding="ascii"):
            return None
        return int((_SETTINGS / "hpage_pmd_size").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
