"""Glyphs as ink masks: from installed free fonts, and for digits and letters also from strokes."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from lookout_models.errors import UsageError
from lookout_models.training.plates.strokes import STROKES, draw_strokes

Ink = NDArray[np.uint8]

#: Where free systems keep fonts.
FONT_ROOTS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")

#: File name → Debian package. Faces for Chinese characters; heavy ones first, since the plates' own is heavy.
HAN_FONTS = {
    "NotoSansCJK-Bold.ttc": "fonts-noto-cjk",
    "NotoSansCJK-Regular.ttc": "fonts-noto-cjk",
    "NotoSansCJK-Black.ttc": "fonts-noto-cjk-extra",
    "NotoSansCJK-Medium.ttc": "fonts-noto-cjk-extra",
    "wqy-zenhei.ttc": "fonts-wqy-zenhei",
    "wqy-microhei.ttc": "fonts-wqy-microhei",
    "NotoSerifCJK-Bold.ttc": "fonts-noto-cjk",
    "LXGWWenKai-Bold.ttf": "fonts-lxgw-wenkai",
}
#: Faces for digits and letters beside the strokes.
LATIN_FONTS = {
    "OSP-DIN.ttf": "fonts-opendin",
    "RG2014C.ttf": "fonts-roadgeek",
    "RG2014D.ttf": "fonts-roadgeek",
    "RobotoCondensed-Bold.ttf": "fonts-roboto-unhinted",
    "RobotoCondensed-Regular.ttf": "fonts-roboto-unhinted",
    "LiberationSans-Bold.ttf": "fonts-liberation2",
    "OpenSans-CondBold.ttf": "fonts-open-sans",
    "DejaVuSansCondensed-Bold.ttf": "fonts-dejavu-core",
    "NotoSansCJK-Medium.ttc": "fonts-noto-cjk-extra",
}
#: Fonts of the two lists that must be there for a training worth its name.
MINIMUM = 2

_SIZE = 180
#: Narrower than this share of its height a character ("1", "I") keeps its own width instead of filling the cell.
_NARROW = 0.5


@dataclass(frozen=True, slots=True)
class FontBook:
    """The fonts that were found."""

    han: tuple[Path, ...]
    latin: tuple[Path, ...]

    @staticmethod
    def installed() -> "FontBook":
        """Look in ``FONT_ROOTS``; UsageError naming packages when there is too little to draw with."""
        found = {p.name: p for root in FONT_ROOTS if root.is_dir() for p in sorted(root.rglob("*.tt[cf]"))}
        book = FontBook(
            tuple(found[name] for name in HAN_FONTS if name in found),
            tuple(found[name] for name in LATIN_FONTS if name in found),
        )
        if min(len(book.han), len(book.latin)) < MINIMUM:
            packages = " ".join(sorted({*HAN_FONTS.values(), *LATIN_FONTS.values()}))
            raise UsageError(f"too few fonts to draw plates with; install them: apt-get install {packages}")
        return book


@lru_cache(maxsize=20000)
def glyph(character: str, width: int, height: int, *, font: Path | None, pen: float) -> Ink:
    """Ink of ``character`` filling a cell of height × width pixels. Kept and shared: do not write on it.

    Without a ``font`` strokes of the width ``pen`` are drawn.
    """
    if font is None and character in STROKES:
        return draw_strokes(character, width, height, pen)
    if font is None:
        raise UsageError(f"no strokes are known for {character}; give a font")
    ink = _from_font(character, font)
    own = round(height * ink.shape[1] / ink.shape[0])
    inner = min(own, width) if ink.shape[1] < _NARROW * ink.shape[0] else width
    cell = np.zeros((height, width), np.uint8)
    left = (width - inner) // 2
    cell[:, left : left + inner] = cv2.resize(ink, (inner, height), interpolation=cv2.INTER_AREA)
    return cell


@lru_cache(maxsize=4096)
def _from_font(character: str, font: Path) -> Ink:
    """The glyph cropped to its ink, about ``_SIZE`` pixels high."""
    face = _face(font)
    canvas = Image.new("L", (_SIZE * 2, _SIZE * 2))
    ImageDraw.Draw(canvas).text((_SIZE // 2, _SIZE // 4), character, fill=255, font=face)
    ink = np.asarray(canvas, np.uint8)
    rows, columns = np.flatnonzero(ink.max(axis=1) > 64), np.flatnonzero(ink.max(axis=0) > 64)
    if not rows.size:
        raise UsageError(f"the font {font} has no {character}; remove it or take another")
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@lru_cache(maxsize=64)
def _face(font: Path) -> ImageFont.FreeTypeFont:
    # Noto's collections hold the Japanese face first; the simplified Chinese one is the third.
    index = 2 if font.name.startswith("Noto") and font.suffix == ".ttc" else 0
    return ImageFont.truetype(str(font), _SIZE, index=index)
