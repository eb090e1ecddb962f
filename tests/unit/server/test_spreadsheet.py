"""Tables for spreadsheets: no cell is a formula there, and what is read in again is what was written."""

import pytest

from lookout_server.domain.spreadsheet import as_cell, from_cell
from lookout_server.domain.territory import Camera, CameraKey, Level, Person, Role, Territory
from lookout_server.domain.whereabouts import Spot
from lookout_server.exchange.estate import csv_text
from lookout_server.exchange.estate_files import EstateFile, read_files
from lookout_server.services.estate import Estate

FORMULA = '=HYPERLINK("http://elsewhere.test","东门")'
ESTATE = Estate(
    territories=(Territory(id="yanta", name="+1 区", level=Level.DISTRICT, parent=None),),
    cameras=(
        Camera(key=CameraKey(gateway="gw-01", id="gate"), name=FORMULA, grid=None, spot=Spot(lat=-34.2, lon=-108.9)),
    ),
    people=(Person(id="u-wang", username="wang", name="@王芳", roles=frozenset({Role.WORKER})),),
    shifts=(),
)


def test_no_name_in_the_estates_tables_is_a_formula_and_all_are_read_as_they_were() -> None:
    tables = {table: csv_text(ESTATE, table) for table in ("territories", "cameras", "people")}
    assert ",'+1 区," in tables["territories"]
    assert "\"'=HYPERLINK(" in tables["cameras"]
    assert ",-34.2,-108.9" in tables["cameras"]
    assert ",'@王芳," in tables["people"]
    files = [EstateFile(name=f"{table}.csv", content=text.encode()) for table, text in tables.items()]
    read = read_files(files)
    assert read.refused == ()
    assert {row.held.key: getattr(row.held, "name", None) for row in read.rows} == {
        "yanta": "+1 区",
        "gw-01/gate": FORMULA,
        "wang": "@王芳",
    }


@pytest.mark.parametrize("text", ["=1+1", "-3", "@x", "\t=1", "'quoted'", "it's", "", "3号楼"])
def test_what_was_made_safe_is_read_as_it_was(text: str) -> None:
    assert from_cell(as_cell(text)) == text
    assert not as_cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))
