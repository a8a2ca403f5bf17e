"""The web client's files, at addresses that change with their content.

A page loads some seventy small modules. Each version of the folder has addresses of its own,
``/static/~<version>/…``, so browsers keep its files for good and start a game without asking about each; modules name
each other relatively and stay within the version of their page. Pages themselves are asked about each time, so an
update is never held back.
"""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
import re
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
for _suffix, _type in _TYPES.items():
    # A machine's own table may differ, and with nosniff a module of another type does not run.
    mimetypes.add_type(_type, _suffix)

ASK = "no-cache"
"""Cache-Control of what browsers keep but ask about each time."""
KEEP = "public, max-age=31536000, immutable"
"""Cache-Control of what never changes at its address (RFC 8246)."""

_VERSIONED = re.compile(r"~([0-9a-f]{16})/(.+)")
_Signature = tuple[tuple[str, int, int], ...]


class ClientFiles:
    """Serves one folder. Files may change while it does: the next page leads to the new version."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = StaticFiles(directory=folder)
        self._signature: _Signature = ()
        self._version = ""

    async def page(self, name: str, scope: Scope) -> Response:
        """Return an HTML page of the folder, with the addresses of today's version in it."""
        html, version = await asyncio.to_thread(self._read_page, name)
        etag = f'"{version}"'
        headers = {"Cache-Control": ASK, "ETag": etag}
        if Headers(scope=scope).get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return HTMLResponse(html, headers=headers)

    async def file(self, path: str, scope: Scope) -> Response:
        """Return a file, to be kept for good if its address names today's version.

        Raises:
            starlette.exceptions.HTTPException: there is no such file.
        """
        # Another version's address comes from a page that was open across an update; the new file is its best hope.
        versioned = _VERSIONED.fullmatch(path)
        version, name = versioned.groups() if versioned else ("", path)
        response = await self._files.get_response(name, scope)
        response.headers["Cache-Control"] = KEEP if version and version == self._version else ASK
        return response

    def _read_page(self, name: str) -> tuple[str, str]:
        """Blocks."""
        signature = _signature(self._folder)
        if signature != self._signature:
            self._version, self._signature = _version(self._folder, signature), signature
        version = self._version
        return (self._folder / name).read_text().replace('"/static/', f'"/static/~{version}/'), version


def _signature(folder: Path) -> _Signature:
    """Return what tells, without reading, that a file changed: each name, time in nanoseconds and size in bytes."""
    found = ((path, path.stat()) for path in folder.rglob("*") if path.is_file())
    return tuple(sorted((str(path.relative_to(folder)), stat.st_mtime_ns, stat.st_size) for path, stat in found))


def _version(folder: Path, signature: _Signature) -> str:
    """Return a digest of all names and contents; equal on every machine that has the same files."""
    digest = hashlib.sha256()
    for name, *_ in signature:
        digest.update(name.encode() + b"\0" + hashlib.sha256((folder / name).read_bytes()).digest())
    return digest.hexdigest()[:16]
