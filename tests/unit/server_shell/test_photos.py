"""Strangers' photos: what takes the memory is refused before it is decoded, and the rest comes out as it went in."""

import asyncio
import io

import pytest
from PIL import Image

from lookout_server.adapters.photos import PillowCleaner
from lookout_server.errors import TooLargeError


def _file(picture: Image.Image, kind: str, *, progressive: bool = False) -> bytes:
    out = io.BytesIO()
    if kind == "JPEG":
        picture.save(out, kind, progressive=progressive)
    else:
        picture.save(out, kind)
    return out.getvalue()


def _cleaned(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(asyncio.run(PillowCleaner().clean(content))))


@pytest.mark.parametrize(
    ("kind", "progressive", "taken"), [("PNG", False, False), ("JPEG", True, False), ("JPEG", False, True)]
)
def test_what_has_to_be_decoded_whole_is_smaller_than_what_has_not(kind: str, progressive: bool, taken: bool) -> None:
    content = _file(Image.new("L", (7000, 6000)), kind, progressive=progressive)
    assert len(content) < 1_500_000
    if taken:
        assert max(_cleaned(content).size) == 2048
    else:
        with pytest.raises(TooLargeError, match="more than 40,000,000 pixels"):
            _cleaned(content)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "1", "I;16"])
def test_pictures_of_all_kinds_keep_what_they_show(mode: str) -> None:
    picture = Image.new("RGB", (3000, 1500), (255, 255, 255))
    picture.paste((0, 0, 0), (0, 0, 1500, 1500))
    if mode == "I;16":
        deep = Image.new("I;16", picture.size, 65535)
        deep.paste(0, (0, 0, 1500, 1500))
        content = _file(deep, "PNG")
    else:
        content = _file(picture.convert(mode), "PNG")
    found = _cleaned(content)
    assert found.size == (2048, 1024)
    left, right = found.convert("L").getpixel((500, 500)), found.convert("L").getpixel((1500, 500))
    assert isinstance(left, int)
    assert isinstance(right, int)
    assert (left < 20, right > 235) == (True, True)
