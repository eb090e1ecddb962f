"""A start costs what every site needs: what only some sites use is loaded where it is used."""

import subprocess
import sys

#: For messages of some channels, pushes to phones, single sign-on and migrations.
_LATER = {
    "alembic",
    "apprise",
    "httpx",
    "jwt",
    "mako",
    "numpy",
    "pywebpush",
    "requests",
}


def test_nothing_that_only_some_sites_use_is_loaded_at_the_start() -> None:
    code = "import sys, lookout_server.__main__, lookout_server.bootstrap.dispatcher; print(*sys.modules)"
    listed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "lookout_server.adapters.database.engine" in listed
    assert not _LATER & {name.partition(".")[0] for name in listed}
