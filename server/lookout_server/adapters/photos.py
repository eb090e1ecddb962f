"""Photos of strangers: decoded and written anew, so that nothing but the picture is kept."""

import asyncio
import io
import warnings

from PIL import Image, ImageOps

from lookout_server.errors import TooLargeError, WrongTypeError

#: The longer side of what is kept: enough to see what is the matter.
_SIDE = 2048
_QUALITY = 85
#: A phone's largest photos; more is an attack on the memory.
_MOST_PIXELS = 120_000_000
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
                if picture.width * picture.height > _MOST_PIXELS:
                    raise TooLargeError(f"the photo has more than {_MOST_PIXELS:,} pixels: send a smaller one")
                # A JPEG is decoded at a fraction of its size when that is enough.
                picture.draft("RGB", (_SIDE, _SIDE))
                # The orientation is in what is thrown away, so the picture itself is turned.
                upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise WrongTypeError("this is no photo that can be read: send a JPEG, PNG or WebP picture") from error
    upright.thumbnail((_SIDE, _SIDE))
    bare = Image.new("RGB", upright.size)
    bare.paste(upright)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
