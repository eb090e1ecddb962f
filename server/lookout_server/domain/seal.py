"""What a case's history comes to when the case is settled: a hash for the audit log, in whose chain it stays.

Whoever changes, takes out or adds a line later cannot make the log say so.
"""

import hashlib
import json
from collections.abc import Iterable

from lookout_server.domain.case import HistoryEntry


def seal_of(case_id: str, lines: Iterable[HistoryEntry]) -> str:
    """The hash of the lines, in their order."""
    digest = hashlib.sha256()
    for line in lines:
        # JSON, since a separator could be part of a note.
        parts = (
            case_id,
            line.seq,
            line.at.isoformat(),
            line.actor,
            line.action.value,
            line.from_state and line.from_state.value,
            line.to_state.value,
            line.note,
            line.data,
        )
        digest.update(json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode())
        digest.update(b"\n")
    return digest.hexdigest()
