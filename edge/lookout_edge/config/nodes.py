"""YAML with line numbers: plain values, and for every path in them the line it was written on."""

from dataclasses import dataclass, field
from typing import Any, cast

import yaml

Path = tuple[str | int, ...]
"""Keys and list indices from the top, e.g. ``("cameras", "gate", "rules", 0, "dwell_s")``."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong."""

    line: int
    #: Where, written like ``cameras.gate.rules[0].dwell_s``; empty for the file as a whole.
    key: str
    message: str


@dataclass(slots=True)
class Document:
    """A file's values as plain Python and where each was written."""

    data: object = None
    lines: dict[Path, int] = field(default_factory=dict[Path, int])
    faults: list[Fault] = field(default_factory=list[Fault])

    def fault(self, path: Path, message: str) -> Fault:
        """A fault at ``path``, or at the nearest place above it that was written down."""
        known = tuple(path)
        while known and known not in self.lines:
            known = known[:-1]
        return Fault(self.lines.get(known, 1), dotted(path), message)


def dotted(path: Path) -> str:
    """``("rules", 0, "dwell_s")`` as ``rules[0].dwell_s``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def parse(text: str) -> Document:
    """Read YAML. What is wrong with it as YAML (syntax, duplicate keys, unknown tags) is in ``faults``."""
    document = Document()
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is not None:
            document.data = _value(loader, node, (), document, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        document.faults.append(Fault(line, "", f"is not valid YAML: {error.problem or error.context}"))
    except yaml.YAMLError as error:
        document.faults.append(Fault(1, "", f"is not valid YAML: {error}"))
    finally:
        cast(Any, loader).dispose()
    return document


def _value(loader: yaml.SafeLoader, node: yaml.Node, path: Path, document: Document, above: tuple[int, ...]) -> object:
    document.lines.setdefault(path, node.start_mark.line + 1)
    if id(node) in above:
        document.faults.append(document.fault(path, "refers to itself: remove the alias"))
        return None
    above = (*above, id(node))
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, path, document, above)
    if isinstance(node, yaml.SequenceNode):
        items = cast(list[yaml.Node], node.value)
        return [_value(loader, item, (*path, index), document, above) for index, item in enumerate(items)]
    construct = cast(Any, loader).construct_object
    return cast(object, construct(node))


def _mapping(
    loader: yaml.SafeLoader, node: yaml.MappingNode, path: Path, document: Document, above: tuple[int, ...]
) -> dict[str, object]:
    first_line: dict[str, int] = {}
    for key_node, _ in cast(list[tuple[yaml.Node, yaml.Node]], node.value):
        key, line = str(key_node.value), key_node.start_mark.line + 1
        if key in first_line:
            text = f"is given twice (first on line {first_line[key]}): keep one"
            document.faults.append(Fault(line, dotted((*path, key)), text))
        first_line.setdefault(key, line)
    loader.flatten_mapping(node)
    values: dict[str, object] = {}
    for key_node, value_node in cast(list[tuple[yaml.Node, yaml.Node]], node.value):
        # Keys are text whatever YAML makes of them: a camera called `on` or `7` keeps its name.
        key = str(key_node.value)
        if key in first_line and key_node.start_mark.line + 1 != first_line[key]:
            continue
        document.lines[(*path, key)] = key_node.start_mark.line + 1
        values[key] = _value(loader, value_node, (*path, key), document, above)
    return values
