"""The socket, connections that never say what they want, and the addresses that are printed."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn

from app.door import listening
from app.door.listening import PatientProtocol, Server, ServerError, addresses, is_shared, listen


async def hello(scope, receive, send) -> None:
    """Answers every request; one to /slow only after a while."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/slow":
        await asyncio.sleep(0.5)
    if scope["path"] == "/large":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(200):
            await send({"type": "http.response.body", "body": bytes(2**20), "more_body": True})
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


@contextmanager
def serving(connections: list | None = None) -> Iterator[int]:
    with listen("127.0.0.1", 0) as bound:
        config = uvicorn.Config(hello, http=PatientProtocol, log_level="error", lifespan="off")
        ready = threading.Event()
        server = Server(config, ready.set)
        if connections is not None:
            connections.append(server.server_state.connections)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        assert ready.wait(20)
        try:
            yield bound.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(20)


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def ask(port: int, path: str = "/") -> bytes:
    with connect(port) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while piece := client.recv(4096):
            answer += piece
    return answer


@pytest.mark.parametrize("half", [b"", b"GET / HTTP/1.1\r\nHost: a\r\n"])
def test_a_request_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch, half: bytes):
    monkeypatch.setattr(listening, "REQUEST_SECONDS", 0.1)
    with serving() as port, connect(port) as client:
        client.sendall(half)
        assert client.recv(10) == b"", "the server closes"


def test_the_second_request_of_a_connection_is_given_up_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(listening, "REQUEST_SECONDS", 0.5)
    with serving() as port, connect(port) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = b""
        while not answer.endswith(b"hello"):
            answer += client.recv(4096)
        client.sendall(b"GET / HTTP/1.1\r\n")
        assert client.recv(10) == b""


def test_a_body_that_is_none_ends_the_connection_and_nothing_else(caplog: pytest.LogCaptureFixture):
    with serving() as port:
        with connect(port) as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            time.sleep(0.3)
            client.sendall(b"this is no chunk\r\n\r\n")
            while client.recv(4096):
                pass
        assert b"hello" in ask(port)
    assert not [record for record in caplog.records if record.exc_info]


def test_an_answer_may_take_longer_than_a_request(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(listening, "REQUEST_SECONDS", 0.05)
    with serving() as port:
        assert b"hello" in ask(port, "/slow")


def test_silent_connections_make_room_for_others(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(listening, "MOST_WAITING", 3)
    with serving() as port:
        silent = [connect(port) for _ in range(6)]
        assert b"hello" in ask(port)
        closed = 0
        for client in silent:
            client.settimeout(2 if closed < 3 else 0.1)
            try:
                closed += client.recv(10) == b""
            except TimeoutError:
                pass
            client.close()
        assert closed in (3, 4), "the oldest ones go, the newest stay"
        until = time.monotonic() + 10
        while PatientProtocol._waiting and time.monotonic() < until:
            time.sleep(0.01)
        assert not PatientProtocol._waiting, "nothing is kept of those that have gone"


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the limit is Linux's")
def test_a_connection_that_reads_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(listening, "UNREAD_SECONDS", 0.3)
    seen: list[set] = []
    with serving(seen) as port, connect(port) as client:
        client.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        until = time.monotonic() + 20
        while not seen[0] and time.monotonic() < until:
            time.sleep(0.01)
        while seen[0] and time.monotonic() < until:
            time.sleep(0.05)
        assert not seen[0], "the server still keeps it"


def test_what_streams_for_ever_ends_without_a_traceback():
    told = logging.LogRecord("uvicorn.error", 40, "", 0, "Exception in ASGI application", (), None)
    assert listening._tells_more_than_an_end(told)
    told.exc_info = (asyncio.CancelledError, asyncio.CancelledError(), None)
    assert not listening._tells_more_than_an_end(told)
    told.exc_info = (KeyError, KeyError(), None)
    assert listening._tells_more_than_an_end(told)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a" * 300, "a b", ".."])
def test_a_host_that_is_none_is_a_sentence(host: str):
    with pytest.raises(ServerError, match="host"):
        listen(host, 0)


def test_an_address_of_another_machine_is_a_sentence():
    with pytest.raises(ServerError, match="cannot be used"):
        listen("192.0.2.1", 7860)


def test_the_last_port_has_no_next_one():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 65535))
        other.listen()
        with pytest.raises(ServerError, match="--port 65534"):
            listen("127.0.0.1", 65535)


def test_addresses_can_be_opened_as_they_are_printed():
    with listen("127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        assert addresses(bound, None) == [f"http://127.0.0.1:{port}"] and not is_shared(bound)
    with listen("0.0.0.0", 0) as bound:
        port = bound.getsockname()[1]
        first, *others = addresses(bound, "secret")
        assert first == f"http://localhost:{port}/?token=secret" and is_shared(bound)
        assert all(other.endswith(f":{port}/?token=secret") for other in others)
        assert not any("0.0.0.0" in other for other in others)


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_addresses_of_ipv6_stand_in_brackets():
    try:
        bound = listen("::1", 0)
    except ServerError:
        pytest.skip("this machine has no IPv6 loopback")
    with bound:
        assert addresses(bound, None) == [f"http://[::1]:{bound.getsockname()[1]}"]
        assert not is_shared(bound)
