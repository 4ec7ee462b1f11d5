"""The page's scripts, styles and pictures: about a hundred small files, which all come before it can be used.

Starlette hands each through four threads and Gradio compresses each anew, which takes more of the server than
all else that an opening page asks for. Here a file is read and compressed once, and then a request a lookup.
"""

from __future__ import annotations

import gzip
import mimetypes
import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

LASTING = "public, max-age=31536000, immutable"
"""For files whose name changes with their content."""
ASKED_EACH_TIME = "no-cache"
"""For all others: the browser keeps them, and asks whether there is a newer one."""

_MOST_KEPT = 1024
"""Files that are kept: all that a page of Gradio's could ask for, 10 MB."""


@dataclass(frozen=True)
class _File:
    content: bytes
    compressed: bytes | None
    kind: str


class PageFiles:
    """An application that gives the files of a folder, and none of the folders in it.

    Args:
        folder: what it gives.
        caching: the Cache-Control of all.
    """

    def __init__(self, folder: Path, caching: str) -> None:
        self._folder, self._caching = folder, caching
        self._read = lru_cache(_MOST_KEPT)(_read)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        name = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix("/")
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("", 405, {"Allow": "GET, HEAD"})
        try:
            if not name or Path(name).name != name or "\\" in name:
                raise FileNotFoundError
            path = self._folder / name
            about = path.stat()
            if not stat.S_ISREG(about.st_mode):
                raise FileNotFoundError
            file = self._read(path, about.st_mtime_ns, about.st_size)
        except (OSError, ValueError):  # none, or a name that none can have
            return PlainTextResponse("There is no such file.", 404)
        asked = Headers(scope=scope)
        headers = {
            "Cache-Control": self._caching,
            "ETag": f'"{about.st_mtime_ns:x}-{about.st_size:x}"',
            "Vary": "Accept-Encoding",
        }
        if headers["ETag"] in asked.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        content = file.content
        if file.compressed is not None and "gzip" in asked.get("accept-encoding", ""):
            content, headers["Content-Encoding"] = file.compressed, "gzip"
        headers["Content-Length"] = str(len(content))
        return Response(content if scope["method"] == "GET" else b"", headers=headers, media_type=file.kind)


def _read(path: Path, _changed: int, _size: int) -> _File:
    """A file; when it changes, another one."""
    content = path.read_bytes()
    compressed = gzip.compress(content, compresslevel=6, mtime=0)
    kind, _ = mimetypes.guess_type(path.name)
    return _File(
        content,
        compressed if len(compressed) < 0.9 * len(content) else None,
        kind or "application/octet-stream",
    )
