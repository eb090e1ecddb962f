"""Crops that are no number plate: shop signs, phone numbers, foreign plates, stripes, walls. Nothing is read there."""

from pathlib import Path

import numpy as np

from lookout_edge.adapters.onnx.plate_text import DIGITS, LETTERS, PROVINCES
from lookout_models.training.plates.chance import Random, pick, whole
from lookout_models.training.plates.drawing import Picture
from lookout_models.training.plates.fonts import FontBook, glyph

#: Characters of signs, none of which stands on a plate.
_SIGN_HAN = "出租车停入口消防通道禁止小心安全电话公司有限商店超市餐饮快递顶灯空载站台号楼单元物业管理中国欢迎光临请勿"


def draw_negative(random: Random, fonts: FontBook, surround: Picture) -> Picture:
    """A flat picture, BGR, that is no plate; ``surround`` is a piece of a street scene."""
    choice = random.random()
    if choice < 0.35:
        return surround
    if choice < 0.85:
        return draw_sign(random, fonts)
    return _stripes(random)


def draw_sign(random: Random, fonts: FontBook) -> Picture:
    """A shop's name, a telephone number, a foreign plate or other writing, BGR."""
    width, height = whole(random, 240, 340), whole(random, 80, 150)
    ground, ink = random.uniform(0, 255, 3), random.uniform(0, 255, 3)
    image = np.full((height, width, 3), ground, np.float32)
    text = _sign_text(random)
    cell = width // len(text)
    han = pick(random, fonts.han)
    latin = pick(random, fonts.latin)
    high = round(height * random.uniform(0.4, 0.85))
    wide = max(6, min(round(cell * random.uniform(0.6, 0.95)), high))
    top = (height - high) // 2
    for index, character in enumerate(text):
        if character != " ":
            mask = glyph(character, wide, high, font=_font(character, han, latin), pen=0)
            share = mask.astype(np.float32)[..., None] / 255
            area = image[top : top + high, index * cell : index * cell + wide]
            area += share * (ink - area)
    return image.astype(np.uint8)


def _font(character: str, han: Path, latin: Path) -> Path:
    return latin if character.isascii() else han


def _sign_text(random: Random) -> str:
    def some(characters: str, low: int, high: int) -> str:
        return "".join(pick(random, characters) for _ in range(whole(random, low, high)))

    choice = random.random()
    if choice < 0.3:
        return some(_SIGN_HAN, 2, 9)
    if choice < 0.45:
        return some(DIGITS, 7, 12)
    if choice < 0.6:
        return some(LETTERS, 3, 10)
    if choice < 0.8:
        # Plates of other countries: no province in front.
        return some(LETTERS, 1, 4) + " " + some(DIGITS, 2, 5) + some(LETTERS, 0, 3)
    # A province's character alone in other words is no plate either.
    return some(_SIGN_HAN, 1, 3) + some(PROVINCES, 1, 2) + some(_SIGN_HAN, 2, 4) + some(DIGITS, 0, 3)


def _stripes(random: Random) -> Picture:
    """Grilles and railings."""
    period, phase = random.uniform(4, 40), random.uniform(0, 6)
    xs = np.arange(320, dtype=np.float32)
    wave = 0.5 + 0.5 * np.sin(xs * 2 * np.pi / period + phase)
    one, other = random.uniform(0, 255, (2, 3))
    row = one + wave[:, None] * (other - one)
    image = np.repeat(row[None], 110, axis=0).astype(np.uint8)
    return image.transpose(1, 0, 2)[:110] if random.random() < 0.4 else image
