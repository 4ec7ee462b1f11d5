"""Who is let in: the names, origins and tokens that a request must carry before anything else sees it.

A page of another origin can send requests to a server on the user's own machine, and a name of its own that
suddenly resolves to 127.0.0.1 (DNS rebinding) makes the two one origin to the browser. So every request, the
WebSocket's too, must name a host that the user chose, must not come from another origin, and, where others in
the network can reach the server, must carry the token of the address that was printed.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from h11 import LocalProtocolError
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pose.errors import UserError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?")
_AUTHORITY = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[^\[\]:/@\s]+)(:(?P<port>\d{1,5}))?")

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}

WRONG_HOST = (
    "This address is not one that the demo answers to: open the address that it printed when it started, or "
    "start it with --allow-host NAME."
)
WRONG_ORIGIN = (
    "Another site asks for this, and the demo answers its own page alone: open the address that it printed, "
    "or start it with --allow-origin ORIGIN."
)
NO_TOKEN = "This demo is shared with a token: open the whole address that it printed when it started."


class DoorError(UserError, ValueError):
    """A host or an origin to be let in is none. The message is one sentence for the user."""


@dataclass(frozen=True)
class Guests:
    """Who is let in.

    Attributes:
        hosts: names and addresses that the Host header may carry, in lower case, without port or brackets.
        addresses: let in every numeric address, as where the server listens on all of the machine's own:
            nobody can make a number point here who does not own it.
        origins: further origins than the page's own, such as https://demo.example.org.
        token: what the address must carry; None where only this machine can reach the server.
    """

    hosts: frozenset[str] = LOOPBACK
    addresses: bool = False
    origins: frozenset[str] = frozenset()
    token: str | None = None

    @classmethod
    def of(
        cls, host: str, more_hosts: Iterable[str] = (), origins: Iterable[str] = (), token: str | None = None
    ) -> Guests:
        """Those of a server that listens on ``host``: localhost, the host itself, and what the user adds.

        Raises:
            DoorError: what is to be added is no host or no origin.
        """
        listening = {_host(host)} if host else set()
        return cls(
            hosts=LOOPBACK | listening | {_host(each) for each in more_hosts},
            addresses=is_wildcard(host),
            origins=frozenset(map(_origin, origins)),
            token=token,
        )


def is_wildcard(host: str) -> bool:
    """Whether listening on ``host`` means all addresses of the machine."""
    address = _address(host)
    return not host or (address is not None and address.is_unspecified)


def is_loopback(host: str) -> bool:
    """Whether a numeric address is only reached from this machine."""
    address = _address(host)
    return address is not None and address.is_loopback


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _host(text: str) -> str:
    """A host name or address that a user has written, as ``Guests.hosts`` keeps it."""
    host = text.strip().lower().removeprefix("[").removesuffix("]")
    if _address(host) is None and not _NAME.fullmatch(host):
        raise DoorError(
            f"{text!r} is no host: give a name or an address without port, such as demo.example.org."
        )
    return host


def _origin(text: str) -> str:
    origin = text.strip().lower().rstrip("/")
    scheme, separator, authority = origin.partition("://")
    if scheme not in ("http", "https") or not separator or not _AUTHORITY.fullmatch(authority):
        raise DoorError(
            f"{text!r} is no origin: give scheme, host and port, such as https://demo.example.org."
        )
    return origin


class Door:
    """Lets requests through to an application, or answers them with a sentence itself.

    Args:
        app: the application.
        guests: who is let in.
    """

    def __init__(self, app: ASGIApp, guests: Guests) -> None:
        self._app, self._guests = app, guests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        answer = self._answer(scope)
        if scope["type"] == "websocket":
            if answer is None:
                await self._app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008, "reason": "not let in"})
            return
        await (self._app if answer is None else answer)(scope, receive, _with_headers(send))

    def _answer(self, scope: Scope) -> Response | None:
        """What a request gets that goes no further; None lets it in."""
        headers = Headers(scope=scope)
        if not _names_a_host(headers, self._guests):
            return PlainTextResponse(WRONG_HOST, 403)
        if not _is_of_the_page(scope, headers, self._guests.origins):
            return PlainTextResponse(WRONG_ORIGIN, 403)
        return None if self._guests.token is None else _check_token(scope, headers, self._guests.token)


def _names_a_host(headers: Headers, guests: Guests) -> bool:
    named = headers.getlist("host")
    match = _AUTHORITY.fullmatch(named[0].lower()) if len(named) == 1 else None
    if match is None:
        return False
    host = match["host"].removeprefix("[").removesuffix("]")
    return host in guests.hosts or (guests.addresses and _address(host) is not None)


def _is_of_the_page(scope: Scope, headers: Headers, allowed: frozenset[str]) -> bool:
    """Whether a request comes from the page, from an allowed origin, or from no page at all."""
    origins = [origin.lower() for origin in headers.getlist("origin")]
    own = headers["host"].lower()
    if len(origins) == 1 and origins[0] in allowed:
        return True
    if any(origin.partition("://")[2] != own for origin in origins):  # "null" has no place of its own
        return False
    # Pictures and scripts are asked for without an origin: browsers tell in this header whose page it is.
    site = headers.get("sec-fetch-site", "none")
    return site in ("same-origin", "none") or _is_a_followed_link(scope, headers)


def _is_a_followed_link(scope: Scope, headers: Headers) -> bool:
    """Whether somebody has followed a link of another site to the page, which that site cannot look into."""
    wanted = headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")
    return (
        scope["type"] == "http"
        and scope["method"] == "GET"
        and scope["path"] == "/"
        and wanted == ("navigate", "document")
    )


def _check_token(scope: Scope, headers: Headers, token: str) -> Response | None:
    # Cookies are the same for all ports of a machine, so the name tells which server's it is.
    name = f"pose2action-{(scope.get('server') or ('', 0))[1]}"
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        cookie = None
    if cookie is not None and _same(cookie.value, token):
        return None
    query = parse_qs(scope["query_string"].decode("latin-1"))
    if scope["type"] != "http" or scope["path"] != "/" or scope["method"] not in ("GET", "HEAD"):
        return PlainTextResponse(NO_TOKEN, 403)
    if not _same(query.get("token", [""])[0], token):
        return HTMLResponse(_token_page(wrong="token" in query), 403)
    # The address without the token is what stays in the browser's history and goes into screenshots.
    welcome = RedirectResponse("/", 303, {"Cache-Control": "no-store"})
    welcome.set_cookie(name, token, httponly=True, samesite="lax")
    return welcome


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), token.encode())


def _token_page(wrong: bool) -> str:
    said = "This token is not the one of this demo. " if wrong else ""
    return (
        "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        "<title>pose2action</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:34em;"
        "margin:15vh auto;padding:0 1em}input,button{font:inherit;padding:.4em .6em}</style>"
        f"<h1>pose2action</h1><p>{escape(said + NO_TOKEN)}</p><form action='/'><label>Token "
        "<input name=token autofocus autocomplete=off></label> <button>Open</button></form>"
    )


def _with_headers(send: Send) -> Send:
    """Answers that no other site can frame, embed or take for something else than they are."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        # A body that is none is found out behind its head, when it has had its answer from the server itself.
        with suppress(LocalProtocolError):
            await send(message)

    return sending
