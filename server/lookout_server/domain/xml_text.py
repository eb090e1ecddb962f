"""Text that may stand in XML 1.0. People paste what may not, and a document with it is read by nobody."""

import re

_REFUSED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """The text without what XML does not take, such as a word processor's vertical tab."""
    return _REFUSED.sub("", text)
