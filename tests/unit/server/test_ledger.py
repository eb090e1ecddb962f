from datetime import datetime, timedelta, timezone
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from lookout_server.domain.ledger import Chain, Ending, Link, delay_s, digest_of
from lookout_server.testing import NOON


def _written(texts: list[str]) -> list[Link]:
    chain, links = Chain.begin("/site/s/gateway/g", "e1"), list[Link]()
    for number, text in enumerate(texts, start=1):
        link = chain.add(Ending.STORED, (number, number), digest_of(text), NOON)
        chain = chain.after(link)
        links.append(link)
    return links


@given(st.lists(st.text(max_size=5), min_size=1, max_size=8), st.data())
def test_a_changed_entry_changes_every_hash_from_there_on(texts: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(texts) - 1))
    links = _written(texts)
    changed = _written([*texts[:place], texts[place] + "x", *texts[place + 1 :]])
    same = [one.chain == other.chain for one, other in zip(links, changed, strict=True)]
    assert same == [True] * place + [False] * (len(texts) - place)


def test_ending_span_and_origin_are_part_of_the_hash() -> None:
    chain = Chain.begin("/site/s/gateway/g", "e1")
    hashes = {
        chain.add(Ending.STORED, (1, 1), "d", NOON).chain,
        chain.add(Ending.LOST, (1, 1), "d", NOON).chain,
        chain.add(Ending.LOST, (1, 2), "d", NOON).chain,
        Chain.begin("/site/s/gateway/g", "e2").add(Ending.STORED, (1, 1), "d", NOON).chain,
        Chain.begin("/site/s/gateway/h", "e1").add(Ending.STORED, (1, 1), "d", NOON).chain,
    }
    assert len(hashes) == 5


def test_the_time_is_part_of_the_hash_to_the_microsecond_and_its_zone_is_not() -> None:
    def hashed(at: datetime | None) -> str:
        return Chain.begin("/site/s/gateway/g", "e1").add(Ending.STORED, (1, 1), "d", at).chain

    assert len({hashed(at) for at in (NOON, NOON + timedelta(microseconds=1), None)}) == 3
    assert hashed(NOON.astimezone(timezone(timedelta(hours=8)))) == hashed(NOON)


def test_what_is_stored_keeps_its_hash_without_its_time_and_with_it() -> None:
    add = partial(Chain.begin("/site/s/gateway/g", "e1").add, Ending.LOST, (3, 5), digest_of("gone"))
    assert add(None).chain == "e1238bd1a5fa1317ccab95cf7bd9053828700ed85ffc15575b1362583108d4b5"
    assert add(NOON + timedelta(microseconds=1)).chain == (
        "5842659393f1817abc1a3e61764dc7a2a43633f17157287ee0b99feb360824b9"
    )


def test_a_gateway_whose_clock_is_ahead_is_not_early() -> None:
    assert delay_s(NOON, NOON + timedelta(seconds=41)) == 41
    assert delay_s(NOON + timedelta(hours=1), NOON) == 0
