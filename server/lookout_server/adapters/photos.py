"""Photos of strangers: decoded and written anew, so that nothing but the picture is kept."""

import asyncio
import io
import warnings

from PIL import Image, ImageFile, ImageOps

from lookout_server.errors import TooLargeError, WrongTypeError

#: The longer side of what is kept: enough to see what is the matter.
_SIDE = 2048
_QUALITY = 85
#: A phone's largest photos, as JPEG, which is decoded at a fraction of its size; more is an attack on the memory.
_MOST_PIXELS = 120_000_000
#: What has to be decoded whole: half a megabyte of PNG can be a hundred million pixels, four bytes each.
_MOST_WHOLE = 40_000_000
#: Modes that are made smaller as they are; others, as palettes, have colours first.
_SMOOTH = frozenset({"RGB", "RGBA", "L", "CMYK", "YCbCr"})
_FORMATS = ("JPEG", "PNG", "WEBP")


class PillowCleaner:
    """Implements services.residents.PhotoCleaner; one picture at a time, so that memory stays bounded."""

    def __init__(self) -> None:
        self._one = asyncio.Semaphore(1)

    async def clean(self, content: bytes) -> bytes:
        """In a thread: a large photo takes a tenth of a second or two."""
        async with self._one:
            return await asyncio.to_thread(_clean, content)


def _clean(content: bytes) -> bytes:
    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures in its own words; the limit here is ours.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
                _check_size(picture)
                # A JPEG is decoded at a fraction of its size when that is enough.
                picture.draft("RGB", (_SIDE, _SIDE))
                small: Image.Image = picture if picture.mode in _SMOOTH else picture.convert("RGB")
                # Before all else: each step makes a copy.
                small.thumbnail((_SIDE, _SIDE))
                # The orientation is in what is thrown away, so the picture itself is turned.
                upright = ImageOps.exif_transpose(small).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise WrongTypeError("this is no photo that can be read: send a JPEG, PNG or WebP picture") from error
    bare = Image.new("RGB", upright.size)
    bare.paste(upright)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def _check_size(picture: ImageFile.ImageFile) -> None:
    # A progressive JPEG keeps all of itself in memory while it is decoded.
    fraction = picture.format == "JPEG" and not picture.info.get("progressive")
    most = _MOST_PIXELS if fraction else _MOST_WHOLE
    if picture.width * picture.height > most:
        raise TooLargeError(f"the photo has more than {most:,} pixels: send a smaller one, or an ordinary JPEG")
