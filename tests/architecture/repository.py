"""What the architecture tests read: the files that git tracks."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def tracked(*patterns: str) -> list[Path]:
    """Tracked files, and new ones that git does not ignore, matching the git pathspecs."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def text_files() -> list[Path]:
    """Tracked files that hold text."""
    binary = {".onnx", ".png", ".jpg", ".mp4", ".ico", ".woff2"}
    return [path for path in tracked() if path.suffix not in binary]
