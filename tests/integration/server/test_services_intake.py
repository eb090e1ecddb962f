"""Intake on both databases: nothing twice, nothing lost, and receipts that say so."""

import asyncio
import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from lookout_contract.cases import CaseMessage, CaseState
from lookout_contract.commands import COMMANDS, ReplayCommand
from lookout_contract.delivery import Receipt
from lookout_contract.events import EvidenceKind, EvidenceRef, Phase, Scenario, Severity
from lookout_contract.status import Sight
from lookout_server.adapters.database.unit import SqlUnitOfWork
from lookout_server.domain.alarm import Alarm, AlarmState, Disposition, acknowledged, alarm_id
from lookout_server.domain.case import Case
from lookout_server.domain.ledger import Chain, Ending
from lookout_server.domain.territory import CameraKey
from lookout_server.errors import StoreError, StoreRefusedError
from lookout_server.ports import (
    AlarmFilter,
    CaseFilter,
    FeedEntry,
    Gap,
    LinkedEvent,
    OutboxMessage,
    Page,
    Quarantined,
    TakenEvent,
)
from lookout_server.services.commands import request_replay
from lookout_server.services.hearing import lose_silent
from lookout_server.services.intake import IntakeResult, note_stranger
from lookout_server.services.views import camera_views, gateway_views
from lookout_server.testing import NOON, SITE, SmallGateway, Station, picture

pytestmark = pytest.mark.anyio


async def _alarms(station: Station) -> list[Alarm]:
    async with station.store.read() as uow:
        return list(await uow.alarms.page(AlarmFilter(), Page(limit=200)))


async def _cases(station: Station) -> list[Case]:
    async with station.store.read() as uow:
        return list(await uow.cases.page(CaseFilter(), Page()))


async def _feed(station: Station) -> list[FeedEntry]:
    async with station.store.read() as uow:
        return list(await uow.feed.after(0, 1000))


async def _outbox(station: Station) -> list[OutboxMessage]:
    async with station.store.read() as uow:
        return list(await uow.outbox.pending(100))


async def _quarantine(station: Station) -> list[Quarantined]:
    async with station.store.read() as uow:
        return list(await uow.quarantine.page(limit=50))


def _receipt(result: IntakeResult) -> Receipt:
    assert [gateway for gateway, _ in result.receipts] == ["gw-1"]
    return result.receipts[0][1]


async def test_a_batch_becomes_alarms_and_a_receipt(station: Station) -> None:
    gateway = SmallGateway()
    result = await station.intake.take([gateway.sends("o-1"), gateway.sends("o-2"), gateway.sends("o-1", Phase.END)])
    assert (result.stored, result.duplicates, result.refused, result.gaps) == (3, 0, 0, ())
    assert _receipt(result) == Receipt(epoch=gateway.epoch, upto=3)
    states = {alarm.occurrence: alarm.state for alarm in await _alarms(station)}
    assert states == {"o-1": AlarmState.CLEARED, "o-2": AlarmState.ACTIVE}


async def test_duplicates_change_nothing_and_are_receipted_again(station: Station) -> None:
    gateway = SmallGateway()
    batch = [gateway.sends("o-1"), gateway.sends("o-2")]
    await station.intake.take(batch)
    lines = len(await _feed(station))
    again = await station.intake.take([*batch, *batch])
    assert (again.stored, again.duplicates) == (0, 4)
    assert _receipt(again).upto == 2
    assert len(await _alarms(station)) == 2
    assert len(await _feed(station)) == lines


async def test_a_gap_is_named_and_filled_later(station: Station) -> None:
    gateway = SmallGateway()
    first, second, third, fourth = (gateway.sends(f"o-{n}") for n in range(4))
    result = await station.intake.take([first, fourth])
    assert _receipt(result) == Receipt(epoch=gateway.epoch, upto=1, also=((4, 4),))
    assert result.gaps == (Gap(gateway="gw-1", epoch=gateway.epoch, first=2, last=3),)
    async with station.store.read() as uow:
        assert (await gateway_views(uow, at=NOON))[0].account.missing == 2
    result = await station.intake.take([third, second])
    assert _receipt(result) == Receipt(epoch=gateway.epoch, upto=4)
    assert result.gaps == ()


async def test_any_order_in_any_batches_comes_to_the_same(station: Station) -> None:
    gateway = SmallGateway()
    messages = [gateway.sends(f"o-{n % 7}", Phase.UPDATE if n > 6 else Phase.START) for n in range(40)]
    shuffled = messages + messages[::3]
    random.Random(7).shuffle(shuffled)
    results = [await station.intake.take(shuffled[n : n + 9]) for n in range(0, len(shuffled), 9)]
    assert _receipt(results[-1]) == Receipt(epoch=gateway.epoch, upto=40)
    assert len(await _alarms(station)) == 7
    assert [line.seq for line in await _feed(station)] == list(range(1, len(await _feed(station)) + 1))


async def test_poison_goes_to_quarantine_and_the_rest_is_taken(station: Station) -> None:
    gateway = SmallGateway()
    good = gateway.sends("o-1")
    forged = gateway.delivers(SmallGateway(gateway="gw-2", epoch=gateway.epoch).event(gateway.data("o-x"), sequence=2))
    forged = gateway.says(forged.payload)
    result = await station.intake.take([gateway.says(b"\x00rubbish"), good, forged, gateway.says(b"{}", topic="x/y")])
    assert (result.stored, result.refused) == (1, 3)
    receipt = _receipt(result)
    assert receipt.upto == 2
    assert [(one.seq, "source" in one.reason) for one in receipt.rejected] == [(2, True)]
    held = await _quarantine(station)
    assert {one.gateway for one in held} == {"gw-1", None}
    assert [alarm.occurrence for alarm in await _alarms(station)] == ["o-1"]


async def test_the_same_poison_again_only_counts(station: Station) -> None:
    poison = SmallGateway().says(b"rubbish")
    for _ in range(3):
        await station.intake.take([poison])
    assert [one.times for one in await _quarantine(station)] == [3]


async def test_refusing_by_hand_settles_the_number(station: Station) -> None:
    gateway = SmallGateway()
    result = await station.intake.refuse(gateway.sends("o-1"), "it made the dispatcher stumble")
    assert [one.reason for one in _receipt(result).rejected] == ["it made the dispatcher stumble"]
    assert await _alarms(station) == []


async def test_an_unknown_gateway_and_camera_are_taken_and_shown(station: Station) -> None:
    stranger = SmallGateway(gateway="gw-9", camera="attic")
    await station.intake.take([stranger.sends("o-1")])
    async with station.store.read() as uow:
        assert "gw-9" in await uow.gateways.get()
        camera = (await uow.territory.cameras())[CameraKey(gateway="gw-9", id="attic")]
    assert (camera.grid, camera.last_alarm_at) == (None, NOON)


async def test_times_that_are_only_shown_lag_a_second_at_most(station: Station) -> None:
    gateway = SmallGateway()

    async def shown_after(seconds: float) -> tuple[float, float]:
        gateway.at = NOON + timedelta(seconds=seconds)
        await station.intake.take([gateway.sends(f"o-{gateway.sequence}")])
        async with station.store.read() as uow:
            spoke = (await uow.gateways.get())["gw-1"].last_seen_at
            alarm = (await uow.territory.cameras())[CameraKey(gateway="gw-1", id=gateway.camera)].last_alarm_at
            assert (await gateway_views(uow, at=NOON))[0].gateway.last_sequence == gateway.sequence
        assert spoke is not None
        assert alarm is not None
        return (spoke - NOON).total_seconds(), (alarm - NOON).total_seconds()

    assert await shown_after(0) == (0, 0)
    assert await shown_after(0.4) == (0, 0)
    assert await shown_after(1.1) == (1.1, 1.1)
    # The dispatcher's clock was set back, and what happened earlier is not the last alarm.
    assert await shown_after(-60) == (-60, 1.1)


async def test_fire_makes_its_own_case_once(station: Station) -> None:
    gateway = SmallGateway(scenario=Scenario.FIRE_SMOKE, severity=Severity.RED)
    await station.intake.take([gateway.sends("o-1", stage="pre_alarm")])
    assert await _cases(station) == []
    await station.intake.take([gateway.sends("o-1", Phase.UPDATE, stage="burning"), gateway.sends("o-1", Phase.UPDATE)])
    await station.intake.take([gateway.sends("o-1", Phase.END)])
    (case,) = await _cases(station)
    assert (case.id, case.state, case.grid) == ("c-20261122-0001", CaseState.CONFIRMED, "grid-07")
    assert case.title == "火情烟雾 · 东门"
    (alarm,) = await _alarms(station)
    assert (alarm.case_id, alarm.disposition) == (case.id, Disposition.REPORTED)
    sent = [message for message in await _outbox(station) if message.topic.endswith("/event")]
    assert [CaseMessage.model_validate_json(message.payload).action for message in sent] == ["report"]


async def test_a_graver_alarm_makes_its_case_graver(station: Station) -> None:
    gateway = SmallGateway(scenario=Scenario.KEY_AREA, severity=Severity.BLUE)
    await station.intake.take([gateway.sends("o-1", stage="panic")])
    gateway.severity = Severity.RED
    await station.intake.take([gateway.sends("o-1", Phase.UPDATE)])
    (case,) = await _cases(station)
    assert (case.severity, case.version) == (Severity.RED, 2)


async def test_status_and_cameras_are_heard_and_heartbeats_stay_out_of_the_feed(station: Station) -> None:
    gateway = SmallGateway()
    await station.intake.take([gateway.is_online(), gateway.sees(Sight.WATCHING)])
    lines = len(await _feed(station))
    await station.intake.take([gateway.is_online(), gateway.sees(Sight.WATCHING)])
    assert len(await _feed(station)) == lines
    await station.intake.take([gateway.sees(Sight.BLIND, "covered")])
    async with station.store.read() as uow:
        (view,) = await camera_views(uow, [CameraKey(gateway="gw-1", id="gate")])
    assert (view.sight, view.reason) == (Sight.BLIND, "covered")


async def test_a_lost_gateways_cameras_are_not_being_watched(station: Station) -> None:
    gateway = SmallGateway()
    await station.intake.take([gateway.is_online(), gateway.sees(Sight.WATCHING)])
    await station.intake.take([gateway.is_online(online=False)])
    async with station.store.read() as uow:
        (view,) = await camera_views(uow, [CameraKey(gateway="gw-1", id="gate")])
    assert (view.sight, view.reason) == (None, "gateway_lost")
    assert {line.subject for line in await _feed(station)} >= {"gw-1", "gw-1/gate"}


async def test_a_gateway_that_says_nothing_any_more_is_lost_whatever_the_broker_said(station: Station) -> None:
    gateway = SmallGateway()
    await station.intake.take([gateway.is_online(), gateway.sees(Sight.WATCHING)])
    last_word = gateway.at
    lines = len(await _feed(station))
    assert await lose_silent(station.store, before=last_word, at=NOON) == []
    assert len(await _feed(station)) == lines
    assert await lose_silent(station.store, before=last_word + timedelta(seconds=1), at=NOON) == ["gw-1"]
    async with station.store.read() as uow:
        (view,) = await camera_views(uow, [CameraKey(gateway="gw-1", id="gate")])
    assert (view.sight, view.reason) == (None, "gateway_lost")
    assert view.camera.since == last_word
    assert {line.subject for line in (await _feed(station))[lines:]} == {"gw-1", "gw-1/corridor", "gw-1/gate"}
    # What the broker has kept is not heard now.
    kept = replace(gateway.is_online(), retained=True, received_at=NOON + timedelta(days=1))
    await station.intake.take([kept])
    assert await lose_silent(station.store, before=last_word + timedelta(seconds=1), at=NOON) == ["gw-1"]
    # It speaks again.
    await station.intake.take([replace(gateway.is_online(), received_at=NOON + timedelta(days=1))])
    async with station.store.read() as uow:
        assert (await uow.gateways.get())["gw-1"].online
    assert await lose_silent(station.store, before=NOON + timedelta(hours=1), at=NOON) == []


async def test_what_the_database_refuses_keeps_nothing_of_the_batch(station: Station) -> None:
    gateway = SmallGateway()
    good, late = gateway.sends("o-1"), gateway.sends("o-2")
    async with station.store.write() as uow:
        taken = TakenEvent(event=gateway.event(gateway.data("o-2"), sequence=2), payload="{}", received_at=NOON)
        link = Chain(links=6, head="").add(Ending.STORED, (2, 2), "", NOON)
        # The number was stored once, but the record of it is lost: the unique key is the last line of defence.
        await uow.events.append([LinkedEvent(taken=taken, link=link)])
        await uow.commit()
    with pytest.raises(StoreRefusedError):
        await station.intake.take([good, late])
    assert await _alarms(station) == []
    assert (await station.intake.take([good])).stored == 1
    assert [one.seq for one in _receipt(await station.intake.refuse(late, "stored before")).rejected] == [2]


async def test_replicas_take_the_same_events_once(station: Station) -> None:
    gateway = SmallGateway()
    messages = [gateway.sends(f"o-{n}") for n in range(20)]
    results = await asyncio.gather(*(station.intake.take(messages) for _ in range(4)))
    assert sum(result.stored for result in results) == 20
    assert all(_receipt(result).upto == 20 for result in results)
    assert len(await _alarms(station)) == 20
    seqs = [line.seq for line in await _feed(station)]
    assert seqs == list(range(1, len(seqs) + 1))


async def test_a_replay_is_asked_for_through_the_outbox(station: Station) -> None:
    gap = Gap(gateway="gw-1", epoch="e-1", first=2, last=3)
    name = await request_replay(station.store, SITE, gap, at=NOON)
    assert name is not None
    (message,) = await _outbox(station)
    assert message.topic == "lookout/v1/kangle/gateway/gw-1/command/replay"
    command = COMMANDS.validate_json(message.payload)
    assert isinstance(command, ReplayCommand)
    assert (command.id, command.first, command.last) == (name, 2, 3)
    async with station.store.read() as uow:
        assert [one.id for one in await uow.gateways.silent(NOON, NOON + timedelta(minutes=5))] == []
        later = NOON + timedelta(minutes=6)
        assert [one.id for one in await uow.gateways.silent(NOON, later)] == [name]
        assert await uow.gateways.silent(later, later + timedelta(days=1)) == []
    await station.intake.take([SmallGateway().answers(name, "replay")])
    async with station.store.read() as uow:
        assert [one.outcome for one in await uow.gateways.commands()] == ["done"]
        assert await uow.gateways.silent(NOON, later) == []


async def test_evidence_named_by_an_event_is_kept_by_the_alarm(station: Station) -> None:
    gateway = SmallGateway(evidence=(picture(),))
    await station.intake.take([gateway.sends("o-1")])
    async with station.store.read() as uow:
        name = alarm_id("/site/kangle/gateway/gw-1", "o-1")
        assert list(await uow.alarms.with_evidence(picture().sha256)) == [name]


async def test_what_gateways_tell_leaves_alone_what_people_decided(station: Station) -> None:
    first, second = picture(), EvidenceRef(kind=EvidenceKind.SNAPSHOT, sha256="e" * 64, bytes=7, mime="image/jpeg")
    await station.intake.take([SmallGateway(evidence=(first,)).sends("o-1")])
    name = alarm_id("/site/kangle/gateway/gw-1", "o-1")
    async with station.store.write() as uow:
        held = await uow.alarms.get([name], lock=True)
        taken_up = acknowledged(held[name], "u-li", at=NOON, until=NOON + timedelta(hours=1))
        await uow.alarms.save([taken_up])
        told = replace(held[name], dwell_s=99.0, evidence=(first, second))
        await uow.alarms.tell([told], held)
        await uow.commit()
    async with station.store.read() as uow:
        after = (await uow.alarms.get([name]))[name]
    assert after == replace(taken_up, dwell_s=99.0, evidence=(first, second))


async def test_senders_are_told_what_was_refused_each_reason_once(station: Station) -> None:
    gateway = SmallGateway()
    elsewhere = gateway.topics.event("gate", Scenario.GARBAGE)
    wrong = gateway.says(gateway.event(gateway.data("o-1")).to_json(), topic=elsewhere)
    result = await station.intake.take([gateway.says(b"{"), gateway.says(b"{"), wrong, gateway.sends("o-2")])
    assert {(name, refusal.topic, refusal.stored) for name, refusal in result.refusals} == {
        ("gw-1", gateway.topics.event("gate", Scenario.UNFAMILIAR_VEHICLE), False),
        ("gw-1", elsewhere, False),
    }


async def test_an_event_from_the_future_is_stored_and_both_sides_are_told(station: Station) -> None:
    gateway = SmallGateway(at=NOON + timedelta(hours=3))
    messages = [replace(gateway.sends(f"o-{n}"), received_at=NOON) for n in range(3)]
    result = await station.intake.take(messages)
    assert result.stored == 3
    ((name, refusal),) = result.refusals
    assert (name, refusal.stored) == ("gw-1", True)
    assert refusal.reason == "it is stored, but dated 10800 s in the future: set the gateway's clock"
    (held,) = await _quarantine(station)
    assert (held.reason, held.times, held.gateway) == (refusal.reason, 1, "gw-1")
    await station.intake.take([replace(gateway.sends("o-9"), received_at=NOON)])
    assert [held.times for held in await _quarantine(station)] == [2]


async def test_a_connection_that_the_broker_refused_is_shown(station: Station) -> None:
    for _ in range(3):
        await note_stranger(station.store, "the broker refused a connection from 192.0.2.7", at=NOON)
    (held,) = await _quarantine(station)
    assert (held.topic, held.times, held.gateway) == ("(broker)", 3, None)


async def test_what_was_rolled_back_was_not_noted(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway, commit = SmallGateway(gateway="gw-new"), SqlUnitOfWork.commit
    message = gateway.sends("o-1")

    async def refuse(_unit: SqlUnitOfWork, **_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(SqlUnitOfWork, "commit", refuse)
    with pytest.raises(StoreError):
        await station.intake.take([message])
    monkeypatch.setattr(SqlUnitOfWork, "commit", commit)
    await station.intake.take([message])
    key = CameraKey(gateway="gw-new", id="gate")
    async with station.store.read() as uow:
        assert (await uow.gateways.get(["gw-new"]))["gw-new"].last_seen_at == NOON
        assert (await uow.territory.cameras([key]))[key].last_alarm_at == NOON


async def test_within_a_second_nobody_is_noted_again_and_what_people_changed_stays(station: Station) -> None:
    gateway, key = SmallGateway(gateway="gw-new"), CameraKey(gateway="gw-new", id="gate")
    await station.intake.take([gateway.sends("o-1")])
    async with station.store.write() as uow:
        camera = (await uow.territory.cameras([key]))[key]
        await uow.territory.save_cameras([replace(camera, name="大门")])
        await uow.commit()
    gateway.at += timedelta(seconds=0.4)
    await station.intake.take([gateway.sends("o-2")])
    assert await _noted(station, key) == ("大门", NOON, NOON)
    gateway.at += timedelta(seconds=0.6)
    await station.intake.take([gateway.sends("o-3")])
    assert await _noted(station, key) == ("大门", gateway.at, gateway.at)


async def _noted(station: Station, key: CameraKey) -> tuple[str, datetime | None, datetime | None]:
    """The camera's name, when it had an alarm and when its gateway spoke."""
    async with station.store.read() as uow:
        camera = (await uow.territory.cameras([key]))[key]
        gateway = (await uow.gateways.get([key.gateway]))[key.gateway]
    return camera.name, camera.last_alarm_at, gateway.last_seen_at
