"""Costs are per model, the first one being the measure."""

from lookout_edge.adapters.zoo import Zoo
from lookout_models.bench import bench


def test_every_model_has_a_cost_and_the_first_is_one() -> None:
    zoo = Zoo.find()
    costs = bench([zoo.entry(name) for name in ("plate-reader", "plate-detector")], 1)
    assert list(costs) == ["plate-reader", "plate-detector"]
    assert costs["plate-reader"].relative == 1
    assert all(cost.milliseconds > 0 for cost in costs.values())


def test_a_model_that_redraws_boxes_has_a_cost() -> None:
    entry = Zoo.find().entry("fire-second-look")
    assert bench([entry], 1)[entry.name].milliseconds > 0
