"""Every entry of the zoo is complete, loads and is what its card says."""

from pathlib import Path

import pytest

from lookout_edge.adapters.onnx.session import OnnxSession
from lookout_edge.adapters.zoo import Quantised, Source, Trained, Zoo, ZooEntry

ZOO = Zoo(Path(__file__).parents[3] / "models" / "zoo")
ENTRIES = [ZOO.entry(name) for name in ZOO.names()]
LARGEST = 16 * 2**20


@pytest.fixture(params=ENTRIES, ids=lambda entry: entry.name)
def entry(request: pytest.FixtureRequest) -> ZooEntry:
    return request.param


def test_the_first_three_are_there() -> None:
    assert {"coco-nano", "plate-detector", "plate-reader"} <= set(ZOO.names())


def test_weights_are_as_described_small_enough_and_run_here(entry: ZooEntry) -> None:
    weights = entry.weights()
    assert len(weights) <= LARGEST
    assert OnnxSession(entry.name, weights).providers


def test_the_card_gives_source_licence_and_hash(entry: ZooEntry) -> None:
    card = (entry.folder / "CARD.md").read_text("utf-8")
    source = entry.spec.source
    match source:
        case Trained():
            origin = (source.recipe,)
        case Quantised():
            origin = (source.quantised, source.sha256)
        case Source():
            origin = (source.package, source.version)
        case _:
            origin = ()
    for fact in (entry.sha256, entry.spec.licence, *origin):
        assert fact in card


def test_the_card_gives_command_use_and_failures(entry: ZooEntry) -> None:
    card = (entry.folder / "CARD.md").read_text("utf-8")
    match entry.spec.source:
        case Trained(recipe=recipe):
            command = f"lookout-models train models/recipes/{recipe} "
        case Quantised(quantised=other):
            command = f"lookout-models quantise {other} "
        case _:
            command = f"lookout-models build {entry.name}"
    assert command in card
    assert "intended use" in card.lower()
    assert "where it fails" in card.lower()
