"""Serves the built console: its files as they are, and its one page for every path that only the browser knows."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response

from lookout_server.errors import NotFoundError

_NOT_BUILT = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><title>守望哨 Lookout</title>
<h1>控制台尚未构建 · The console is not built</h1>
<p>请运行 / please run: <code>python server/build_console.py</code></p>
<p>API: <a href="/api/v1/openapi.json">/api/v1/openapi.json</a></p>
</html>
"""


def console_router(static_dir: Path | None) -> APIRouter:
    """Routes for everything that is not the API. They come last."""
    router = APIRouter(include_in_schema=False)
    root = static_dir.resolve() if static_dir is not None and (static_dir / "index.html").is_file() else None

    @router.get("/{path:path}")
    async def serve(path: str) -> Response:  # pyright: ignore[reportUnusedFunction]  (the decorator keeps it)
        if path.startswith("api/"):
            raise NotFoundError(f"there is nothing at /{path}: see /api/v1/openapi.json for what there is")
        if root is None:
            return HTMLResponse(_NOT_BUILT, headers={"Cache-Control": "no-store"})
        return _file(root, path)

    return router


def _file(root: Path, path: str) -> Response:
    wanted = (root / path).resolve() if "\x00" not in path else root
    if wanted.is_relative_to(root) and wanted.is_file() and wanted != root / "index.html":
        # Vite puts a hash into the names of what lies in assets/.
        hashed = wanted.is_relative_to(root / "assets")
        caching = "public, max-age=31536000, immutable" if hashed else "no-cache"
        return FileResponse(wanted, headers={"Cache-Control": caching})
    if wanted != root / "index.html" and "." in path.rsplit("/", 1)[-1]:
        raise NotFoundError(f"there is no file /{path}")
    return FileResponse(root / "index.html", headers={"Cache-Control": "no-cache"})
