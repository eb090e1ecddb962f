"""Files that are there whole or not at all."""

from pathlib import Path

import pytest

from lookout_edge.adapters.atomic_file import write_whole


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "file"
    (path / "in-the-way").mkdir(parents=True)
    with pytest.raises(OSError, match="file"):
        write_whole(path, b"new")
    assert list(tmp_path.iterdir()) == [path]
