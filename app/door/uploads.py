"""The files that come to the page and go from it: uploads with a limit, and the results to download.

Gradio stores uploads while they arrive. What it leaves lying when one fails (a limit, a full disk, a page
that was closed) is deleted here, so that the next one finds room.
"""

from __future__ import annotations

import errno
import itertools
import logging
import os
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path

import anyio
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.door.endpoints import UPLOAD

log = logging.getLogger(__name__)

MEGABYTE = 10**6
DEFAULT_LIMIT = 500
"""Megabytes of an upload: some ten minutes of a telephone's video."""
AT_ONCE = 8
"""Uploads that may arrive at the same time."""
PATIENCE = 30.0
"""Seconds without a byte after which an upload counts as broken off."""
_FORM = 64 * 1024
"""Bytes of a form around its file."""
_BOUNDARY = 70
"""Characters between the parts of a form (RFC 2046, Sec. 5.1.1)."""

_SHOWN = {".mp4": "video/mp4"}
"""What the browser shows in the page; everything else is downloaded, and never run."""


def file_in(folder: Path, path: str) -> Path | None:
    """The regular file at ``path`` if it lies in a folder, with all links followed; None if it does not.

    Args:
        folder: the only place that files are given from.
        path: as a page has sent it: absolute, relative, or nonsense.
    """
    try:
        found = Path(path).resolve(strict=True)
        if folder.resolve() in found.parents and stat.S_ISREG(found.stat().st_mode):
            return found
    except (OSError, ValueError, RuntimeError):  # no such file, a null byte, a loop of links
        pass
    return None


def give_file(folder: Callable[[], Path]) -> Callable[[Request], Response]:
    """The handler of downloads: files of the folder of uploads and results, and nothing else."""

    def give(request: Request) -> Response:
        found = file_in(folder(), request.path_params["path"])
        if found is None:
            return PlainTextResponse("There is no such file here: analyse the video again.", 404)
        kind = _SHOWN.get(found.suffix)
        return FileResponse(
            found,
            media_type=kind or "application/octet-stream",
            filename=found.name,
            content_disposition_type="inline" if kind else "attachment",
        )

    return give


class Uploads:
    """Bounds what arrives as an upload, and deletes what does not become one.

    Args:
        app: the application, whose uploads are Gradio's.
        folder: where it stores them.
        limit: bytes of one upload.
    """

    def __init__(self, app: ASGIApp, folder: Callable[[], Path], limit: int) -> None:
        self._app, self._folder, self._limit = app, folder, limit
        self._running: dict[int, float] = {}  # when each that arrives now has begun
        self._numbers = itertools.count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != UPLOAD:
            await self._app(scope, receive, send)
            return
        refused = self._refusal(scope)
        if refused is not None:
            await refused(scope, receive, send)
            return
        number = next(self._numbers)
        self._running[number] = time.time()
        failure: Response | None = _broken_off()
        try:
            failure = await self._take(scope, receive, send)
        finally:
            del self._running[number]
            if failure is not None:
                await anyio.to_thread.run_sync(self._delete_failed)
        if failure is not None:
            await failure(scope, receive, send)

    async def _take(self, scope: Scope, receive: Receive, send: Send) -> Response | None:
        """Lets Gradio store an upload; what to answer instead where it could not."""
        kind, options = parse_options_header(Headers(scope=scope).get("content-type"))
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not 1 <= len(boundary) <= _BOUNDARY:
            return _no_upload()
        arriving = _Arriving(receive, self._limit + _FORM, boundary)
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        try:
            await self._app(scope, arriving.receive, keep)
        except Exception as error:
            return arriving.failure or _explain(error)
        if arriving.failure is not None or not answer or answer[0]["status"] >= 500:
            return arriving.failure or _not_stored()
        if answer[0]["status"] >= 400:
            return _no_upload()
        for message in answer:
            await send(message)
        return None

    def _refusal(self, scope: Scope) -> Response | None:
        """What to answer before anything has arrived."""
        lengths = [value for name, value in scope["headers"] if name == b"content-length"]
        length = int(lengths[0]) if lengths and lengths[0].isdigit() else 0
        if length > self._limit + _FORM:
            return too_large(self._limit)
        if len(self._running) >= AT_ONCE:
            return PlainTextResponse("Too many videos are arriving: try again in a minute.", 503)
        folder = self._folder()
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < length:
            return _full()
        return None

    def _delete_failed(self) -> None:
        """Deletes files that arrived in part; those of uploads that still arrive are younger than these."""
        oldest = min(self._running.values(), default=float("inf"))
        for path in self._folder().glob("tmp*"):
            try:
                if path.is_file() and path.stat().st_mtime < oldest:
                    os.truncate(path, 0)  # whoever still has it open would keep its room on the disk
                    path.unlink()
            except OSError:
                log.warning("%s could not be deleted", path)


class _Arriving:
    """Counts what arrives, waits for it only so long, and follows that it is a form with one file.

    Attributes:
        failure: what to answer where it was too much, too slow or something else.
    """

    def __init__(self, receive: Receive, most: int, boundary: bytes) -> None:
        self._receive, self._most, self._come = receive, most, 0
        callbacks = {
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_end": self._form_end,
        }
        self._form = MultipartParser(boundary, callbacks)
        self._field = self._value = b""
        self._files = 0
        self.failure: Response | None = None

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            is_file = b"filename" in options
            self._files += is_file
            # Of several, Gradio would keep those before one that fails.
            if self._files > 1 or is_file != (options.get(b"name") == b"files"):
                self.failure = _no_upload()
        self._field = self._value = b""

    def _form_end(self) -> None:
        if self._files != 1:
            self.failure = _no_upload()

    async def receive(self) -> Message:
        message: Message = {"type": "http.disconnect"}
        with anyio.move_on_after(PATIENCE) as waiting:
            message = await self._receive()
        if waiting.cancelled_caught:
            self.failure = PlainTextResponse("The upload stopped half-way: try again.", 408)
        self._come += len(message.get("body", b""))
        if self._come > self._most:
            self.failure = too_large(self._most - _FORM)
        try:
            self._form.write(message.get("body", b""))
        except MultipartParseError:
            self.failure = _no_upload()
        return message if self.failure is None else {"type": "http.disconnect"}


def too_large(limit: int) -> Response:
    """The answer to an upload over the limit, in bytes."""
    sentence = (
        f"The video is larger than {limit // MEGABYTE} MB: cut it, or make it smaller; whoever runs the demo "
        "can raise the limit with --max-upload."
    )
    return PlainTextResponse(sentence, 413, {"Connection": "close"})


def _full() -> Response:
    return PlainTextResponse(
        "The disk of the computer that runs the demo is full: free some space there and try again.", 507
    )


def _explain(error: Exception) -> Response:
    """An answer for whatever Gradio's storing has raised."""
    if isinstance(error, ClientDisconnect):
        return _broken_off()
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _full()
    log.error("an upload could not be stored", exc_info=error)
    return _not_stored()


def _no_upload() -> Response:
    return PlainTextResponse("This is no upload of one file: choose the video again.", 400)


def _broken_off() -> Response:
    return PlainTextResponse("The upload was broken off.", 400)


def _not_stored() -> Response:
    return PlainTextResponse("The upload could not be stored: the log of the demo tells why.", 500)
