"""Why a message cannot be taken: a code with its values for pages, and a sentence for logs and the gateway."""

from collections.abc import Mapping
from dataclasses import dataclass, field

LONGEST = 300
#: Codes of what was noticed and no message was kept of: it may go on, or begin again, after somebody has seen to it.
NOTICED = frozenset({"future", "stranger"})


@dataclass(frozen=True, kw_only=True)
class Why:
    """``code``: stable word that pages have in their catalogues, its blanks filled by ``values``; ``text``: English."""

    code: str
    text: str
    values: Mapping[str, str] = field(default_factory=dict[str, str])


def why(code: str, text: str, **values: object) -> Why:
    """A reason; what is too long is cut off."""
    return Why(code=code, text=text[:LONGEST], values={name: str(value)[:LONGEST] for name, value in values.items()})
