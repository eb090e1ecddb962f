"""A long past for the desk bench: what ``seed-demo`` wrote, copied inside PostgreSQL until there is enough of it.

A case costs Python a millisecond and the database a fiftieth of that; the copies are the same cases at other minutes.
"""

import time

from lookout_lab.errors import LabError
from lookout_lab.stage import Stage

#: Cases that are written as they would be; the rest are copies.
WRITTEN = 50_000
_NUMBER = "left(number, 9) || lpad((substr(number, 10)::int + {copy} * 1000)::text, 4, '0')"
_LATER = "{copy} * interval '7 min'"
#: Numbers are given a thousand a day.
MOST_COPIES = 9

_ALARMS = """
    INSERT INTO alarms (id, source, occurrence, gateway, camera, scenario, severity, severity_reason, state, zone,
        started_at, updated_at, ended_at, end_reason, emitted_at, received_at, dwell_s, told, epoch, sequence,
        disposition, disposition_reason, case_id)
    SELECT 'a-' || left(md5(id || '{copy}'), 20), source, occurrence || '-{copy}', gateway, camera, scenario, severity,
        severity_reason, state, zone, started_at + {later}, updated_at + {later}, ended_at + {later}, end_reason,
        emitted_at + {later}, received_at + {later}, dwell_s, told, epoch, sequence, {disposition}, {case}
    FROM alarms {of}"""
_CASES = """
    CREATE TEMP TABLE again AS SELECT * FROM cases WHERE id ~ '-0[0-9]{{3}}$';
    CREATE TEMP TABLE named AS SELECT id AS was, 'c-' || {number} AS name FROM again;
    UPDATE again SET id = 'c-' || {number}, number = {number}, opened_at = opened_at + {later},
        updated_at = updated_at + {later}, due_at = due_at + {later};
    INSERT INTO cases SELECT * FROM again;
    INSERT INTO case_history SELECT name, seq, at + {later}, actor, action, from_state, to_state, note, data
        FROM case_history JOIN named ON case_id = was;
    {alarms};
    INSERT INTO case_alarms SELECT name, 'a-' || left(md5(alarm_id || '{copy}'), 20), position, released
        FROM case_alarms JOIN named ON case_id = was;
    DROP TABLE again, named"""
#: What waits for the control room now.
_OPEN = """
    UPDATE alarms SET disposition = 'open', disposition_reason = NULL WHERE id IN
        (SELECT id FROM alarms WHERE disposition = 'dismissed' ORDER BY received_at DESC LIMIT 200)"""


async def copy_past(stage: Stage, *, cases: int, written: int, alarms: int) -> dict[str, float]:
    """Copies until there are so many cases, each with its alarm, and so many alarms in all; seconds that it took."""
    copies = cases // written
    if copies - 1 > MOST_COPIES:
        raise LabError(f"at most {(MOST_COPIES + 1) * written} cases can be made of {written}")
    began = time.monotonic()
    for copy in range(1, copies):
        await stage.sql(_case_copies(copy))
    done = {"copied cases": round(time.monotonic() - began, 1)}
    began = time.monotonic()
    for copy in range(1, alarms // cases):
        # Alarms that nobody made a case of, some minutes after each that somebody did.
        await stage.sql(_alarm_copies(copy + 100, "'dismissed', 'false_alarm'", "NULL", "WHERE case_id IS NOT NULL"))
    await stage.sql(_OPEN)
    done["copied alarms"] = round(time.monotonic() - began, 1)
    await stage.analyse()
    return done


def _case_copies(copy: int) -> str:
    alarms = _alarm_copies(copy, "disposition, disposition_reason", "name", "JOIN named ON case_id = was")
    return _CASES.format(copy=copy, later=_LATER.format(copy=copy), number=_NUMBER.format(copy=copy), alarms=alarms)


def _alarm_copies(copy: int, disposition: str, case: str, of: str) -> str:
    return _ALARMS.format(copy=copy, later=_LATER.format(copy=copy), disposition=disposition, case=case, of=of)
