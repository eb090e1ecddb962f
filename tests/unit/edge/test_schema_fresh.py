import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lookout_edge import bootstrap
from lookout_edge.__main__ import app
from lookout_edge.adapters.zoo import Zoo
from lookout_edge.config import GatewayConfig

CONFIGS = Path(__file__).parents[3] / "configs"
EXAMPLES = sorted(CONFIGS.glob("gateway.*.yaml"))


def test_the_exported_schemas_are_fresh(tmp_path: Path) -> None:
    """When this fails, run `lookout-edge schema --out configs/schemas` and commit the result."""
    result = CliRunner().invoke(app, ["schema", "--out", str(tmp_path)])
    assert result.exit_code == 0
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.json")}
    assert len(made) >= 9
    for name, content in made.items():
        assert (CONFIGS / "schemas" / name).read_bytes() == content, name


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_load_and_tell_editors_their_schema(path: Path) -> None:
    named = re.search(r"^  detector: (\S+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    if named and named[1] not in Zoo.find().names():
        pytest.skip(f"{named[1]} is not in the zoo")
    assert bootstrap.load(path).config.cameras
    first_line = path.read_text(encoding="utf-8").splitlines()[0]
    match = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first_line)
    assert match is not None
    assert (path.parent / match[1]).is_file()


def test_the_commented_example_shows_every_option() -> None:
    text = (CONFIGS / "gateway.example.yaml").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(
        (CONFIGS / "schemas" / "gateway-config.schema.json").read_text(encoding="utf-8")
    )
    options = set(schema["properties"])
    for definition in schema["$defs"].values():
        options |= set(definition.get("properties", {}))
    # Secrets do not belong into the file: the example shows their files instead.
    missing = {option for option in options - {"password", "token"} if not re.search(rf"\b{option}:", text)}
    assert missing == set()


def test_every_option_is_documented_in_the_schema() -> None:
    schema = GatewayConfig.model_json_schema()
    sections: list[dict[str, Any]] = [schema, *schema["$defs"].values()]
    bare = {
        f"{section.get('title')}.{name}"
        for section in sections
        for name, option in section.get("properties", {}).items()
        if "description" not in option and name != "scenario"
    }
    assert bare == set()
