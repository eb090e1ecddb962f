"""Tables as spreadsheets save them."""

from lookout_server.errors import InvalidError


def table_text(content: bytes) -> str:
    """UTF-8, or GB 18030, which Excel in China saves unless it is told otherwise; InvalidError for what is neither."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidError("the table is neither UTF-8 nor GB 18030: save it as CSV UTF-8")


#: Nobody's cell shall be a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_cell(text: str) -> str:
    """As it is written into a table: what would be a formula there begins with an apostrophe."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def from_cell(text: str) -> str:
    """Without what ``as_cell`` put before it."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text
