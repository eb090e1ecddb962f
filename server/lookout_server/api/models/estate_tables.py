"""Tables of the estate: what they would change, and what in them cannot be taken."""

from typing import Any

from pydantic import Field

from lookout_server.api.models.base import Model, shown
from lookout_server.exchange.estate_files import Placed, Refusal, Sheets
from lookout_server.services.estate import Change
from lookout_server.services.estate_import import Objection, Report

#: What an answer lists, at most.
MOST = 1000
_CHANGE: dict[str, Any] = {
    "kind": "person",
    "id": "wangfang",
    "change": "updated",
    "fields": [{"field": "grids", "before": "grid-07", "after": "grid-07,grid-08"}],
}
_REFUSED: dict[str, Any] = {
    "file": "people.csv",
    "row": 14,
    "column": "grids",
    "value": "grid-99",
    "code": "unknown_place",
    "what": "there is no place 'grid-99': bring territories in too, or mend the id",
}


class DifferenceModel(Model):
    """A field before and after; `null`: nothing was said, or is."""

    field: str
    before: str | None
    after: str | None


class EstateChange(Model):
    """Something that is new or different. `change`: `created`, `updated`, `disabled` (accounts), `removed` (shifts)."""

    kind: str = Field(description="`territory`, `camera`, `person` or `shift`.")
    id: str
    change: str
    fields: tuple[DifferenceModel, ...] = Field(description="For what is new all that is said of it.")

    @classmethod
    def of(cls, change: Change) -> "EstateChange":
        """From the service's value."""
        return cls(
            kind=change.kind,
            id=change.id,
            change=change.change,
            fields=tuple(DifferenceModel(**vars(each)) for each in change.fields),
        )


class RefusedRow(Model):
    """A row, or with `row` null a file, that cannot be taken."""

    file: str
    row: int | None = Field(description="Line of a CSV file, or place in a list of JSON, from 1.")
    column: str | None
    value: str | None
    code: str = Field(description="Stable word for what is wrong.")
    what: str = Field(description="What is wrong and what to do.")

    @classmethod
    def of(cls, refusal: Refusal) -> "RefusedRow":
        """Of what cannot be read."""
        return cls(
            file=refusal.file,
            row=refusal.row,
            column=refusal.column,
            value=refusal.value,
            code=refusal.code,
            what=refusal.text,
        )

    @classmethod
    def objected(cls, objection: Objection, placed: Placed | None) -> "RefusedRow":
        """Of what can be read, and cannot be taken."""
        return cls(
            file=placed.file if placed else "",
            row=placed.row if placed else None,
            column=objection.column,
            value=objection.value or objection.key,
            code=objection.code,
            what=objection.text,
        )


class EstateReport(Model):
    """What files would change, or have. Lists hold the first 1,000; `counts` tells of all."""

    model_config = shown(
        {
            "done": False,
            "fingerprint": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "rows": 179,
            "counts": {"created": 0, "updated": 1, "disabled": 0, "removed": 0, "refused": 1, "absent": 0},
            "changes": [_CHANGE],
            "refused": [_REFUSED],
            "absent": [],
        }
    )

    done: bool
    fingerprint: str = Field(description="Names exactly these changes; to be sent along to have them done.")
    rows: int = Field(description="Rows that can be read.")
    counts: dict[str, int]
    changes: tuple[EstateChange, ...]
    refused: tuple[RefusedRow, ...] = Field(description="While there are any, nothing is done.")
    absent: tuple[EstateChange, ...] = Field(
        description="Accounts and coming shifts that are not in the files, and stay unless `complete` is said."
    )

    @classmethod
    def of(cls, report: Report, sheets: Sheets) -> "EstateReport":
        """From the service's value and what was read."""
        refused = refused_rows(report, sheets)
        counts: dict[str, int] = dict.fromkeys(("created", "updated", "disabled", "removed"), 0)
        for change in report.changes:
            counts[change.change] += 1
        return cls(
            done=report.done,
            fingerprint=report.fingerprint,
            rows=len(sheets.rows),
            counts={**counts, "refused": len(refused), "absent": len(report.absent)},
            changes=tuple(EstateChange.of(each) for each in report.changes[:MOST]),
            refused=refused[:MOST],
            absent=tuple(EstateChange.of(each) for each in report.absent[:MOST]),
        )


def refused_rows(report: Report, sheets: Sheets) -> tuple[RefusedRow, ...]:
    """All of them, in the order of the files."""
    found = [RefusedRow.of(each) for each in sheets.refused]
    found += [RefusedRow.objected(each, sheets.where(each.table, each.key)) for each in report.objections]
    return tuple(sorted(found, key=lambda each: (each.file, each.row or 0)))
