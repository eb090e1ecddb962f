"""A trial proves the way and is nothing else: no alarm, no case, no line that tells of one."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from integration.server.sign_in import headers_of
from lookout_contract.events import Attributes, Condition, EventData, Phase, Scenario
from lookout_server.ports import AlarmFilter, CaseFilter, Incoming, Page
from lookout_server.testing import SmallGateway, Station

pytestmark = pytest.mark.anyio


def trial(gateway: SmallGateway, phase: Phase, *hops: Condition, occurrence: str = "t-1") -> EventData:
    changes: dict[str, Any] = {"attributes": Attributes(test=True), "severity_reason": "self_test", "explain": hops}
    return gateway.data(occurrence, phase).model_copy(update=changes)


def delivered(gateway: SmallGateway, *data: EventData) -> list[Incoming]:
    return [gateway.delivers(gateway.event(each)) for each in data]


async def shown(web: httpx.AsyncClient) -> dict[str, Any]:
    headers = await headers_of(web, "root")
    (camera,) = [c for c in (await web.get("/api/v1/cameras", headers=headers)).json()["items"] if c["id"] == "gate"]
    (proof,) = camera["proofs"]
    return proof


async def test_a_trial_is_no_alarm_and_the_camera_shows_it(web: httpx.AsyncClient, station: Station) -> None:
    gateway = SmallGateway(scenario=Scenario.FIRE_SMOKE)
    rule = Condition(name="hop_rule", value=6.4, limit=15.0, met=True, unit="s")
    await station.intake.take([gateway.is_online(), *delivered(gateway, trial(gateway, Phase.START, rule))])
    assert (await shown(web))["passed"] is None
    receipt = Condition(name="hop_receipt", value=0.1, met=True, unit="s")
    result = await station.intake.take(delivered(gateway, trial(gateway, Phase.END, rule, receipt)))
    assert [receipt.upto for _, receipt in result.receipts] == [2]
    proof = await shown(web)
    assert (proof["kind"], proof["scenario"], proof["passed"]) == ("self_test", "fire_smoke", True)
    assert [(each["name"], each["value"]) for each in proof["conditions"]] == [("hop_rule", 6.4), ("hop_receipt", 0.1)]
    async with station.store.read() as uow:
        assert await uow.alarms.page(AlarmFilter(), Page()) == []
        assert await uow.cases.page(CaseFilter(), Page()) == []
        assert await uow.outbox.pending(10) == []
        told = await uow.feed.after(0, 100)
    assert {entry.kind.value for entry in told} <= {"camera", "gateway"}


async def _figures(web: httpx.AsyncClient) -> dict[str, Any]:
    headers = await headers_of(web, "root")
    day = "first=2026-11-22&last=2026-11-22"
    answer = await web.get(f"/api/v1/statistics?{day}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_statistics_count_what_was_seen_and_no_trial(web: httpx.AsyncClient, station: Station) -> None:
    gateway = SmallGateway(scenario=Scenario.FIRE_SMOKE)
    await station.intake.take([gateway.is_online()])
    before = await _figures(web)
    both = trial(gateway, Phase.START), trial(gateway, Phase.END)
    assert (await station.intake.take(delivered(gateway, *both))).refused == 0
    assert await _figures(web) == before
    # The same event without the mark is counted.
    await station.intake.take([gateway.sends("o-1")])
    assert await _figures(web) != before


async def test_a_failed_trial_is_shown_and_an_older_one_changes_nothing(
    web: httpx.AsyncClient, station: Station
) -> None:
    gateway = SmallGateway(scenario=Scenario.FIRE_SMOKE)
    missed = Condition(name="alarm", value=False, met=False)
    await station.intake.take(delivered(gateway, trial(gateway, Phase.END, missed)))
    old = trial(gateway, Phase.END, occurrence="t-0")
    earlier = old.model_copy(update={"started_at": old.started_at - timedelta(hours=1)})
    await station.intake.take(delivered(gateway, earlier))
    proof = await shown(web)
    assert (proof["passed"], proof["conditions"][0]["name"]) == (False, "alarm")


@pytest.mark.parametrize("test", [True, False])
async def test_neither_passes_for_the_other(station: Station, test: bool) -> None:
    gateway = SmallGateway(scenario=Scenario.FIRE_SMOKE)
    data = gateway.data("o-1").model_copy(update={"attributes": Attributes(test=test)})
    wrong = gateway.topics.event if test else gateway.topics.trial
    message = gateway.says(gateway.event(data).to_json(), topic=wrong("gate", Scenario.FIRE_SMOKE))
    result = await station.intake.take([message])
    assert (result.stored, result.refused) == (0, 1)
    assert "channel" in result.receipts[0][1].rejected[0].reason
