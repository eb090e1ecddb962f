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
#: Asked for when the newest release is a CUDA build: a local index often holds an older one for the CPU.
OLDER = "torch==2.13.0"
#: What a build with CUDA asks for.
_CUDA = ("nvidia-", "cuda-", "triton")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


def extra() -> list[str]:
    """What the extra ``train`` asks for, beside our own, which is installed: CI runs its programs meanwhile, and pip
    would take them away to install them once more."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    asked: list[str] = document["project"]["optional-dependencies"]["train"]
    return [requirement for requirement in asked if not requirement.startswith("lookout[")]


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
    asked = extra()
    torch = next(requirement for requirement in asked if requirement.startswith("torch"))
    found = [metadata for requirement in (torch, OLDER) if (metadata := offered(requirement)) is not None]
    metadata = next((each for each in found if not needs_cuda(each)), None)
    if metadata is None:
        instead = f"only {found[0]['version']} with CUDA, gigabytes" if found else "none"
        say(f"pip offers no PyTorch without CUDA ({instead}): the training's tests are skipped.")
        say("'make check-training' installs what there is and runs them.")
        return
    say(f"Installing PyTorch {metadata['version']} for the training's tests …")
    packages = ["-c", str(ROOT / "docker" / "constraints.txt"), *asked, f"torch=={metadata['version']}"]
    command = [sys.executable, "-m", "pip", "install", "-q", *packages]
    sys.exit(subprocess.run(command, check=False).returncode)


if __name__ == "__main__":
    main()
