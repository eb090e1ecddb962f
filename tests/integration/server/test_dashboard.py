"""The Grafana dashboard asks for metrics that there are, by labels that they have."""

import json
import re
from pathlib import Path

import httpx
import pytest

from lookout_contract.status import Sight
from lookout_server.testing import PASSWORD, SmallGateway, Station

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

DASHBOARD = Path(__file__).parents[3] / "docker" / "grafana" / "lookout.json"
_NAME = re.compile(r"\blookout_[a-z_]+")
_BY = re.compile(r"by \(([a-z_, ]+)\)")


# What a dispatcher has answered, it counts itself.
@pytest.mark.one_dispatcher
async def test_every_panel_finds_its_metrics(station: Station, web: httpx.AsyncClient) -> None:
    gateway = SmallGateway()
    await station.intake.take([gateway.is_online(), gateway.sees(Sight.WATCHING), gateway.sends("o-1")])
    await station.reported(gateway, "o-2")
    await web.post("/api/v1/session", json={"username": "li", "password": PASSWORD})
    told = (await web.get("/metrics")).text
    series = {match[1]: match[2] for match in re.finditer(r"^(lookout_\w+)(\{[^}]*\})?", told, re.M) if match[2]}
    names = set(re.findall(r"^(lookout_\w+)[ {]", told, re.M))
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    assert len(asked) >= 12
    for expression in asked:
        wanted = set(_NAME.findall(expression))
        assert wanted
        assert wanted <= names, expression
        for labels in _BY.findall(expression):
            held = " ".join(series.get(name, "") for name in wanted)
            assert all(f'{label.strip()}="' in held for label in labels.split(",")), expression
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]}) == len(board["panels"])
