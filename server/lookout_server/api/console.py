"""Serves the built console: its files as they are, and its one page for every path that only the browser knows."""

import mimetypes
import re
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from lookout_server.errors import NotFoundError

_NOT_BUILT = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><title>守望哨 Lookout</title>
<h1>控制台尚未构建 · The console is not built</h1>
<p>请运行 / please run: <code>python server/build_console.py</code></p>
<p>API: <a href="/api/v1/openapi.json">/api/v1/openapi.json</a></p>
</html>
"""
#: Codings in which the build has put texts beside themselves, with their endings, smallest first.
_PACKED = (("br", ".br"), ("gzip", ".gz"))
_REFUSED = re.compile(r"\s*q\s*=\s*0(\.0*)?\s*")


def console_router(static_dir: Path | None) -> APIRouter:
    """Routes for everything that is not the API. They come last."""
    router = APIRouter(include_in_schema=False)
    root = static_dir.resolve() if static_dir is not None and (static_dir / "index.html").is_file() else None

    @router.get("/{path:path}")
    async def serve(path: str, request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]  (the decorator keeps it)
        if path.startswith("api/"):
            raise NotFoundError(f"there is nothing at /{path}: see /api/v1/openapi.json for what there is")
        if root is None:
            return HTMLResponse(_NOT_BUILT, headers={"Cache-Control": "no-store"})
        return _file(root, path, request.headers.get("accept-encoding", ""))

    return router


def _file(root: Path, path: str, accepted: str) -> Response:
    wanted = (root / path).resolve() if "\x00" not in path else root
    if wanted.is_relative_to(root) and wanted.is_file() and wanted != root / "index.html":
        # Vite puts a hash into the names of what lies in assets/.
        hashed = wanted.is_relative_to(root / "assets")
        return _answer(wanted, accepted, "public, max-age=31536000, immutable" if hashed else "no-cache")
    if wanted != root / "index.html" and "." in path.rsplit("/", 1)[-1]:
        raise NotFoundError(f"there is no file /{path}")
    return _answer(root / "index.html", accepted, "no-cache")


def _answer(file: Path, accepted: str, caching: str) -> FileResponse:
    """The file, packed where the browser takes it so and the build has made it so."""
    headers = {"Cache-Control": caching, "Vary": "Accept-Encoding"}
    kind, _ = mimetypes.guess_type(file.name)
    for coding, ending in _PACKED:
        packed = file.with_name(file.name + ending)
        if _takes(accepted, coding) and packed.is_file():
            return FileResponse(packed, headers={**headers, "Content-Encoding": coding}, media_type=kind)
    return FileResponse(file, headers=headers)


def _takes(accepted: str, coding: str) -> bool:
    """Whether Accept-Encoding names the coding and does not refuse it (RFC 9110, 12.5.3)."""
    for part in accepted.split(","):
        name, _, weight = part.partition(";")
        if name.strip().lower() == coding:
            return _REFUSED.fullmatch(weight) is None
    return False
