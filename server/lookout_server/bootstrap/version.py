"""Which version runs."""

from importlib import metadata


def version() -> str:
    """The installed distribution's version; ``0+unknown`` in a bare checkout."""
    try:
        return metadata.version("lookout")
    except metadata.PackageNotFoundError:
        return "0+unknown"
