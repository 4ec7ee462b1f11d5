"""Which pages are open, from the connections that they hold."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.web.open_pages import Connections, OpenPages


def scope(path: str, query: bytes = b"", kind: str = "http") -> dict[str, Any]:
    return {"type": kind, "path": path, "query_string": query}


def while_connected(*scopes: dict[str, Any]) -> tuple[list[bool], bool]:
    """Whether the session "tab" is open while each request lasts, and after all of them."""
    pages, seen, tidied = OpenPages(), [], []

    async def app(scope, receive, send) -> None:
        seen.append("tab" in pages)

    async def ask() -> None:
        for each in scopes:
            await Connections(app, pages, lambda: tidied.append("tab" in pages))(each, None, None)

    asyncio.run(ask())
    assert not any(tidied), "it is tidied up when the connection has ended"
    return seen, "tab" in pages


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        (scope("/gradio_api/heartbeat/tab"), True),
        (scope("/below/gradio_api/heartbeat/tab"), True),
        (scope("/gradio_api/queue/data", b"session_hash=tab"), True),
        (scope("/gradio_api/heartbeat/other"), False),
        (scope("/gradio_api/queue/data"), False),
        (scope("/gradio_api/queue/data", b"\xff&session_hash=other"), False),
        (scope("/gradio_api/queue/join", b"session_hash=tab"), False),
        (scope("/live", b"session_hash=tab", "websocket"), False),
        ({"type": "lifespan"}, False),
    ],
    ids=str,
)
def test_a_page_is_open_while_it_holds_its_heartbeat_or_listens(asked: dict[str, Any], held: bool):
    assert while_connected(asked) == ([held], False)


def test_a_page_is_open_until_its_last_connection_ends():
    pages = OpenPages()
    with pages.connected("tab"):
        with pages.connected("tab"):
            assert "tab" in pages
        assert "tab" in pages and "other" not in pages
    assert "tab" not in pages


def test_a_connection_that_breaks_has_ended():
    pages, tidied = OpenPages(), []

    async def app(scope, receive, send) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(
            Connections(app, pages, lambda: tidied.append("tab" in pages))(
                scope("/gradio_api/heartbeat/tab"), None, None
            )
        )
    assert "tab" not in pages and tidied == [False]
