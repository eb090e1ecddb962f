"""Installs PyTorch for the training's tests where pip offers a build without CUDA, and else says that they are skipped.

The CUDA build is several gigabytes, which nobody wants for half a minute of tests. Run it with the environment's
Python.
"""

import importlib.util
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
#: What a build with CUDA asks for.
_CUDA = ("nvidia-", "cuda-", "triton")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def wanted() -> str:
    """The requirement of the extra ``train``."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extra: list[str] = document["project"]["optional-dependencies"]["train"]
    return next(requirement for requirement in extra if requirement.startswith("torch"))


def offered(requirement: str) -> dict[str, Any] | None:
    """The metadata of the build that pip would take; None when it finds none."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--dry-run",
        "--no-deps",
        "--quiet",
        "--report",
        "-",
        requirement,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    items: list[dict[str, Any]] = json.loads(done.stdout)["install"] if done.returncode == 0 else []
    return items[0]["metadata"] if items else None


def needs_cuda(metadata: dict[str, Any]) -> bool:
    # The builds for other systems name the same packages, with a marker that they are for Linux.
    needs: list[str] = metadata.get("requires_dist", [])
    return sys.platform == "linux" and any(need.startswith(_CUDA) for need in needs)


def main() -> None:
    if importlib.util.find_spec("torch") is not None:
        say("PyTorch is here: the training's tests run.")
        return
    metadata = offered(wanted())
    if metadata is None or needs_cuda(metadata):
        found = "none" if metadata is None else f"only {metadata['version']} with CUDA, gigabytes"
        say(f"pip offers no PyTorch without CUDA ({found}): the training's tests are skipped.")
        say("'make check-training' installs what there is and runs them.")
        return
    say(f"Installing PyTorch {metadata['version']} for the training's tests …")
    pins = ["-c", str(ROOT / "docker" / "constraints.txt")]
    command = [sys.executable, "-m", "pip", "install", "-q", *pins, "-e", f"{ROOT}[train]"]
    sys.exit(subprocess.run(command, check=False).returncode)


if __name__ == "__main__":
    main()
