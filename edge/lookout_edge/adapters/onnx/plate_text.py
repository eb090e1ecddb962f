"""What can stand on a Chinese number plate (GA 36), as alphabet and grammar. Texts carry no separators."""

PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
DIGITS = "0123456789"
#: GA 36 leaves out I and O, which look like 1 and 0.
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
SPECIAL = "警学港澳领挂使临"

#: What a general text reader sees although no plate text holds it → what it stands for ("" is nothing at all).
LOOKALIKES = {"I": "1", "O": "0", "·": "", ".": "", "-": ""}

ALPHABET = PROVINCES + DIGITS + LETTERS + SPECIAL + "".join(LOOKALIKES)
"""The reader's classes in order, without the CTC blank that comes first."""

_SERIAL = LETTERS + DIGITS
#: Electric and other new-energy cars: A-E pure electric, F-K not.
_NEW_ENERGY = "ABCDEFGHJK"

Pattern = tuple[str, ...]

PATTERNS: tuple[Pattern, ...] = (
    (PROVINCES, LETTERS, *[_SERIAL] * 5),
    (PROVINCES, LETTERS, *[_SERIAL] * 4, SPECIAL),
    (PROVINCES, LETTERS, *[_SERIAL] * 5, "临"),
    (PROVINCES, LETTERS, _NEW_ENERGY, _SERIAL, *[DIGITS] * 4),
    (PROVINCES, LETTERS, *[DIGITS] * 5, _NEW_ENERGY),
    ("使", *[DIGITS] * 6),
    (*[DIGITS] * 6, "使"),
)
"""Allowed characters a position: ordinary, with a last character that tells the use, temporary, new energy small and
large, embassy old and new."""


def is_plate(text: str) -> bool:
    """Whether ``text`` follows the grammar."""
    return any(
        len(text) == len(pattern) and all(c in allowed for c, allowed in zip(text, pattern, strict=True))
        for pattern in PATTERNS
    )
