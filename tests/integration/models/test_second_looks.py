"""How a detector's second looks are opened."""

import shutil
from pathlib import Path

import pytest
import yaml

from lookout_edge.adapters.onnx.chain import DetectorChain
from lookout_edge.adapters.zoo import Zoo
from lookout_edge.errors import ModelError

SHIPPED = Path(__file__).parents[3] / "models" / "zoo"


def zoo_with(folder: Path, looks: object) -> Zoo:
    """The shipped detector with other second looks, and two that judge the same."""
    for name in ("community-nano-int8", "fire-second-look"):
        shutil.copytree(SHIPPED / name, folder / name)
    twin = shutil.copytree(SHIPPED / "fire-second-look", folder / "twin")
    for path, changes in (
        (twin / "model.yaml", {"name": "twin"}),
        (folder / "community-nano-int8" / "model.yaml", {"second_look": looks}),
    ):
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text("utf-8")) | changes), "utf-8")
    return Zoo(folder)


def test_a_label_is_judged_by_one_look(tmp_path: Path) -> None:
    zoo = zoo_with(tmp_path, [{"model": "fire-second-look"}, {"model": "twin"}])
    with pytest.raises(ModelError, match="asks both 'fire-second-look' and 'twin' about fire; leave out one"):
        DetectorChain(zoo, "community-nano-int8")


def test_one_that_only_redraws_has_no_weight(tmp_path: Path) -> None:
    zoo = zoo_with(tmp_path, {"model": "twin"})
    path = tmp_path / "twin" / "model.yaml"
    described = yaml.safe_load(path.read_text("utf-8"))
    path.write_text(yaml.safe_dump({**described, "head": {**described["head"], "judges": False}}), "utf-8")
    with pytest.raises(ModelError, match="'twin' gives no evidence to weigh; set its weight to 0"):
        DetectorChain(zoo, "community-nano-int8")
    with_afar = zoo_with(tmp_path / "afar", {"model": "fire-second-look", "further": {"fire": [2.6]}, "afar": "twin"})
    shutil.copy(path, tmp_path / "afar" / "twin")
    with pytest.raises(ModelError, match="'twin' gives no evidence to weigh; leave it out as 'afar'"):
        DetectorChain(with_afar, "community-nano-int8")
    path.write_text(yaml.safe_dump({**described, "head": {"kind": "classifier", "judges": False}}), "utf-8")
    with pytest.raises(ModelError, match="has to judge or to redraw"):
        DetectorChain(zoo, "community-nano-int8")


def test_a_look_that_is_not_there_is_named(tmp_path: Path) -> None:
    zoo = zoo_with(tmp_path, [{"model": "fire-second-look"}, {"model": "rubbish"}])
    with pytest.raises(ModelError, match=r"no model 'rubbish' in .*; it has community-nano-int8, fire-"):
        DetectorChain(zoo, "community-nano-int8")


def test_the_look_from_afar_is_opened_with_the_others(tmp_path: Path) -> None:
    look = {"model": "fire-second-look", "further": {"fire": [2.6]}, "afar": "far"}
    zoo = zoo_with(tmp_path, look)
    with pytest.raises(ModelError, match=r"no model 'far' in .*; it has community-nano-int8, fire-"):
        DetectorChain(zoo, "community-nano-int8")


def test_a_detector_is_no_second_look(tmp_path: Path) -> None:
    zoo = zoo_with(tmp_path, {"model": "community-nano-int8"})
    with pytest.raises(ModelError, match="'community-nano-int8' does not classify; choose another one as second look"):
        DetectorChain(zoo, "community-nano-int8")
