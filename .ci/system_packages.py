"""Gets the system programs that some tests need, through apt when it may; otherwise names what will be skipped and why.

Standard library only. ``LOOKOUT_APT=no`` forbids it to install anything.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


def on_path(*names: str) -> bool:
    """Whether a program is there; Debian keeps daemons in /usr/sbin, which is not on everybody's PATH."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
    return any(shutil.which(name, path=path) for name in names)


def has_postgresql() -> bool:
    return on_path("postgres") or any(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


def has_cjk_font() -> bool:
    if not shutil.which("fc-list"):
        return False
    listed = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, text=True, check=False)
    return bool(listed.stdout.strip())


@dataclass(frozen=True)
class Need:
    """Something a test needs from the system."""

    packages: Sequence[str]
    present: Callable[[], bool]
    without_it: str


NEEDS = (
    Need(["mosquitto"], lambda: on_path("mosquitto"), "tests against Mosquitto are skipped (amqtt is tested)"),
    Need(["postgresql"], has_postgresql, "PostgreSQL tests use the pip-installed server, or are skipped"),
    Need(["chromium"], lambda: on_path("chromium", "chromium-browser", "google-chrome"), "browser tests are skipped"),
    Need(["fontconfig", "fonts-noto-cjk"], has_cjk_font, "Chinese text shows as boxes in screenshots"),
)


def why_not_install() -> str | None:
    if os.environ.get("LOOKOUT_APT", "yes") == "no":
        return "LOOKOUT_APT=no"
    if not shutil.which("apt-get"):
        return "there is no apt-get here"
    if os.geteuid() != 0:
        return "not running as root"
    return None


def install(packages: Sequence[str]) -> None:
    sys.stdout.write(f"Installing {', '.join(packages)} through apt (LOOKOUT_APT=no forbids it) …\n")
    sys.stdout.flush()
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=False, env=environment, stdout=subprocess.DEVNULL)
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
    done = subprocess.run([*command, *packages], check=False, env=environment, stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        # One package that a distribution lacks must not take the others with it.
        for package in packages:
            subprocess.run([*command, package], check=False, env=environment, stdout=subprocess.DEVNULL)


def main() -> None:
    missing = [need for need in NEEDS if not need.present()]
    obstacle = why_not_install()
    if missing and obstacle is None:
        install([package for need in missing for package in need.packages])
    for need in NEEDS:
        if not need.present():
            reason = f" ({obstacle})" if obstacle else ""
            sys.stdout.write(f"Missing: {' '.join(need.packages)}{reason}: {need.without_it}.\n")


if __name__ == "__main__":
    main()
