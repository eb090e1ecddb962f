import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from lookout_edge.adapters.zoo import Zoo
from lookout_edge.errors import ModelError


def description(**changes: Any) -> dict[str, Any]:
    return {
        "name": "tiny",
        "description": "for tests",
        "licence": "Apache-2.0",
        "source": {
            "registry": "pypi",
            "package": "tiny",
            "version": "1.0",
            "sha256": "0" * 64,
            "members": ["tiny.onnx"],
            "upstream": "nobody",
        },
        "weights": {"file": "tiny.onnx", "sha256": hashlib.sha256(b"weights").hexdigest()},
        "input": {"width": 32, "height": 32},
        "head": {"kind": "nanodet", "strides": [8], "bins": 5},
        "labels": ["car", "bus"],
        "thresholds": {"default": 0.3, "classes": {"bus": 0.5}},
        "nms": {"iou": 0.6},
        **changes,
    }


def zoo_with(folder: Path, **changes: Any) -> Zoo:
    entry = folder / "tiny"
    entry.mkdir()
    (entry / "model.yaml").write_text(yaml.safe_dump(description(**changes)), "utf-8")
    (entry / "tiny.onnx").write_bytes(b"weights")
    return Zoo(folder)


def test_an_entry_gives_description_and_weights(tmp_path: Path) -> None:
    zoo = zoo_with(tmp_path)
    entry = zoo.entry("tiny")
    assert zoo.names() == ("tiny",)
    assert entry.weights() == b"weights"
    assert (entry.spec.thresholds.of("bus"), entry.spec.thresholds.of("car")) == (0.5, 0.3)


def test_an_unknown_name_lists_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model 'tinny'.*it has tiny"):
        zoo_with(tmp_path).entry("tinny")


@pytest.mark.parametrize("kind", ["classes", "doubtful", "tracked"])
def test_a_score_for_a_label_that_the_model_does_not_have_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ModelError, match=rf"'thresholds\.{kind}' names tram, which 'labels' does not have"):
        zoo_with(tmp_path, thresholds={"default": 0.3, kind: {"tram": 0.5}}).entry("tiny")


def test_a_second_look_may_stand_alone_or_in_a_list(tmp_path: Path) -> None:
    looks = [{"model": "judge"}, {"model": "other", "side": 2.0}]
    for number, (section, names) in enumerate([(looks[0], ["judge"]), (looks, ["judge", "other"])]):
        folder = tmp_path / str(number)
        folder.mkdir()
        spec = zoo_with(folder, second_look=section).entry("tiny").spec
        assert [look.model for look in spec.second_look] == names
    plain = tmp_path / "plain"
    plain.mkdir()
    assert zoo_with(plain).entry("tiny").spec.second_look == ()


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    zoo = zoo_with(tmp_path)
    (tmp_path / "tiny" / "tiny.onnx").write_bytes(b"weightz")
    with pytest.raises(ModelError, match=r"damaged.*lookout-models build tiny"):
        zoo.entry("tiny").weights()


def test_missing_weights_say_how_to_get_them(tmp_path: Path) -> None:
    zoo = zoo_with(tmp_path)
    (tmp_path / "tiny" / "tiny.onnx").unlink()
    with pytest.raises(ModelError, match="lookout-models build tiny"):
        zoo.entry("tiny").weights()


def test_what_was_trained_is_restored_not_built(tmp_path: Path) -> None:
    zoo = zoo_with(tmp_path, source={"recipe": "tiny.yaml", "data": ["ours"]})
    (tmp_path / "tiny" / "tiny.onnx").unlink()
    with pytest.raises(ModelError, match="restore it from where this zoo came from"):
        zoo.entry("tiny").weights()


def test_a_description_that_is_no_text_is_named(tmp_path: Path) -> None:
    zoo = zoo_with(tmp_path)
    (tmp_path / "tiny" / "model.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match=r"model\.yaml is not valid YAML"):
        zoo.entry("tiny")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": "bgr"}, "colour: Extra inputs"),
        ({"input": {"width": "wide", "height": 32}}, "input.width"),
        ({"input": {"width": 32, "height": 32, "std": [1, 0, 1]}}, "'std' must be above 0"),
        ({"head": {"kind": "yolo9000"}}, "head"),
        ({"nms": None}, "'nms' is missing"),
        ({"thresholds": {"default": 0.3, "classes": {"buss": 0.5}}}, "names buss"),
        ({"second_detector": {"model": "other", "first": {"van": 0.1}}}, "'second_detector.first' names van"),
        ({"name": "other"}, "the folder is 'tiny'"),
    ],
)
def test_a_wrong_description_names_file_and_key(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError) as caught:
        zoo_with(tmp_path, **changes).entry("tiny")
    assert "model.yaml" in str(caught.value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_broken_yaml_is_one_sentence(tmp_path: Path) -> None:
    zoo = zoo_with(tmp_path)
    (tmp_path / "tiny" / "model.yaml").write_text("name: [tiny", "utf-8")
    with pytest.raises(ModelError, match=r"model\.yaml is not valid YAML"):
        zoo.entry("tiny")


def test_the_environment_names_the_zoo(tmp_path: Path) -> None:
    assert Zoo.find({"LOOKOUT_ZOO": str(tmp_path)}).folder == tmp_path
    with pytest.raises(ModelError, match="LOOKOUT_ZOO"):
        Zoo.find({"LOOKOUT_ZOO": str(tmp_path / "nowhere")})


def test_without_a_name_it_is_the_checkouts() -> None:
    assert "coco-nano" in Zoo.find({}).names()
