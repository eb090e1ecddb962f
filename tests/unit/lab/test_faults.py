"""The schedule follows from the seed, and hits every part."""

from lookout_lab.faults import schedule

PROCESSES = ["broker", "database", "dispatcher-1", "dispatcher-2", "gateway-1", "gateway-2"]


def test_the_same_seed_gives_the_same_schedule_and_another_seed_another() -> None:
    assert schedule(7, 50, processes=PROCESSES) == schedule(7, 50, processes=PROCESSES)
    assert schedule(7, 50, processes=PROCESSES) != schedule(8, 50, processes=PROCESSES)


def test_every_process_is_killed_and_paused_and_every_kind_of_fault_comes() -> None:
    faults = schedule(1, 1000, processes=PROCESSES)
    for kind in ("kill", "pause"):
        assert {fault.target for fault in faults if fault.kind == kind} == set(PROCESSES)
    assert {fault.kind for fault in faults} == {"lose", "repeat", "cut", "pause", "kill", "disk_full", "wrong_clock"}


def test_packets_are_lost_between_clients_and_broker_only() -> None:
    faults = schedule(1, 1000, processes=PROCESSES)
    hit = {fault.target for fault in faults if fault.kind in {"lose", "repeat", "cut"}}
    assert hit == {"dispatcher-1", "dispatcher-2", "gateway-1", "gateway-2"}
