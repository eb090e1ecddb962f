"""Evidence files by hash: uploading and looking."""

import re
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from lookout_server.api.deps import Deps, Given
from lookout_server.api.models.base import Model, shown
from lookout_server.api.problems import errors
from lookout_server.api.routes.parameters import Hash
from lookout_server.api.security import SignedIn, Uploader
from lookout_server.domain.access import Access
from lookout_server.errors import NotFoundError, RangeError, TooLargeError, WrongTypeError
from lookout_server.ports import StoredFile
from lookout_server.services import evidence

router = APIRouter(prefix="/api/v1/evidence", tags=["evidence"])

ACCEPTED = ("image/jpeg", "image/png", "image/webp", "video/mp4")
_EXAMPLE = {
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "bytes": 48213,
    "mime": "image/jpeg",
}
_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": dict.fromkeys(ACCEPTED, _BINARY)}}
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": dict.fromkeys(ACCEPTED, _BINARY)},
    206: {"description": "The range that was asked for.", "content": dict.fromkeys(ACCEPTED, _BINARY)},
    304: {"description": "You have it already."},
}
#: How many times the limit is read of a file that is too large, so that its sender hears why.
_PATIENCE = 4
_PIECE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})")
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


class StoredModel(Model):
    """A file that is stored."""

    model_config = shown(_EXAMPLE)

    sha256: str
    bytes: int
    mime: str


class UploadModel(Model):
    """How far an upload has come. Send the rest with `Content-Range: bytes OFFSET-LAST/TOTAL`."""

    model_config = shown({"offset": 1048576, "stored": False})

    offset: int
    stored: bool


@dataclass(frozen=True)
class Span:
    """Bytes ``start`` up to, not including, ``end``; ``whole`` when nothing in particular was asked for."""

    start: int
    end: int
    whole: bool


@router.put(
    "/{sha256}",
    operation_id="putEvidence",
    status_code=201,
    openapi_extra=_BODY,
    responses={
        200: {"model": StoredModel, "description": "It was there already."},
        202: {"model": UploadModel, "description": "The piece is kept; more is to come."},
        **errors("csrf", "too_large", "wrong_type", "wrong_hash", "range"),
    },
)
async def put_evidence(
    deps: Given, uploader: Uploader, request: Request, response: Response, sha256: Hash
) -> StoredModel | UploadModel:
    """Upload a file under its SHA-256, by a gateway's token or a person's session. Repeating it is harmless.

    With `Content-Range: bytes FIRST-LAST/TOTAL` in pieces, each where the one before it ended.
    """
    mime = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if mime not in ACCEPTED:
        raise WrongTypeError(f"evidence is {', '.join(ACCEPTED)}: set Content-Type to one of them")
    await _check_length(request, deps.max_evidence_bytes)
    upload = evidence.Upload(sha256=sha256, mime=mime, body=request.stream(), uploader=uploader, at=deps.clock.now())
    limit, piece = deps.max_evidence_bytes, _piece(request.headers.get("content-range"))
    if piece is None or deps.pieces is None:
        stored = await evidence.keep(deps.store, deps.evidence, upload, max_bytes=limit)
    else:
        stored = await evidence.keep_piece(deps.store, deps.evidence, deps.pieces, upload, piece, max_bytes=limit)
    if isinstance(stored, int):
        response.status_code = 202
        return UploadModel(offset=stored, stored=False)
    response.status_code = 201 if stored.created else 200
    return StoredModel(sha256=stored.sha256, bytes=stored.bytes, mime=stored.mime)


@router.get("/{sha256}/upload", operation_id="getUpload", responses=errors())
async def get_upload(deps: Given, uploader: Uploader, sha256: Hash) -> UploadModel:
    """How far the asking gateway's or person's upload of this file has come."""
    offset, stored = await evidence.upload_offset(deps.store, deps.evidence, deps.pieces, uploader, sha256)
    return UploadModel(offset=offset, stored=stored)


@router.get(
    "/{sha256}",
    operation_id="getEvidence",
    response_class=StreamingResponse,
    responses={**_BYTES, **errors("not_found", "range")},
)
async def get_evidence(deps: Given, signed_in: SignedIn, request: Request, sha256: Hash) -> Response:
    """The file; single ranges are served, so that a video can be sought."""
    file = await _held(deps, sha256, signed_in.access)
    headers = _headers(file)
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    span = parse_range(request.headers.get("range"), file.bytes)
    headers["Content-Length"] = str(span.end - span.start)
    if not span.whole:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{file.bytes}"
    body = deps.evidence.read(sha256, span.start, span.end)
    return StreamingResponse(body, 200 if span.whole else 206, headers, media_type=file.mime)


@router.head(
    "/{sha256}", operation_id="headEvidence", response_class=Response, responses={**_BYTES, **errors("not_found")}
)
async def head_evidence(deps: Given, signed_in: SignedIn, sha256: Hash) -> Response:
    """Whether the file is there, and how large it is."""
    file = await _held(deps, sha256, signed_in.access)
    headers = {**_headers(file), "Content-Length": str(file.bytes)}
    return Response(headers=headers, media_type=file.mime)


def _piece(header: str | None) -> evidence.Piece | None:
    """What a ``Content-Range`` header says; RangeError when it says nothing that can be."""
    if header is None:
        return None
    match = _PIECE.fullmatch(header.strip())
    piece = evidence.Piece(start=int(match[1]), end=int(match[2]) + 1, total=int(match[3])) if match else None
    if piece is None or not piece.start < piece.end <= piece.total:
        raise RangeError("write Content-Range as bytes FIRST-LAST/TOTAL, with LAST below TOTAL")
    return piece


def parse_range(header: str | None, size: int) -> Span:
    """What a ``Range`` header asks for. Several ranges, or another unit, get the whole file, as RFC 9110 allows."""
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or not (match[1] or match[2]):
        return Span(0, size, whole=True)
    if match[1]:
        start, end = int(match[1]), min(int(match[2]) + 1, size) if match[2] else size
    else:
        start, end = max(size - int(match[2]), 0), size
    if start >= end:
        raise RangeError(f"the file has {size} bytes: ask for a range within them")
    return Span(start, end, whole=False)


async def _held(deps: Deps, sha256: str, access: Access) -> StoredFile:
    file = await evidence.find(deps.store, sha256, access, at=deps.clock.now())
    if await deps.evidence.size(sha256) is None:
        raise NotFoundError("this file was stored and is gone from the evidence store: look at its disk")
    return file


def _headers(file: StoredFile) -> dict[str, str]:
    return {
        "ETag": f'"{file.sha256}"',
        "Cache-Control": "private, max-age=31536000, immutable",
        "Accept-Ranges": "bytes",
        "Content-Disposition": "inline",
        # Whatever somebody managed to upload, opened on its own it may do nothing.
        "Content-Security-Policy": "default-src 'none'; img-src 'self'; media-src 'self'; sandbox",
    }


async def _check_length(request: Request, limit: int) -> None:
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) <= limit:
        return
    # A client that is still sending sees a broken connection instead of the answer, so a bounded part is read first.
    passed = 0
    async for chunk in request.stream():
        passed += len(chunk)
        if passed > _PATIENCE * limit:
            break
    raise TooLargeError(f"the file is larger than {limit} bytes: send a shorter clip or a smaller picture")
