"""What was declined long ago, on disk: so little of each question that none need be asked again for want of room."""

from collections.abc import Iterable
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from lookout_edge.adapters.atomic_file import put_aside, write_whole
from lookout_edge.domain.feedback import Question

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
_QUESTIONS: TypeAdapter[list[Question]] = TypeAdapter(list[Question])
#: Questions that are kept, 1.6 MB, read in 0.05 s; beyond, those that came first go first. Counted and not dated: a
#: clock that is off lets none go.
MOST_DECLINED = 20_000


class DeclinedFile:
    """Questions in one JSON file. It is not kept in memory: it is asked only when something new would be proposed.

    For who is alone with it; OSError when the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> list[Question]:
        """Every question, in the order in which they came. A broken file is put aside and begun anew."""
        try:
            return _QUESTIONS.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return []
        except ValidationError as error:
            aside = put_aside(self._path)
            _log.error(
                "what was declined long ago cannot be read and is put aside: it may be asked again",
                kept_as=str(aside),
                why=str(error).splitlines()[0],
            )
            return []

    def add(self, questions: Iterable[Question]) -> None:
        """Keep ``questions``, too."""
        before = self.all()
        kept = list(dict.fromkeys([*before, *questions]))[-MOST_DECLINED:]
        if kept != before:
            write_whole(self._path, _QUESTIONS.dump_json(kept))
