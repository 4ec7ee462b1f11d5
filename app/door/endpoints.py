"""What the page needs of the server: every other path, method or body ends here.

Gradio serves much more than one page uses (its API, a proxy, deep links, recordings), and takes bodies of any
size. Here is the list of what is open, and the bounds of what it takes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import anyio
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

API = "/gradio_api"
SESSION = r"[A-Za-z0-9_-]{1,64}"

UPLOAD = f"{API}/upload"
EVENTS = f"{API}/queue/data"
CALLS = (f"{API}/run/predict", f"{API}/queue/join")

_OPEN: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"/|/theme\.css|/favicon\.ico|/(pose2action|assets|static)/.*", ("GET", "HEAD")),
    (rf"{API}/file=.*", ("GET", "HEAD")),
    (rf"{API}/heartbeat/{SESSION}", ("GET",)),
    (rf"{EVENTS}|{API}/upload_progress", ("GET",)),
    ("|".join((*CALLS, UPLOAD)), ("POST",)),
)
_PATHS = tuple((re.compile(pattern, re.DOTALL), methods) for pattern, methods in _OPEN)

MAX_CALL = 256 * 1024
"""Bytes of a call's body: the largest that the page sends has a few hundred."""
CALL_SECONDS = 10.0
"""Seconds in which it must have come."""

NOT_HERE = "There is nothing here: the demo serves its page and what that needs."
NO_CALL = "This is no call that the page makes: reload the page."

Short = Annotated[str, Field(max_length=64)]


class Call(BaseModel):
    """What the page sends to have one of its functions run.

    Attributes:
        data: the values of the function's inputs.
        fn_index: the function.
        session_hash: the tab.
        trigger_id: the component that was used.
    """

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)

    data: Annotated[list[Any], Field(max_length=32)]
    fn_index: Annotated[int, Field(ge=0, lt=10_000)]
    session_hash: Annotated[str, Field(pattern=rf"^{SESSION}$")]
    trigger_id: Annotated[int, Field(ge=0, lt=1_000_000)] | None = None


CheckCall = Callable[[Call], str | None]
"""Tells in a sentence why a call cannot be one of the page's; None if it can."""


@dataclass(frozen=True)
class Endpoints:
    """Lets through to the application what the page needs.

    Attributes:
        app: the application.
        check: looks at the calls of the page's functions.
        sockets: paths of the WebSockets that there are.
    """

    app: ASGIApp
    check: CheckCall
    sockets: tuple[str, ...] = ("/live",)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or (scope["type"] == "websocket" and scope["path"] in self.sockets):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "nothing here"})
        else:
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        methods = next((methods for path, methods in _PATHS if path.fullmatch(scope["path"])), None)
        if methods is None:
            await PlainTextResponse(NOT_HERE, 404)(scope, receive, send)
        elif scope["method"] not in methods:
            await PlainTextResponse(NOT_HERE, 405, {"Allow": ", ".join(methods)})(scope, receive, send)
        elif scope["path"] == EVENTS:
            await self._events(scope, receive, send)
        elif scope["path"] in CALLS:
            await self._call(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _events(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _names_a_session(scope):
            await PlainTextResponse(NO_CALL, 422)(scope, receive, send)
            return
        try:
            await self.app(scope, receive, send)
        except RuntimeError as error:
            # Gradio tells in the stream that it does not know a session, and then tries to answer 404.
            if not isinstance(error.__cause__, HTTPException):
                raise
            await send({"type": "http.response.body", "body": b""})

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reads the whole body, and hands on what was understood of it, not what was sent."""
        body = await read_body(receive, MAX_CALL, CALL_SECONDS)
        if isinstance(body, Response):
            await body(scope, receive, send)
            return
        try:
            call = Call.model_validate_json(body)
            understood = json.dumps(call.model_dump(), allow_nan=False).encode()
            wrong = self.check(call)
        except (ValidationError, ValueError, RecursionError):
            wrong = NO_CALL
        if wrong is not None:
            await refuse_call(wrong)(scope, receive, send)
            return
        kept = [(n, v) for n, v in scope["headers"] if n not in (b"content-length", b"transfer-encoding")]
        scope = {**scope, "headers": [*kept, (b"content-length", str(len(understood)).encode())]}
        await self.app(scope, _then(understood, receive), send)


def refuse_call(sentence: str) -> Response:
    """An answer that Gradio's page shows as an error."""
    return JSONResponse({"error": sentence, "detail": sentence}, 422)


def _names_a_session(scope: Scope) -> bool:
    return re.search(rb"(?:^|&)session_hash=[A-Za-z0-9_-]{1,64}(?:&|$)", scope["query_string"]) is not None


async def read_body(receive: Receive, most: int, seconds: float) -> bytes | Response:
    """A request's whole body, or the answer to one that is too large, too slow or was broken off."""
    body = bytearray()
    try:
        with anyio.fail_after(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return PlainTextResponse("The request was broken off.", 400)
                body += message.get("body", b"")
                if len(body) > most:
                    return PlainTextResponse(f"This is too large: at most {most} bytes.", 413)
                if not message.get("more_body"):
                    return bytes(body)
    except TimeoutError:
        return PlainTextResponse("The request did not come to its end.", 408)


def _then(body: bytes, receive: Receive) -> Receive:
    """A body that is there already, and behind it whatever comes: the end of the connection."""
    given = False

    async def receiving() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receiving
