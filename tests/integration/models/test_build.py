"""The committed weights come out of their packages again, byte for byte, where the packages are in the user's cache."""

from pathlib import Path

import pytest

from lookout_edge.adapters.zoo import Zoo
from lookout_models.build import RECIPES, build
from lookout_models.packages import cache_folder

ZOO = Zoo(Path(__file__).parents[3] / "models" / "zoo")


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_repeated_build_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    entry = ZOO.entry(name)
    source = entry.spec.source
    kept = cache_folder() / "packages" / source.sha256[:16]
    if not kept.is_dir() or not any(kept.iterdir()):
        pytest.skip(f"{source.package} {source.version} is not in {cache_folder()}; 'lookout-models build' fetches it")
    built = build(entry, cache_folder(), out=tmp_path / "weights.onnx")
    assert built.as_described
    assert built.path.read_bytes() == entry.weights()
