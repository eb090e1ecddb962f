"""The list of residents on disk."""

from pathlib import Path

import pytest

from lookout_contract.commands import Resident
from lookout_edge.adapters.directory import FilePlateDirectory
from lookout_edge.errors import SpoolError

SOME = (Resident(plate="皖A12345"), Resident(plate="皖AD12345", cameras=("gate",)))


def test_residents_outlive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "data" / "residents.json"
    directory = FilePlateDirectory(path)
    assert directory.residents() == ()
    directory.replace(SOME)
    assert directory.residents() == SOME
    assert FilePlateDirectory(path).residents() == SOME
    assert [p.name for p in path.parent.iterdir()] == ["residents.json"]


@pytest.mark.parametrize("content", [b"", b"{", b'[{"plate": 7}]', b"\xff\xfe"])
def test_a_broken_file_counts_as_empty_and_is_replaced_by_the_next_list(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "residents.json"
    path.write_bytes(content)
    directory = FilePlateDirectory(path)
    assert directory.residents() == ()
    directory.replace(SOME)
    assert FilePlateDirectory(path).residents() == SOME


def test_a_disk_that_refuses_leaves_the_old_list_in_use(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    directory = FilePlateDirectory(tmp_path / "file" / "residents.json")
    with pytest.raises(SpoolError, match="list of residents"):
        directory.replace(SOME)
    assert directory.residents() == ()
