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
