"""Which memory goes to huge pages, and that the kernel is asked for it."""

import subprocess
import sys
from pathlib import Path

import pytest

from lookout_server.bootstrap import huge_pages
from lookout_server.bootstrap.huge_pages import Region, worthwhile

_PAGE = 2 << 20
_OFFERED = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def _mapping(span: str, kind: str, name: str, *, rss: int) -> str:
    start, end = (int(each, 16) for each in span.split("-"))
    return f"{span} {kind} 00000000 00:00 0 {name}\nSize: {(end - start) >> 10:>18} kB\nRss: {rss >> 10:>19} kB\n"


def test_private_memory_that_is_mostly_in_use_is_worth_it() -> None:
    found = worthwhile(
        _mapping("10000000-10800000", "rw-p", "[heap]", rss=0x800000)
        + _mapping("7f0000000000-7f0000400000", "rw-p", "", rss=0x300000)
        + _mapping("7f0000800000-7f0000c00000", "rw-p", "[anon: glibc: malloc arena]", rss=0x400000),
        page=_PAGE,
    )
    assert list(found) == [
        Region(0x10000000, 0x800000),
        Region(0x7F0000000000, 0x400000),
        Region(0x7F0000800000, 0x400000),
    ]


@pytest.mark.parametrize(
    "mapping",
    [
        pytest.param(_mapping("7f0000000000-7f0000800000", "rw-p", "", rss=0x4000), id="a thread's stack"),
        pytest.param(_mapping("7f0000000000-7f0000100000", "rw-p", "", rss=0x100000), id="less than a page"),
        pytest.param(_mapping("7f0000000000-7f0000800000", "r-xp", "", rss=0x800000), id="code"),
        pytest.param(_mapping("7f0000000000-7f0000800000", "rw-s", "", rss=0x800000), id="shared"),
        pytest.param(
            _mapping("7f0000000000-7f0000800000", "rw-p", "", rss=0x800000).replace("00:00 0 ", "fe:00 7 /lib/x.so"),
            id="a file's",
        ),
    ],
)
def test_other_memory_is_left_alone(mapping: str) -> None:
    assert list(worthwhile(mapping, page=_PAGE)) == []


@pytest.mark.skipif(
    not _OFFERED.exists() or "[never]" in _OFFERED.read_text(), reason="this kernel offers no huge pages"
)
def test_the_kernel_is_asked() -> None:
    # The file alone: its package would take a second to import.
    code = """if True:
        import re, runpy, sys
        use_huge_pages = runpy.run_path(sys.argv[1])["use_huge_pages"]
        held = bytearray(b"x") * (16 << 20)
        asked = lambda: len(re.findall("^VmFlags:.* hg", open("/proc/self/smaps").read(), re.MULTILINE))
        before = asked()
        use_huge_pages()
        print(asked() - before)
    """
    done = subprocess.run([sys.executable, "-c", code, huge_pages.__file__], capture_output=True, text=True, check=True)
    assert int(done.stdout.splitlines()[-1]) >= 1
