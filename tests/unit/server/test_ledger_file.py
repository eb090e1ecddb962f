import json
from datetime import timedelta

import pytest

from lookout_server.domain.ledger import Chain, Ending, digest_of
from lookout_server.domain.ledger_file import Checked, begin_line, check_lines, end_line, entry_line
from lookout_server.errors import InvalidError
from lookout_server.testing import NOON, SmallGateway

GATEWAY = SmallGateway()
SOURCE = "/site/kangle/gateway/gw-1"
Lines = list[str]
#: A time whose last digit counts.
AT = NOON + timedelta(microseconds=120_001)


def exported(*endings: tuple[Ending, int, int], untimed: tuple[int, ...] = ()) -> Lines:
    """A ledger with these entries, as it is written; those of the numbers ``untimed`` as an earlier version did."""
    chain = Chain.begin(SOURCE, GATEWAY.epoch)
    lines = [begin_line(SOURCE, GATEWAY.epoch, NOON)]
    for ending, first, last in endings:
        stored = GATEWAY.event(GATEWAY.data(f"o-{first}"), sequence=first).to_json().decode()
        text = stored if ending is Ending.STORED else "given up: 1 garbage at gate for want of room"
        link = chain.add(ending, (first, last), digest_of(text), None if first in untimed else AT)
        chain = chain.after(link)
        lines.append(entry_line(link, AT, text))
    return [*lines, end_line(chain)]


ENDINGS = (
    (Ending.STORED, 1, 1),
    (Ending.STORED, 6, 6),
    (Ending.REFUSED, 2, 2),
    (Ending.LOST, 3, 5),
    (Ending.STORED, 4, 4),
)
WHOLE = exported(*ENDINGS)


def checked(lines: Lines) -> list[Checked]:
    return list(check_lines(lines))


def test_a_whole_file_holds_and_says_how_the_numbers_ended() -> None:
    (found,) = checked(WHOLE)
    assert found.untimed == 0
    assert (found.stored, found.refused, found.lost, found.missing) == (3, 1, 3, 0)
    assert (found.source, found.epoch, found.numbers.lost) == (SOURCE, GATEWAY.epoch, ((3, 3), (5, 5)))
    assert len(checked([*WHOLE, *WHOLE])) == 2


def edited(place: int, lines: Lines = WHOLE, **values: object) -> Lines:
    line = json.loads(lines[place]) | values
    return [*lines[:place], json.dumps(line), *lines[place + 1 :]]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            edited(1, text=json.loads(WHOLE[1])["text"].replace("yellow", "blue")),
            r"line 2: entry 1 \(number 1\) does not",
        ),
        (edited(3, ending="stored"), r"line 4: entry 3 \(number 2\) does not follow"),
        (edited(4, last=4), r"line 5: entry 4 \(number 3\) does not follow"),
        (edited(3, at=(AT - timedelta(microseconds=1)).isoformat()), r"line 4: entry 3 \(number 2\) .* its time, text"),
        (edited(3, at=AT.isoformat()[:-6]), "line 4: the time of entry 3 is not as it was exported"),
        (edited(3, at=AT.isoformat().replace("120001", "1200019")), "line 4: the time of entry 3 is not as it was"),
        (edited(3, at="noon"), "line 4: entry 3 needs the time at which it was decided, not 'noon'"),
        (edited(3, at="0001-01-01T00:00:00+08:00"), "line 4: entry 3 needs the time"),
        (
            [*WHOLE[:2], *WHOLE[3:]],
            r"line 3: here should be entry 2 \(number 2\) and is entry 3: entries were left out",
        ),
        ([WHOLE[0], WHOLE[2], WHOLE[1], *WHOLE[3:]], r"line 2: here should be entry 1 \(number 6\) and is entry 2"),
        ([*WHOLE[:5], WHOLE[6]], "line 6: the stream ends elsewhere"),
        (WHOLE[:-1], "it was cut"),
        ([], "it was cut"),
        ([*WHOLE, WHOLE[1]], "line 8: this line is out of place"),
        ([*WHOLE[:2], WHOLE[2][:40]], "line 3: this is not JSON"),
        (edited(0, epoch="20270101t000000-ffff"), r"line 2: entry 1 \(number 1\) does not follow"),
        (edited(0, ledger=3), "line 1: this is no ledger that this version can read"),
        (edited(1, ending="eaten"), "line 2: numbers end stored, refused or lost, not 'eaten'"),
        (exported((Ending.STORED, 1, 1), (Ending.STORED, 1, 1)), "line 3: number 1 ends twice"),
        (exported((Ending.STORED, 1, 1), (Ending.LOST, 1, 2)), "line 3: numbers 1 to 2 are lost here and had ended"),
    ],
)
def test_whatever_is_changed_shows(lines: Lines, said: str) -> None:
    with pytest.raises(InvalidError, match=said):
        checked(lines)


def test_an_event_of_another_place_shows_even_in_a_chain_that_holds() -> None:
    chain = Chain.begin(SOURCE, GATEWAY.epoch)
    text = GATEWAY.event(GATEWAY.data("o-1"), sequence=9).to_json().decode()
    link = chain.add(Ending.STORED, (1, 1), digest_of(text), NOON)
    lines = [begin_line(SOURCE, GATEWAY.epoch, NOON), entry_line(link, NOON, text), end_line(chain.after(link))]
    with pytest.raises(InvalidError, match="the event under number 1 is another gateway's, epoch's or number's"):
        checked(lines)


def test_numbers_that_had_not_come_are_missing_and_no_fault() -> None:
    assert checked(exported((Ending.STORED, 1, 1), (Ending.STORED, 4, 4)))[0].missing == 2


def test_entries_of_an_earlier_version_hold_in_files_of_both_and_are_counted() -> None:
    before = exported(*ENDINGS, untimed=(1, 6, 2, 3, 4))
    assert [found.untimed for found in checked([*before, *edited(0, before, ledger=1)])] == [5, 5]
    (found,) = checked(exported(*ENDINGS, untimed=(1, 6)))
    assert (found.untimed, found.stored, found.lost) == (2, 3, 3)


@pytest.mark.parametrize("version", [1, 2])
def test_none_of_an_earlier_version_goes_behind_one_whose_hash_covers_its_time(version: int) -> None:
    for untimed, said in {
        (2,): r"line 4: the hash of entry 3 \(number 2\) leaves out its time",
        (1, 6, 3, 4): r"line 5: the hash of entry 4 \(number 3\) leaves out its time",
        (4,): r"line 6: the hash of entry 5 \(number 4\) leaves out its time",
    }.items():
        with pytest.raises(InvalidError, match=said):
            checked(edited(0, exported(*ENDINGS, untimed=untimed), ledger=version))
