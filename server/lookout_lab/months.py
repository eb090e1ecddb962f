"""What it costs to let a month of events go on PostgreSQL: from the one table that there is, or from one cut by month.

A table that is cut by time cannot say by an index of its own that (source, epoch, sequence) is there once: a unique key
of such a table has to hold the time. So both are measured: how a month goes, and how a number is looked up.
"""

import asyncio
import time
from pathlib import Path
from typing import Any

from lookout_lab.stage import Plan, Stage

_SETTINGS = ("shared_buffers=512MB", "max_wal_size=8GB", "jit=off")
_FIRST = "timestamptz '2021-01-01 00:00:00+00'"
_BATCH = 10_000
_LOOKED_UP = 20_000

#: A kilobyte an event, as a garbage alarm with its explanation has; evenly over the months.
_FILL = """
    INSERT INTO events (source, epoch, sequence, occurrence, captured_at, received_at, payload, link, chain, late_s)
    SELECT '/site/lab/gateway/gateway-' || n % 5, {epoch}, n / 5 + 1, 'o-' || n / 3, at, at, repeat(md5(n::text), 32),
        n / 5 + 1, md5(n::text) || md5(n::text), 0
    FROM (SELECT n, {first} + n * (interval '1 month' * {months}) / {events} AS at
          FROM generate_series({start}, {stop}) AS n) AS made"""
_CUT = """
    CREATE TABLE monthly (LIKE events INCLUDING DEFAULTS) PARTITION BY RANGE (received_at);
    DO $$ BEGIN FOR m IN 0..{months} LOOP EXECUTE format(
        'CREATE TABLE monthly_%s PARTITION OF monthly FOR VALUES FROM (%L) TO (%L)',
        m, {first} + m * interval '1 month', {first} + (m + 1) * interval '1 month'); END LOOP; END $$;
    INSERT INTO monthly SELECT * FROM events;
    CREATE UNIQUE INDEX ON monthly (source, epoch, sequence, received_at);
    CREATE INDEX ON monthly (received_at); CREATE INDEX ON monthly (source, occurrence)"""
_LOOK_UP = """
    CREATE FUNCTION look_up_{table}(many int, per_source int) RETURNS float LANGUAGE plpgsql AS $$
    DECLARE began timestamptz := clock_timestamp(); found text;
    BEGIN
        FOR k IN 1..many LOOP
            SELECT payload INTO found FROM {table} WHERE source = '/site/lab/gateway/gateway-' || k % 5
                AND epoch = 'first' AND sequence = 1 + (k * 7919) % per_source;
        END LOOP;
        RETURN round((extract(epoch FROM clock_timestamp() - began) * 1e6 / many)::numeric, 1);
    END $$"""
_DELETE = """
    DO $$ DECLARE gone int; BEGIN LOOP
        DELETE FROM events WHERE id IN (SELECT id FROM events WHERE received_at < {first} + interval '1 month'
            ORDER BY received_at LIMIT {batch});
        GET DIAGNOSTICS gone = ROW_COUNT; COMMIT; EXIT WHEN gone = 0; END LOOP; END $$"""


def run_months(folder: Path, events: int, months: int) -> dict[str, Any]:
    """Fill both tables, let the oldest month of each go, and look numbers up; seconds, MB and microseconds."""
    return asyncio.run(_run(folder, events, months))


async def _run(folder: Path, events: int, months: int) -> dict[str, Any]:
    stage = Stage(Plan(folder=folder, database="postgresql", gateways=0, settings=_SETTINGS), lambda _name, _line: None)
    try:
        await stage.set_up()
        return await _measured(stage, events, months)
    finally:
        await stage.tear_down()


async def _measured(stage: Stage, events: int, months: int) -> dict[str, Any]:
    values: dict[str, Any] = {"first": _FIRST, "months": months, "events": events, "batch": _BATCH}
    figures: dict[str, Any] = {"events": events, "months": months}
    figures["fill_s"] = await _seconds(stage, _FILL.format(epoch="'first'", start=0, stop=events - 1, **values))
    await stage.sql(_CUT.format(**values))
    await stage.analyse()
    for table in ("events", "monthly"):
        await stage.sql(_LOOK_UP.format(table=table))
        asked = f"SELECT look_up_{table}({_LOOKED_UP}, {events // 5})"
        await stage.sql(asked)
        figures[f"look_up_{table}_us"] = float(await stage.sql(asked))
    figures["monthly_of_events"] = round(figures["look_up_monthly_us"] / figures["look_up_events_us"], 2)
    figures["month_rows"] = int(await stage.sql("SELECT count(*) FROM monthly_0"))
    figures["before_mb"] = await _megabytes(stage)
    figures["delete_s"] = await _seconds(stage, _DELETE.format(**values))
    figures["vacuum_s"] = await _seconds(stage, "VACUUM events")
    figures["after_mb"] = await _megabytes(stage)
    again = _FILL.format(epoch="'again'", start=events, stop=events + figures["month_rows"] - 1, **values)
    figures["refill_s"] = await _seconds(stage, again)
    figures["refilled_mb"] = await _megabytes(stage)
    figures["drop_s"] = await _seconds(stage, "DROP TABLE monthly_0")
    return figures


async def _seconds(stage: Stage, statement: str) -> float:
    began = time.monotonic()
    await stage.sql(statement)
    return round(time.monotonic() - began, 2)


async def _megabytes(stage: Stage) -> int:
    return int(await stage.sql("SELECT pg_total_relation_size('events') / 1000000"))
