"""WebSockets over which comes what is no text."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from websockets.exceptions import InvalidStatus
from websockets.frames import CloseCode
from websockets.sync.client import ClientConnection, connect

from app.door.listening import PatientProtocol, Server, listen

SOON = 20.0


async def echo(scope, receive, send) -> None:
    """Says what it hears."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] != "websocket.disconnect":
        await asyncio.sleep(0.01)
        await send({"type": "websocket.send", "text": message["text"]})


@pytest.fixture
def port() -> Iterator[int]:
    with listen("127.0.0.1", 0) as bound:
        config = uvicorn.Config(echo, http=PatientProtocol, log_level="error", lifespan="off")
        ready = threading.Event()
        server = Server(config, ready.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        assert ready.wait(SOON)
        yield bound.getsockname()[1]
        server.should_exit = True
        thread.join(SOON)


def open_socket(port: int, headers: dict[str, str] | None = None) -> ClientConnection:
    return connect(f"ws://127.0.0.1:{port}/", proxy=None, open_timeout=SOON, additional_headers=headers)


def until_the_end(client: socket.socket) -> bytes:
    """All that comes before the other side closes the connection."""
    client.settimeout(SOON)
    said = b""
    while more := client.recv(4096):
        said += more
    return said


@pytest.mark.parametrize("goodbye", [b"", b"\x88\x82\0\0\0\0\x03\xe8"], ids=["stays", "leaves at once"])
@pytest.mark.parametrize(
    "said",
    [b"\x81\x82\0\0\0\0\xff\xfe", b"\x01\x81\0\0\0\0\xe2\x80\x81\0\0\0\0x"],
    ids=["no text", "in two parts"],
)
def test_what_is_no_text_ends_the_connection_without_a_traceback(
    port: int, said: bytes, goodbye: bytes, caplog: pytest.LogCaptureFixture
):
    client = open_socket(port)
    raw = client.socket.dup()
    client.protocol.receive_data = lambda data: None  # the bytes below are told by hand
    raw.sendall(said + goodbye)
    until_the_end(raw)
    with open_socket(port) as other:
        other.send("hello")
        assert other.recv(timeout=SOON) == "hello"
    assert not [record for record in caplog.records if record.exc_info]


def test_text_of_any_language_is_heard(port: int):
    with open_socket(port) as client:
        for said in ("", "\u2603 \U0001f44b", "x" * 100_000):
            client.send(said)
            assert client.recv(timeout=SOON) == said
        client.send(["in ", "two"])
        assert client.recv(timeout=SOON) == "in two"


def test_headers_that_are_too_long_are_told(port: int):
    with pytest.raises(InvalidStatus) as refused:
        open_socket(port, {"Cookie": "x=" + "y" * 9000})
    assert refused.value.response.status_code == 431
    assert b"delete the cookies" in refused.value.response.body
    with open_socket(port, {"Cookie": "x=" + "y" * 8000}) as client:
        client.send("hello")
        assert client.recv(timeout=SOON) == "hello"


def test_who_sends_too_much_hears_so(port: int):
    """Though most of it is still on its way when the program has had enough."""
    with socket.create_connection(("127.0.0.1", port), SOON) as client:
        client.sendall(
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        assert client.recv(4096).startswith(b"HTTP/1.1 101")
        client.sendall(b"\x82\xff" + (40 * 2**20).to_bytes(8, "big") + bytes(4))
        for _ in range(10):
            time.sleep(0.05)
            client.sendall(bytes(2**18))
        said = until_the_end(client)
    assert said[:1] == b"\x88" and said[2:4] == CloseCode.MESSAGE_TOO_BIG.to_bytes(2, "big")
