"""What lies in a folder, known without listing it each time."""

import os
from pathlib import Path

from lookout_edge.adapters.folder_index import LIST_AGAIN_S, FolderIndex


class World:
    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, 0.0
        self.index = FolderIndex(folder, lambda name, size: f"{name}:{size}", steady=lambda: self.now)

    def write(self, name: str, size: int, at: float) -> None:
        path = self.folder / name
        path.write_bytes(b"x" * size)
        os.utime(path, (at, at))


def test_what_is_put_replaced_and_taken_is_known_oldest_first(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write("b", 2, 20.0)
    world.write(".partial-x", 9, 5.0)
    (tmp_path / "folder").mkdir()
    assert world.index.files() == ["b:2"]
    for name, size, at in (("c", 3, 30.0), ("a", 1, 10.0), ("b2", 4, 20.0)):
        with world.index.changing(name):
            world.write(name, size, at)
    assert world.index.files() == ["a:1", "b:2", "b2:4", "c:3"]
    assert world.index.apart(20.0) == (["a:1"], ["b:2", "b2:4", "c:3"])
    assert world.index.apart(30.001) == (["a:1", "b:2", "b2:4", "c:3"], [])
    with world.index.changing("a"):
        world.write("a", 7, 40.0)
    with world.index.changing("b"):
        (tmp_path / "b").unlink()
    with world.index.changing("never"):
        pass
    assert world.index.files() == ["b2:4", "c:3", "a:7"]
    assert world.index.size() == (3, 14)


def test_a_change_that_the_folders_time_does_not_show_is_found_after_a_while(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write("a", 1, 10.0)
    assert world.index.size() == (1, 1)
    before = tmp_path.stat().st_mtime_ns
    (tmp_path / "a").unlink()
    os.utime(tmp_path, ns=(before, before))
    world.now = LIST_AGAIN_S - 1
    assert world.index.size() == (1, 1)
    world.now = LIST_AGAIN_S
    assert world.index.size() == (0, 0)


def test_a_folder_that_is_taken_away_and_made_again_holds_what_is_in_it(tmp_path: Path) -> None:
    world = World(tmp_path / "deep")
    assert world.index.files() == []
    (tmp_path / "deep").mkdir()
    world.write("a", 1, 10.0)
    assert world.index.files() == ["a:1"]
    (tmp_path / "deep").rename(tmp_path / "aside")
    assert world.index.files() == []
    (tmp_path / "deep").mkdir()
    world.write("b", 1, 10.0)
    assert world.index.files() == ["b:1"]


def test_a_change_that_fails_half_way_is_known_as_it_came_out(tmp_path: Path) -> None:
    world = World(tmp_path)
    try:
        with world.index.changing("a"):
            world.write("a", 1, 10.0)
            raise OSError(28, "No space left on device")
    except OSError:
        pass
    assert world.index.files() == ["a:1"]
