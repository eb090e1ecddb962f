"""What detectors have in common that ask again about what a first one found."""

from lookout_edge.ports import Detector


class AfterFirstLook:
    """Says of itself what the first look says; ``detect`` is left to those who look again."""

    def __init__(self, first: Detector) -> None:
        self._first = first

    @property
    def name(self) -> str:
        """Name of the first look's zoo entry."""
        return self._first.name

    @property
    def sha256(self) -> str:
        """Hash of the first look's weights."""
        return self._first.sha256

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names it can give."""
        return self._first.labels

    @property
    def takes_regions(self) -> bool:
        """See ``Detector``."""
        return self._first.takes_regions
