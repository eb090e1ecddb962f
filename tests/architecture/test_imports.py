"""The import direction is a failing test, not a page in a wiki."""

import os
import subprocess
import sys

from architecture.repository import ROOT, tracked

FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}


def test_import_linter_contracts_hold() -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("edge", "models", "server")),
    }
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_is_a_bucket() -> None:
    buckets = [path for path in tracked("*.py", "*.ts", "*.tsx") if path.stem in FORBIDDEN_NAMES]
    assert buckets == []


def test_ultralytics_is_imported_in_at_most_one_file() -> None:
    importing = [
        path
        for path in tracked("edge/*.py", "models/*.py", "server/*.py")
        if "import ultralytics" in path.read_text() or "from ultralytics" in path.read_text()
    ]
    assert len(importing) <= 1, importing


def test_verbs_that_serve_nothing_do_not_load_the_web_application() -> None:
    """It is a third of what a verb costs to start."""
    program = "import sys, lookout_server.__main__; print({'fastapi', 'lookout_server.app'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "set()"
