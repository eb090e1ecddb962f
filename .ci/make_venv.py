"""Makes the virtual environment, and where Debian left the pieces out, gets them or says how.

Standard library only: it runs before anything is installed.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

MINIMUM = (3, 11)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def ensure_venv_module() -> None:
    """Debian and Ubuntu split ensurepip off into pythonX.Y-venv."""
    if importlib.util.find_spec("ensurepip") is not None:
        return
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"This Python has no ensurepip; installing {package} …")
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        done = subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", package], check=False)
        if done.returncode == 0:
            return
    sys.exit(f"This Python cannot make a virtual environment: run 'sudo apt-get install {package}', then make again.")


def main() -> None:
    target = Path(sys.argv[1])
    if sys.version_info < MINIMUM:
        sys.exit(
            f"Lookout needs Python {MINIMUM[0]}.{MINIMUM[1]} or newer; {sys.executable} is {sys.version.split()[0]}. "
            "Name another one: make PYTHON=python3.12 …"
        )
    ensure_venv_module()
    say(f"Making {target} with {sys.executable} ({sys.version.split()[0]}) …")
    subprocess.run([sys.executable, "-m", "venv", str(target)], check=True)


if __name__ == "__main__":
    main()
